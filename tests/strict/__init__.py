"""A pretended GPU on which nothing works that would not work, or would be slow, on a real one.

`installed()` puts a module in the place of `cupy` whose arrays refuse what CuPy's refuse (and a little more), and which
counts launches, copies, and the times that the CPU waits. docs/testing.md, "Devices", says what is refused.
"""

from strict.array import ndarray
from strict.fake import cupy, installed
from strict.meter import Forbidden, counters, no_synchronization, no_uploads

__all__ = ["Forbidden", "counters", "cupy", "installed", "ndarray", "no_synchronization", "no_uploads"]

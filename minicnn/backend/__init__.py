"""NumPy or CuPy, and how a batch is shared among threads: all that knows that there are two kinds of array.

`arrays` tells whose array this is and moves it; `blocks` walks a batch block by block, on the threads of `threads`;
`upload` sends batches to a GPU ahead of time; `gpu` says what can be computed on, and why not where not; `kernels` has
what takes many launches as array code, in one.
"""

from minicnn.backend.arrays import (
    Array,
    device_of,
    fingerprint,
    is_array,
    module_of,
    on_device_of,
    read_only,
    same_device,
    to_device,
    use,
)
from minicnn.backend.blocks import (
    add,
    even_shares,
    for_each_block,
    for_each_row_block,
    items_per_block,
    sum_over_blocks,
)
from minicnn.backend.gpu import Device, devices
from minicnn.backend.threads import get_num_threads, set_num_threads
from minicnn.backend.upload import uploaded

__all__ = [
    "Array", "Device", "add", "device_of", "devices", "even_shares", "fingerprint", "for_each_block",
    "for_each_row_block", "get_num_threads", "is_array", "items_per_block", "module_of", "on_device_of", "read_only",
    "same_device", "set_num_threads", "sum_over_blocks", "to_device", "uploaded", "use",
]  # fmt: skip

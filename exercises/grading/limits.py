"""The last step before an answer runs: python limits.py CPU MEMORY FILE PROCESSES USER -- COMMAND.

It takes on the limits, gives up root's rights, and becomes COMMAND: the limits bind all that it starts, too.
It runs by itself, without the rest of the course, and inside the sandbox where there is one.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys


def main(arguments: list[str]) -> None:
    """Become the command, with limits: seconds of the processor, bytes of memory, bytes of a file, processes."""
    cpu, memory, file, processes, user = (int(text) for text in arguments[:5])
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file),
        (resource.RLIMIT_NPROC, processes),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS has no RLIMIT_AS; a lower limit may be set already
            resource.setrlimit(what, (most, most))
    # Where memory runs out, this process is the first to go.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    if user:  # root is bound by none of these limits on processes
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    os.execvp(arguments[6], arguments[6:])


if __name__ == "__main__":
    main(sys.argv[1:])

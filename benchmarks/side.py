"""One side of a comparison: a process that does nothing until it is told to.

`python -m benchmarks.side minicnn '{"batch_size": 16, ...}'` reads one command a line and answers one line of JSON:

    training 3     three training steps      {"seconds": [0.91, 0.88, 0.89], "work": 16, "cpu_seconds": 5.3}
    inference 3    three forward passes      {"seconds": [0.21, 0.22, 0.21], "work": 16, "cpu_seconds": 1.2}
    memory         bytes, up to now          {"peak": 601000000, "after_imports": 60000000}
    about          versions                  {"NumPy": "2.4.6", "NumPy's BLAS": "openblas 0.3.31 SkylakeX"}

The libraries are imported inside the functions that build a side: the parent reads their files too, and must stay
small, because Linux counts the memory of the process that started a program into that program's peak.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import jpeg, layers, limits, look, networks, products
from benchmarks.gauges import Answer, Side
from benchmarks.machine import blas_kernels

SIDES: dict[str, Callable[[dict[str, Any]], Side]] = {
    "minicnn": networks.minicnn_side,
    "minicnn look": look.side,
    "torch-nchw": networks.torch_nchw_side,
    "torch-channels_last": networks.torch_channels_last_side,
    "minicnn layers": layers.minicnn_side,
    "torch-nchw layers": layers.torch_nchw_side,
    "torch-channels_last layers": layers.torch_channels_last_side,
    "jpeg": jpeg.side,
    "numpy": limits.numpy_side,
    "torch": limits.torch_side,
    "products": products.side,
}


def main() -> None:
    """Build the side named on the command line, then answer commands until standard input ends."""
    name, settings = sys.argv[1], json.loads(sys.argv[2])
    side = SIDES[name](settings)
    for line in sys.stdin:
        command, *arguments = line.split()
        answer: Answer
        if command == "about":
            answer = side.versions | {"NumPy's BLAS": blas_kernels()}
        elif command == "memory":
            answer = {"peak": side.peak(), "after_imports": side.after_imports}
        else:
            before = time.process_time()
            answer = side.commands[command](int(arguments[0]))
            answer["cpu_seconds"] = time.process_time() - before  # of all threads of this process
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

"""Every kernel of kernels.py goes through NVIDIA's own compiler, for real GPUs, of which none is needed for that.

In an environment of its own (the rest of the suite needs none of this):

    pip install numpy pytest threadpoolctl cupy-cuda12x "cuda-toolkit[nvrtc,cudart]==12.*"
    pytest -rs tests/backend/test_nvrtc.py

CUDA 13 no longer compiles for sm_70, so CUDA 12 it is.
"""

import itertools
import sys

import pytest

from minicnn.backend.kernels import Kernel

ARCHITECTURES = ["sm_70", "sm_80", "sm_90"]  # V100, A100, H100
AXES = {"p": 6, "mean": 1, "inverse_std": 1}  # of the raw arrays: four, but for these, and for those of normalization
PIXELS = ("local_response_norm", "local_response_norm_backward", "strip_sums", "strip_squares", "strip_gradients")
BROADCAST = ("normalize", "normalize_backward")  # all of their arrays are not raw, and have two axes
ARRAYS = set("x grad_y mean variance current inverse_std weight bias grad_weight grad_bias".split())
NDARRAY, INDEXER, SCALAR = 1, 2, 3  # as CuPy numbers the kinds of arguments


def missing():
    """Why this cannot run here, or an empty string."""
    if "cpucupy" in sys.modules:
        return "this CuPy compiles for the CPU"
    try:
        import cupy  # noqa: F401
        from cupy.cuda import compiler, nvrtc

        compiler._NVRTCProgram('extern "C" __global__ void nothing() {}', "k.cu", method="cubin").compile(
            ("-arch=sm_80",)
        )
        nvrtc.getVersion()
    except Exception as error:
        return f"no NVRTC ({type(error).__name__}): pip install cupy-cuda12x 'cuda-toolkit[nvrtc,cudart]==12.*'"
    return ""


WHY_NOT = missing()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


def source(kernel, dtype, contiguous):
    """What CuPy would hand to the compiler, its headers in front, for arrays of this dtype and layout."""
    import cupy
    import numpy
    from cupy._core import _kernel, _scalar, core

    compiled, infos = kernel.compiled, []
    axes_of_all = 2 if kernel.name in BROADCAST else 1
    arrays = {"grad"} if kernel.name not in (*BROADCAST, "inverse_std", "running_average") else ARRAYS
    for parameter in compiled.params:
        type_ = numpy.dtype(dtype) if parameter.ctype == "T" else parameter.dtype
        is_output = not parameter.is_const
        if parameter.name == "_ind":
            infos.append(_kernel._ArgInfo(INDEXER, cupy._core._carray.Indexer, None, axes_of_all, True, False))
        elif parameter.raw:
            axes = AXES.get(parameter.name, 2 if kernel.name in PIXELS else 4)
            infos.append(_kernel._ArgInfo(NDARRAY, cupy.ndarray, type_, axes, contiguous, False))
        elif is_output or parameter.name in arrays:
            infos.append(_kernel._ArgInfo(NDARRAY, cupy.ndarray, type_, axes_of_all, is_output or contiguous, False))
        else:
            infos.append(_kernel._ArgInfo(SCALAR, _scalar.CScalar, type_, 0, True, True))
    types = _kernel._TypeMap((("T", numpy.dtype(dtype)),))
    code = _kernel._get_elementwise_kernel_code(
        tuple(infos), types, compiled.params, compiled.operation, kernel.name, ""
    )  # fmt: skip
    headers = "\n".join(f"#include <{name}>" for name in core._cupy_header_list)
    return f"{headers}\n{code}"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", Kernel.every)
def test_compiles(name, architecture):
    from cupy._core import core
    from cupy.cuda import compiler

    options = core.assemble_cupy_compiler_options(("-std=c++17", f"-arch={architecture}"))
    for dtype, contiguous in itertools.product(("float32", "float64", "float16"), (True, False)):
        program = compiler._NVRTCProgram(source(Kernel.every[name], dtype, contiguous), f"{name}.cu", method="cubin")
        binary, _ = program.compile(options)
        assert binary[:4] == b"\x7fELF"

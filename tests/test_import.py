"""What `import` brings with it: NumPy, and nothing that takes long."""

from support import run_python


def test_import_minicnn_needs_numpy_alone():
    heavy = ["cupy", "PIL", "matplotlib", "torch", "tqdm", "safetensors", "threadpoolctl", "googlenet"]
    heavy += ["minicnn.explain.worked.conv2d", "minicnn.explain.page", "minicnn.explain.terminal"]
    result = run_python(
        f"import sys, minicnn, minicnn.nn, minicnn.optim, minicnn.data, minicnn.checkpoint\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    assert result.stderr == ""
    assert result.stdout == "[]\n"


def test_import_googlenet_needs_no_more():
    heavy = ["cupy", "PIL", "matplotlib", "torch", "tqdm", "safetensors", "threadpoolctl"]
    result = run_python(
        f"import sys, googlenet, googlenet.training\nprint([name for name in {heavy} if name in sys.modules])"
    )
    assert result.stderr == ""
    assert result.stdout == "[]\n"

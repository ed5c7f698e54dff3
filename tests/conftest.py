"""What all tests share."""

import pytest

import minicnn as mc

pytest.register_assert_rewrite("support")


@pytest.fixture(autouse=True)
def same_start():
    """Every test begins with the same random state, and leaves the number of threads as it was."""
    threads = mc.get_num_threads()
    mc.manual_seed(0)
    yield
    if mc.get_num_threads() != threads:
        mc.set_num_threads(threads)

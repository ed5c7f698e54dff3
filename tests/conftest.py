"""What all tests share: the same start, and the devices on which they run."""

import functools
import signal

import pytest
import strict

import minicnn as mc

pytest.register_assert_rewrite("support")
DEVICES = ["cpu", "strict", "cuda"]


@pytest.fixture(autouse=True)
def same_start():
    """Every test begins with the same random state, and leaves the number of threads as it was."""
    threads = mc.get_num_threads()
    mc.manual_seed(0)
    yield
    if mc.get_num_threads() != threads:
        mc.set_num_threads(threads)


@pytest.fixture
def signals_as_in_a_terminal():
    """For this test and the processes it starts: a script's background job ignores SIGINT, one under nohup SIGHUP."""
    usual = {"SIGINT": signal.default_int_handler, "SIGTERM": signal.SIG_DFL, "SIGHUP": signal.SIG_DFL}
    before = {name: signal.signal(getattr(signal, name), answer) for name, answer in usual.items()}
    yield
    for name, answer in before.items():
        signal.signal(getattr(signal, name), answer)


# ---- devices (docs/testing.md, "Devices") ----------------------------------------------------------------------------


def pytest_addoption(parser):
    parser.addoption(
        "--device",
        action="append",
        metavar="NAME",
        help="run the tests that take a device on these: cpu, strict (tests/strict), cuda, or all; may be repeated, or "
        "several with commas (cpu and strict, and cuda where one is usable)",
    )


@functools.cache
def why_no_cuda():
    """None where there is a usable GPU, or the real CuPy on a CPU."""
    found = [device for device in mc.devices() if device.name.startswith("cuda")]
    return None if any(device.usable for device in found) else found[0].description


def chosen_devices(config):
    asked = ",".join(config.getoption("--device") or ()).split(",")
    if asked == [""]:
        return DEVICES if why_no_cuda() is None else DEVICES[:2]
    if unknown := set(asked) - {*DEVICES, "all"}:
        raise pytest.UsageError(f"--device: got {unknown.pop()!r}, expected cpu, strict, cuda or all")
    names = DEVICES if "all" in asked else [name for name in DEVICES if name in asked]
    if "cuda" in names and why_no_cuda() is not None:
        raise pytest.UsageError(f"--device cuda: {why_no_cuda()}")
    return names


def pytest_generate_tests(metafunc):
    """A test with the fixture `device` runs on every device chosen, or on those of its mark `devices` among them."""
    if "device" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("devices")
    names = chosen_devices(metafunc.config)
    if mark is not None:
        names = ["cpu"] if mark.args == ("cpu",) else [name for name in names if name in mark.args]
    marks = {"cpu": (), "strict": pytest.mark.accelerator, "cuda": pytest.mark.accelerator}
    parameters = [pytest.param(name, marks=marks[name]) for name in names] or [None]
    metafunc.parametrize("device", parameters, indirect=True)


def pytest_collection_modifyitems(config, items):
    """Tests for devices that were not chosen are left out, not skipped."""
    left_out = [item for item in items if hasattr(item, "callspec") and item.callspec.params.get("device", "") is None]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def device(request):
    """The name of a device for minicnn: "cpu"; "cuda", which may be the strict device in its place."""
    if request.param != "strict":
        yield request.param
        return
    with strict.installed():
        yield "cuda"

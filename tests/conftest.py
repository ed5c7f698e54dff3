"""What all tests share: the same start, the devices on which they run, and which of them the quick run takes."""

import collections
import functools
import os
import signal
from pathlib import Path

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
    parser.addoption("--everything", action="store_true", help="run also the tests that take minutes in all")


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


@pytest.fixture
def device(request):
    """The name of a device for minicnn: "cpu"; "cuda", which may be the strict device in its place."""
    if request.param != "strict":
        yield request.param
        return
    with strict.installed():
        yield "cuda"


# ---- the quick run, and everything (docs/testing.md, "The quick run, and everything") -------------------------------

TESTS = Path(__file__).resolve().parent
LEFT_OUT = pytest.StashKey[collections.Counter]()  # how many tests the quick run leaves out, by kind
LOOKED_AT_CLOSELY = "keyword", "usepdb", "trace", "collectonly", "lf", "stepwise"  # -k, --pdb, ...


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config, items):
    """What the quick run does not take is left out, not skipped; so are tests for devices that were not chosen."""
    deselect(config, items, lambda item: hasattr(item, "callspec") and item.callspec.params.get("device", "") is None)
    yield  # -k and -m choose
    if config.option.everything or any("::" in argument for argument in config.args):
        return  # a test that is named by its id runs
    left_out = deselect(config, items, lambda item: item.get_closest_marker("everything"))
    kinds = collections.Counter(item.get_closest_marker("everything").args[0] for item in left_out)
    config.stash[LEFT_OUT] = kinds
    if hasattr(config, "workeroutput"):  # a worker, which tells it to the process that prints
        config.workeroutput["left_out"] = dict(kinds)


def deselect(config, items, unwanted):
    left_out = [item for item in items if unwanted(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not unwanted(item)]
    return left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """A worker has ended. All of them leave out the same."""
    if kinds := getattr(node, "workeroutput", {}).get("left_out"):
        node.config.stash[LEFT_OUT] = collections.Counter(kinds)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    """What was left out is the last line of all."""
    result = yield
    kinds = session.config.stash.get(LEFT_OUT, None)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if kinds and reporter is not None and not hasattr(session.config, "workeroutput"):
        reporter.write_line(what_was_left_out(kinds))
    return result


def what_was_left_out(kinds):
    were = "test was" if kinds.total() == 1 else "tests were"
    each = ", ".join(f"{kind} {number:,}" for kind, number in kinds.most_common())
    return f"{kinds.total():,} {were} left out ({each}): pytest --everything runs them"


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """The whole suite runs on all cores. What was chosen with care, or is looked at closely, runs in this process."""
    if hasattr(config, "workerinput"):
        return  # a worker, which has none of its own
    whole_suite = {Path(argument).resolve() for argument in config.args} & {TESTS, TESTS.parent}
    closely = config.getoption("capture") == "no" or any(config.getoption(name, False) for name in LOOKED_AT_CLOSELY)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = config.getoption("numprocesses", 0)  # None where it was not said, 0 where pytest-xdist is not there
    if workers is None and whole_suite and not closely and cores > 1:
        workers = config.option.numprocesses = min(cores, 8)
        config.option.dist = "worksteal"
    if workers:  # each has a core, where more threads would only wait for each other
        os.environ.update(dict.fromkeys(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"], "1"))

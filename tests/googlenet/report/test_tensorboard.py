"""TensorBoard's events: read back from the files, byte by byte."""

import importlib.util
import struct
import sys
import types

import pytest
from rows import WITHOUT_HEADS, row

from googlenet.report.tensorboard import FOLDER, Events, try_tensorboard

needs_tensorboardx = pytest.mark.skipif(
    importlib.util.find_spec("tensorboardX") is None,
    reason="tensorboardX is not installed: pip install -e '.[tensorboard]'",
)


def read(folder):
    """(tag, number, value) of every event in all files, in order; what a later process declares void is left out.

    A file is a row of records: 8 bytes of length, 4 of checksum, the event (protobuf), 4 of checksum.
    """
    from tensorboardX.proto.event_pb2 import Event, SessionLog

    found = []
    for path in sorted((folder / FOLDER).iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name)):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            event, data = Event.FromString(data[12 : 12 + length]), data[16 + length :]
            if event.session_log.status == SessionLog.START:
                found = [entry for entry in found if entry[1] < event.step]
            found += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
    return found


def write(folder, done, batches, rows=()):
    """What a process does that begins behind `done` batches: so many, whose losses are their numbers; then epochs."""
    events = Events(folder, done)
    for number in range(done + 1, done + batches + 1):
        events.batch({"total": number, "main": number / 2})
    for each in rows:
        events.epoch(each)
    events.flush()
    events.writer.close()


class Writer:
    """In place of tensorboardX.SummaryWriter: notes what it is told."""

    def __init__(self, *arguments, **options):
        self.made_with, self.told = (arguments, options), []

    def add_scalar(self, tag, value, number):
        self.told.append((tag, value, number))

    def flush(self):
        self.told.append("flush")


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", types.SimpleNamespace(SummaryWriter=Writer))


def test_the_writer_declares_void_what_comes_behind_the_checkpoint(fake, tmp_path):
    events = Events(tmp_path, 4)
    options = {"purge_step": 5, "filename_suffix": ".4"}
    assert events.writer.made_with == ((str(tmp_path / "tensorboard"),), options)


def test_what_the_writer_is_told(fake, tmp_path):
    events = Events(tmp_path, 4)
    events.batch({"total": 1.5, "main": 1.0})
    events.batch({"total": 2.5})
    events.epoch({"epoch": 1, "loss_main": float("inf"), "loss_aux1": None, "lr": 0.0})
    events.flush()
    assert events.writer.told == [
        ("batch/loss_total", 1.5, 5), ("batch/loss_main", 1.0, 5), ("batch/loss_total", 2.5, 6), ("epoch/epoch", 1, 6),
        ("epoch/lr", 0.0, 6), "flush",
    ]  # fmt: skip


@needs_tensorboardx
def test_batches_and_epochs_come_back(tmp_path):
    write(tmp_path, 0, 2, [row(1, **WITHOUT_HEADS)])
    found = read(tmp_path)
    assert found[:4] == [
        ("batch/loss_total", 1, 1.0), ("batch/loss_main", 1, 0.5),
        ("batch/loss_total", 2, 2.0), ("batch/loss_main", 2, 1.0),
    ]  # fmt: skip
    epoch = {tag: (number, value) for tag, number, value in found[4:]}
    assert epoch["epoch/loss_main"] == (2, pytest.approx(2.1))
    assert epoch["epoch/test_accuracy"] == (2, 0.25)
    assert set(epoch) == {f"epoch/{name}" for name, value in row(1, **WITHOUT_HEADS).items() if value is not None}


@needs_tensorboardx
def test_what_is_not_finite_is_left_out(tmp_path):
    write(tmp_path, 0, 0, [row(1, train_loss=float("nan"))])
    assert "epoch/train_loss" not in [tag for tag, _, _ in read(tmp_path)]


@needs_tensorboardx
def test_a_run_that_goes_on_has_every_event_once(tmp_path):
    """The first process was killed behind batch 7 of 4 an epoch; its last checkpoint is from batch 4."""
    write(tmp_path, 0, 4, [row(1)])
    write(tmp_path, 4, 3)
    write(tmp_path, 4, 4, [row(2)])
    numbers = [number for tag, number, _ in read(tmp_path) if tag == "batch/loss_total"]
    assert numbers == list(range(1, 9))
    assert [(n, v) for tag, n, v in read(tmp_path) if tag == "epoch/epoch"] == [(4, 1.0), (8, 2.0)]


@needs_tensorboardx
def test_neither_tensorboard_nor_torch_is_needed(monkeypatch, tmp_path):
    for name in ("torch", "tensorboard", "tensorflow"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in [name for name in sys.modules if name.partition(".")[0] == "tensorboardX"]:
        monkeypatch.delitem(sys.modules, name)
    assert try_tensorboard() is None


@pytest.mark.parametrize("error", [ImportError("no such module"), TypeError("protobuf\nis too new")])
def test_where_it_is_missing_or_broken_one_line_says_so(monkeypatch, error):
    class Broken:
        def find_spec(self, name, path, target=None):
            if name == "tensorboardX":
                raise error

    for name in [name for name in sys.modules if name.partition(".")[0] == "tensorboardX"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(ImportError) as found:
        try_tensorboard()
    reason = " ".join(str(error).split())
    assert str(found.value) == f"--tensorboard needs tensorboardX: pip install -e '.[tensorboard]' ({reason})"

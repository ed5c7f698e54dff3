"""Batches on their way to a GPU: the next is sent while the present one is computed with, and nobody waits for it."""

import gc
import weakref

import numpy as np
import pytest
import strict

import minicnn as mc
from minicnn import backend

CUDA = next(device for device in mc.devices() if device.name.startswith("cuda"))


def batches(number, seen=None):
    for n in range(number):
        if seen is not None:
            seen.append(n)
        yield np.full((2, 3), n, np.float32), np.arange(4 * n, 4 * n + 4)


@pytest.fixture(params=["strict", "cuda"])
def gpu(request):
    if request.param == "strict":
        with strict.installed():
            yield "strict"
    elif CUDA.usable:
        yield "cuda"
    else:
        pytest.skip(f"no GPU: {CUDA.description}")


def test_on_the_cpu_batches_come_as_they_are():
    given = list(batches(3))
    for found, expected in zip(backend.uploaded(given, "cpu"), given, strict=True):
        assert found is expected


@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_all_batches_arrive_in_order(number, gpu):
    found = list(backend.uploaded(batches(number), "cuda"))
    assert len(found) == number
    for arrays, expected in zip(found, batches(number), strict=True):
        assert [backend.device_of(array) for array in arrays] == ["cuda:0", "cuda:0"]
        for array, wanted in zip(arrays, expected, strict=True):
            on_host = backend.to_device(array, "cpu")
            assert on_host.dtype == wanted.dtype
            np.testing.assert_array_equal(on_host, wanted)


def test_the_next_batch_is_sent_before_the_present_one_is_used(gpu):
    sent = []
    for n, _ in enumerate(backend.uploaded(batches(4, sent), "cuda")):
        assert sent == list(range(min(n + 2, 4)))


def test_the_cpu_waits_for_no_copy_until_the_last_batch_is_out():
    with strict.installed():
        list(backend.uploaded(batches(1), "cuda"))  # the first use tries the GPU out
        coming = backend.uploaded(batches(3), "cuda")
        with strict.no_synchronization():
            for _ in range(3):
                next(coming)
        before = strict.counters()["synchronizations"]
        assert next(coming, None) is None
        assert strict.counters()["synchronizations"] == before + 1


def test_the_copy_and_the_computation_wait_for_each_other(monkeypatch):
    """What a CPU cannot show: the order on the two streams, as it was asked for."""
    asked = []

    class Stream:
        def __init__(self, name="copying", non_blocking=True):
            self.name = name

        def record(self):
            event = type("Event", (), {"done": False, "stream": self.name})()
            asked.append(("record", self.name, event))
            return event

        def wait_event(self, event):
            asked.append(("wait", self.name, event))

        def synchronize(self):
            asked.append(("synchronize", self.name, None))

    with strict.installed() as cupy:
        list(backend.uploaded(batches(1), "cuda"))
        plain_set = strict.ndarray.set
        monkeypatch.setattr(cupy.cuda, "Stream", Stream)
        monkeypatch.setattr(cupy.cuda, "get_current_stream", lambda: Stream("computing"))
        monkeypatch.setattr(
            strict.ndarray,
            "set",
            lambda self, host, stream: (asked.append(("copy", stream.name, None)), plain_set(self, host)),
        )
        coming = backend.uploaded(batches(2), "cuda")
        next(coming)
        sending = [("record", "computing"), ("wait", "copying"), ("copy", "copying"), ("copy", "copying")]
        sending += [("record", "copying")]
        assert [step[:2] for step in asked] == [*sending, *sending, ("wait", "computing")]
        (_, _, arrival), (_, _, awaited) = asked[4], asked[10]
        assert awaited is arrival  # the first batch's own, not the second's
        assert asked[1][2] is asked[0][2]
        coming.close()  # a run that is stopped: the second batch is still in flight
        assert asked[-1][:2] == ("synchronize", "copying")


def test_pinned_memory_lives_until_it_is_copied(monkeypatch):
    done, pinned = [], []

    class Event:
        @property
        def done(self):
            return bool(done)

    plain = backend.upload._pinned

    def watched(cupy, array):
        made = plain(cupy, array)
        pinned.append(weakref.ref(made))
        return made

    with strict.installed() as cupy:
        list(backend.uploaded(batches(1), "cuda"))
        monkeypatch.setattr(backend.upload, "_pinned", watched)
        monkeypatch.setattr(cupy.cuda.Stream, "record", lambda self, event=None: Event())
        coming = backend.uploaded(batches(5), "cuda")
        for _ in range(3):
            next(coming)
        gc.collect()
        assert len(pinned) == 8
        assert all(ref() is not None for ref in pinned)
        done.append(True)
        next(coming)
        gc.collect()
        assert all(ref() is None for ref in pinned[:8])


def test_an_error_of_the_source_comes_through(gpu):
    def broken():
        yield from batches(1)
        raise KeyError("no more")

    coming = backend.uploaded(broken(), "cuda")
    with pytest.raises(KeyError, match="no more"):
        list(coming)

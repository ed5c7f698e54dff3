import gc
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicnn import Tensor
from minicnn.data import ArrayDataset, DataLoader, Dataset, SampleError


class Numbers(Dataset):
    """Sample i is (an array full of i, i); remembers which samples were read."""

    def __init__(self, length=10, shape=(2, 3), fail_at=None, seconds=0.0):
        self.length, self.shape, self.fail_at, self.seconds = length, shape, fail_at, seconds
        self.read = []

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        self.read.append(index)
        time.sleep(self.seconds)
        if index == self.fail_at:
            raise OSError("image file is truncated")
        return np.full(self.shape, index, np.float32), index


class Noisy(Numbers):
    def sample(self, index, rng):
        x, y = self[index]
        return x + rng.standard_normal(self.shape, dtype=np.float32), y


def targets(batches):
    return [list(y) for _, y in batches]


def same(batches, others):
    batches, others = list(batches), list(others)
    assert len(batches) == len(others) > 0
    for batch, other in zip(batches, others, strict=True):
        for field, expected in zip(batch, other, strict=True):
            np.testing.assert_array_equal(field, expected)
            assert field.dtype == expected.dtype


@pytest.fixture(autouse=True)
def others_threads(monkeypatch):
    """Workers that other tests of this process have left, as a run does that Ctrl-C stops at once."""
    monkeypatch.setattr(sys.modules[__name__], "OTHERS", set(threading.enumerate()))


OTHERS = set()


def no_worker_is_left():
    return not [t for t in threading.enumerate() if t.name.startswith("DataLoader") and t not in OTHERS]


# ---- what a batch is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("num_workers", [0, 3])
def test_batches_are_stacked_samples(num_workers):
    batches = list(DataLoader(Numbers(10), batch_size=4, num_workers=num_workers))
    assert targets(batches) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    for x, y in batches:
        assert x.shape == (len(y), 2, 3) and x.dtype == np.float32
        assert y.dtype == np.int64
        np.testing.assert_array_equal(x, np.broadcast_to(y[:, None, None], x.shape))


@pytest.mark.parametrize("label", [3, np.uint8(3), np.int32(3), np.array(3, np.int16)])
def test_targets_are_int64_whatever_integers_the_dataset_has(label):
    (_, y), *_ = DataLoader([(np.zeros(2), label)])
    assert y.dtype == np.int64 and list(y) == [3]


def test_other_fields_keep_their_dtype():
    (x, y, z), *_ = DataLoader([(np.zeros((2, 2), np.uint8), 1, np.ones(3, np.float64))] * 2, batch_size=2)
    assert (x.dtype, y.dtype, z.dtype) == (np.uint8, np.int64, np.float64)
    assert (x.shape, y.shape, z.shape) == ((2, 2, 2), (2,), (2, 3))


@given(st.integers(1, 40), st.integers(1, 15), st.booleans(), st.booleans(), st.integers(0, 3), st.integers(0, 2**70))
@settings(max_examples=60, deadline=None)
def test_an_epoch_has_every_sample_once(length, batch_size, shuffle, drop_last, num_workers, seed):
    if drop_last and length < batch_size:
        length = batch_size
    loader = DataLoader(
        Numbers(length, shape=()), batch_size, shuffle, drop_last=drop_last, num_workers=num_workers, seed=seed
    )
    batches = targets(loader)
    assert len(batches) == len(loader)
    sizes = {len(batch) for batch in batches[:-1]}
    assert sizes <= {batch_size}
    seen = sum(batches, [])
    assert len(set(seen)) == len(seen) == (length // batch_size * batch_size if drop_last else length)
    if not drop_last:
        assert sorted(seen) == list(range(length))
    if not shuffle:
        assert seen == list(range(len(seen)))


# ---- epochs, seeds, resuming -------------------------------------------------------------------------------------


def test_every_iteration_is_the_next_epoch():
    loader, other = (DataLoader(Numbers(20), 4, shuffle=True, seed=5) for _ in range(2))
    epochs = [targets(loader) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    assert loader.epoch == 3
    assert epochs == [targets(other.batches(epoch)) for epoch in range(3)]
    assert other.epoch == 0  # `batches` does not count
    other.epoch = 2
    assert targets(other) == epochs[2]


def test_an_epoch_that_was_left_early_counts():
    loader = DataLoader(Numbers(20), 4, shuffle=True)
    first = next(iter(loader))
    assert not np.array_equal(first[1], next(iter(loader))[1])
    assert loader.epoch == 2


def test_the_order_is_a_function_of_seed_and_epoch():
    def order(seed, epoch):
        return targets(DataLoader(Numbers(50), 50, shuffle=True, seed=seed).batches(epoch))[0]

    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(seed, epoch)) for seed in range(4) for epoch in range(4)}) == 16
    assert order(0, 0) != list(range(50))


def test_every_order_is_about_as_likely():
    orders = [tuple(targets(DataLoader(Numbers(3), 3, shuffle=True).batches(epoch))[0]) for epoch in range(600)]
    counts = [orders.count(order) for order in set(orders)]
    assert len(counts) == 6 and min(counts) > 60


@pytest.mark.parametrize("num_workers", [0, 1, 2, 5])
def test_random_samples_do_not_depend_on_the_workers(num_workers):
    loader = DataLoader(Noisy(23), 4, shuffle=True, num_workers=num_workers, seed=9)
    same(loader.batches(3), DataLoader(Noisy(23), 4, shuffle=True, seed=9).batches(3))


def test_a_sample_is_random_by_seed_epoch_and_index():
    def noise(seed=0, epoch=0, batch_size=8, shuffle=False):
        """The random part of every sample, by its index."""
        loader = DataLoader(Noisy(8), batch_size, shuffle, seed=seed)
        return {int(i): tuple((x - i).ravel()) for xs, ys in loader.batches(epoch) for x, i in zip(xs, ys, strict=True)}

    assert noise() == noise(batch_size=3, shuffle=True)  # neither the order nor the batch matters
    everything = [*noise().values(), *noise(epoch=1).values(), *noise(seed=1).values()]
    assert len(set(everything)) == 24


def test_a_sample_gets_the_generator_that_is_promised():
    x, _ = next(DataLoader(Noisy(8), 8, seed=3).batches(2))
    expected = [i + np.random.default_rng((3, 2, i)).standard_normal((2, 3), dtype=np.float32) for i in range(8)]
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("num_workers", [0, 3])
@pytest.mark.parametrize("start", [0, 1, 4, 5, 6])
def test_an_epoch_can_be_entered_in_the_middle_without_reading_what_is_skipped(num_workers, start):
    everything = list(DataLoader(Noisy(23), 4, shuffle=True, seed=2).batches(7))
    dataset = Noisy(23)
    rest = list(DataLoader(dataset, 4, shuffle=True, num_workers=num_workers, seed=2).batches(7, start))
    assert len(rest) == 6 - start
    if rest:
        same(rest, everything[start:])
    assert sorted(dataset.read) == sorted(sum(targets(everything[start:]), []))


# ---- threads -----------------------------------------------------------------------------------------------------


def test_workers_work_at_the_same_time():
    meeting = threading.Barrier(3, timeout=20)  # lets nobody through until three threads are there

    class Meeting(Numbers):
        def __getitem__(self, index):
            meeting.wait()
            return super().__getitem__(index)

    assert targets(DataLoader(Meeting(6), 1, num_workers=3)) == [[0], [1], [2], [3], [4], [5]]


def test_batches_come_in_order_though_later_ones_are_ready_earlier():
    class Slow(Numbers):
        def __getitem__(self, index):
            time.sleep(0.02 if index % 3 == 0 else 0)
            return super().__getitem__(index)

    assert sum(targets(DataLoader(Slow(24), 2, num_workers=4)), []) == list(range(24))


def test_no_more_than_two_batches_a_worker_are_prepared_ahead():
    dataset = Numbers(100)
    batches = iter(DataLoader(dataset, 2, num_workers=2))
    next(batches)
    time.sleep(0.3)
    assert len(dataset.read) <= 2 * (1 + 2 * 2)
    batches.close()


@pytest.mark.parametrize("num_workers", [0, 1, 3])
def test_an_error_names_the_sample(num_workers):
    loader = DataLoader(Numbers(20, fail_at=9), 4, num_workers=num_workers)
    batches = iter(loader)
    assert targets([next(batches), next(batches)]) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    with pytest.raises(SampleError, match="^DataLoader: sample 9: OSError: image file is truncated$") as caught:
        next(batches)
    assert caught.value.index == 9
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value.__cause__, OSError)
    assert no_worker_is_left()


@pytest.mark.parametrize("num_workers", [0, 2])
def test_stop_iteration_in_a_dataset_does_not_end_the_epoch_silently(num_workers):
    class Stops(Numbers):
        def __getitem__(self, index):
            raise StopIteration

    with pytest.raises(SampleError, match="sample 0: StopIteration"):
        list(DataLoader(Stops(), num_workers=num_workers))


def test_leaving_the_loop_leaves_no_thread():
    dataset = Numbers(1000, seconds=0.001)
    for _ in DataLoader(dataset, 2, num_workers=4):
        break
    gc.collect()
    assert no_worker_is_left()
    read = len(dataset.read)
    time.sleep(0.1)
    assert len(dataset.read) == read < 100


def test_leaving_the_loop_drops_what_no_worker_has_begun():
    go_on = threading.Event()

    class Waits(Numbers):
        def __getitem__(self, index):
            sample = super().__getitem__(index)
            if index > 0:
                go_on.wait(20)
            return sample

    dataset = Waits(1000)
    batches = iter(DataLoader(dataset, num_workers=2))
    next(batches)
    while len(dataset.read) < 3:  # sample 0, and one for each worker; the next is waiting for a worker
        time.sleep(0.01)
    threading.Timer(0.3, go_on.set).start()
    batches.close()
    assert sorted(dataset.read) == [0, 1, 2]


def test_an_error_in_the_loop_leaves_no_thread():
    def train():
        for _ in DataLoader(Numbers(1000), 2, num_workers=4):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    gc.collect()
    assert no_worker_is_left()


@pytest.mark.parametrize(
    "ending",
    [
        "pass",  # an iterator that is still alive at the end
        "raise SystemExit(0)",
        "sys.modules['kept'] = batches",  # and one that outlives its module
        "import signal; signal.raise_signal(signal.SIGINT)",
    ],
)
def test_the_program_ends_with_a_loader_half_way(ending):
    program = """
        import sys, time
        import numpy as np
        from minicnn.data import DataLoader

        class Slow:
            def __len__(self):
                return 100000

            def __getitem__(self, index):
                time.sleep(0.01)
                return np.zeros(3), 0

        batches = iter(DataLoader(Slow(), 4, num_workers=3))
        next(batches)
        try:
            ENDING
        except KeyboardInterrupt:
            pass
    """
    program = textwrap.dedent(program).replace("ENDING", ending)
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.usefixtures("signals_as_in_a_terminal")
def test_ctrl_c_while_waiting_for_a_batch():
    program = """
        import signal, threading, time
        import numpy as np
        from minicnn.data import DataLoader

        class Slow:
            def __len__(self):
                return 1000

            def __getitem__(self, index):
                if index == 20:
                    threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
                if index >= 20:
                    time.sleep(1)
                return np.zeros(3), 0

        try:
            for batch in DataLoader(Slow(), 1, num_workers=2):
                pass
        except KeyboardInterrupt:
            print("interrupted;", [t.name for t in threading.enumerate() if t.name.startswith("DataLoader")])
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=60, capture_output=True, text=True
    )
    assert run.stdout == "interrupted; []\n"
    assert run.stderr == ""


# ---- arrays ------------------------------------------------------------------------------------------------------


def test_array_dataset():
    x, y = np.arange(12.0, dtype=np.float32).reshape(6, 2), np.arange(6, dtype=np.uint8)
    dataset = ArrayDataset(x, y)
    assert len(dataset) == 6
    np.testing.assert_array_equal(dataset[4][0], [8, 9])
    assert dataset[-1][1] == 5
    same(DataLoader(dataset, 6), [(x, y.astype(np.int64))])
    same(DataLoader(ArrayDataset(x), 6), [(x,)])
    with pytest.raises(IndexError):
        dataset[6]


def test_array_dataset_with_a_random_transform():
    x, y = np.zeros((6, 2)), np.arange(6)
    dataset = ArrayDataset(x, y, transform=lambda x, rng: x + rng.random(2))
    (batch, _), *_ = DataLoader(dataset, 6, seed=4).batches(1)
    np.testing.assert_array_equal(batch, [np.random.default_rng((4, 1, i)).random(2) for i in range(6)])
    np.testing.assert_array_equal(dataset[3][0], dataset[3][0])
    np.testing.assert_array_equal(x, 0)


def test_a_transform_cannot_spoil_the_data():
    def spoil(x, rng):
        x += 1
        return x

    x = np.zeros((3, 2))
    with pytest.raises(SampleError, match="sample 0: ValueError: .*read-only"):
        list(DataLoader(ArrayDataset(x, transform=spoil)))
    np.testing.assert_array_equal(x, 0)
    x += 1  # the caller's own array stays writable


# ---- wrong arguments and wrong samples ---------------------------------------------------------------------------


class Lengthless(Dataset):
    def __getitem__(self, index):
        return np.zeros(2), index


class Sampleless(Dataset):
    def __len__(self):
        return 3


class Draws(Sampleless):
    def sample(self, index, rng):
        return np.zeros(2), index


def test_a_dataset_may_have_sample_alone_and_may_be_a_list_of_samples():
    assert targets(DataLoader(Draws(), 3)) == [[0, 1, 2]]
    assert targets(DataLoader([(np.zeros(2), 5), (np.zeros(2), 6)], 2)) == [[5, 6]]
    assert targets(DataLoader(((np.zeros(2), 5), (np.zeros(2), 6)), 2)) == [[5, 6]]


@pytest.mark.parametrize("kind", [tuple, list])
def test_arrays_in_one_are_no_array(kind):
    with pytest.raises(
        TypeError, match=rf"ArrayDataset: got one {kind.__name__} of arrays: write ArrayDataset\(x, y\)"
    ):
        ArrayDataset(kind([np.zeros(4), np.zeros(4)]))
    assert len(ArrayDataset([[1.0, 2.0], [3.0, 4.0]])) == 2


def test_what_a_dataset_lacks_is_named():
    with pytest.raises(NotImplementedError, match="Lengthless has no __len__"):
        len(Lengthless())
    with pytest.raises(NotImplementedError, match="Sampleless has no __getitem__"):
        Sampleless()[0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"dataset": 3}, TypeError, "DataLoader: dataset is a int, which has no __len__"),
        ({"dataset": iter([(1, 2)])}, TypeError, "DataLoader: dataset is a list_iterator, which has no __len__"),
        ({"dataset": {1, 2}}, TypeError, "DataLoader: dataset is a set, which has no __getitem__"),
        ({"dataset": Dataset()}, TypeError, "DataLoader: dataset is a Dataset, which has no __len__"),
        ({"dataset": Lengthless()}, TypeError, "DataLoader: dataset is a Lengthless, which has no __len__"),
        ({"dataset": Sampleless()}, TypeError, "DataLoader: dataset is a Sampleless, which has no __getitem__"),
        ({"dataset": np.zeros((4, 2))}, TypeError, r"dataset is a ndarray: write DataLoader\(ArrayDataset\(x, y\)"),
        ({"dataset": Tensor([1.0, 2.0])}, TypeError, r"dataset is a Tensor: write DataLoader\(ArrayDataset\(x, y\)"),
        ({"dataset": (np.zeros((4, 2)), [0, 1, 0, 1])}, TypeError, r"dataset is a tuple: write DataLoader\(ArrayData"),
        ({"dataset": [np.zeros((4, 2)), np.zeros(4)]}, TypeError, r"dataset is a list: write DataLoader\(ArrayData"),
        ({"dataset": []}, ValueError, "there is not one batch: the dataset is empty"),
        ({"batch_size": 0}, ValueError, "DataLoader: batch_size is 0, expected at least 1"),
        ({"batch_size": 2.0}, TypeError, "DataLoader: batch_size is 2.0, expected an int"),
        ({"batch_size": True}, TypeError, "DataLoader: batch_size is True"),
        ({"num_workers": -1}, ValueError, "DataLoader: num_workers is -1"),
        ({"seed": -1}, ValueError, "DataLoader: seed is -1"),
        ({"seed": None}, TypeError, "DataLoader: seed is None"),
        ({"batch_size": 11, "drop_last": True}, ValueError, "only 10 samples, and drop_last"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        DataLoader(**{"dataset": Numbers(10), **arguments})


def test_wrong_epochs_and_starts():
    loader = DataLoader(Numbers(10), 4)
    for arguments, error, message in [
        ((-1,), ValueError, "DataLoader: epoch is -1"),
        ((0, -1), ValueError, "DataLoader: start is -1"),
        ((0, 4), ValueError, "DataLoader: start is 4, an epoch has 3 batches"),
        ((0, 1.5), TypeError, "DataLoader: start is 1.5"),
    ]:
        with pytest.raises(error, match=message):  # at once, not at the first batch
            loader.batches(*arguments)


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (np.zeros(3), "sample 1: is a ndarray, expected a tuple"),
        ((np.zeros(4), 0), r"sample 1: is \[\(\(4,\), 'float64'\).* but sample 0 of the same batch is \[\(\(3,\)"),
        ((np.zeros(3, np.float32), 0), "sample 1: is .*float32.* but sample 0 .*float64"),
        ((np.zeros(3),), "sample 1: is .* but sample 0"),
        ((np.zeros(3), "cat"), "sample 1: contains a str, expected numbers"),
        ((np.zeros(3), None), "sample 1: contains a NoneType"),
    ],
)
def test_wrong_samples(sample, message, num_workers):
    with pytest.raises(SampleError, match=message):
        list(DataLoader([(np.zeros(3), 0), sample], batch_size=2, num_workers=num_workers))


@pytest.mark.parametrize(
    ("arrays", "transform", "error", "message"),
    [
        ([], None, ValueError, "ArrayDataset: got 0 arrays"),
        ([np.zeros(3), np.zeros(4)], None, ValueError, r"lengths \[3, 4\]"),
        ([np.zeros(3), np.float64(1)], None, ValueError, "at least one axis"),
        ([np.zeros(3)], 5, TypeError, "ArrayDataset: transform is a int"),
    ],
)
def test_wrong_arrays(arrays, transform, error, message):
    with pytest.raises(error, match=message):
        ArrayDataset(*arrays, transform=transform)


def test_the_base_class_has_no_samples():
    with pytest.raises(NotImplementedError):
        len(Dataset())
    with pytest.raises(NotImplementedError):
        Dataset()[0]

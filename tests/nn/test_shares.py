"""A network whose batch is walked in shares computes what it computes otherwise, and nobody can tell."""

import threading

import numpy as np
import pytest
from support import tensor, threads

import minicnn as mc
from minicnn import backend, nn
from minicnn.tensor import grad_enabled

NETWORK = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1, relu=True), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 4))


def watched(seen):
    """The network's forward, which notes how many images it got, on which thread, and whether it records a graph."""

    def forward(x):
        seen.append((len(x), threading.current_thread(), grad_enabled()))
        return NETWORK(x)

    return forward


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_the_result_is_that_of_the_whole_batch(n, number):
    x = tensor(n, 2, 4, 4, dtype=np.float32)
    with threads(number):
        expected = NETWORK(x)
        with mc.no_grad():
            y = nn.in_shares(NETWORK, NETWORK, x)
    assert y.dtype == np.float32
    assert not y.requires_grad
    np.testing.assert_allclose(y.data, expected.data, rtol=1e-5, atol=1e-6)


def test_the_shares_are_even_and_each_has_its_thread_and_no_graph():
    with threads(3), mc.no_grad():
        seen = []
        nn.in_shares(NETWORK, watched(seen), tensor(8, 2, 4, 4, dtype=np.float32))
    assert sorted(n for n, _, _ in seen) == [2, 3, 3]
    assert threading.current_thread() in {thread for _, thread, _ in seen}
    assert not any(graph for _, _, graph in seen)
    assert grad_enabled()


def test_two_images_are_enough_and_one_is_not():
    with threads(2), mc.no_grad():
        for n, shares in [(1, [1]), (2, [1, 1]), (3, [1, 2])]:
            seen = []
            nn.in_shares(NETWORK, watched(seen), tensor(n, 2, 4, 4, dtype=np.float32))
            assert sorted(images for images, _, _ in seen) == shares


def test_a_single_image_keeps_all_threads():
    """A walk inside a walk has one thread: a share of one image would be slower than the image by itself."""
    seen = set()

    def forward(x):
        backend.for_each_block(lambda items: seen.add(threading.current_thread()), 2, np)
        return x

    with threads(2), mc.no_grad():
        nn.in_shares(NETWORK, forward, tensor(1, 4))
    assert len(seen) == 2


def test_where_a_graph_is_recorded_it_is_one():
    with threads(2):
        seen = []
        y = nn.in_shares(NETWORK, watched(seen), tensor(4, 2, 4, 4, dtype=np.float32))
        assert [n for n, _, _ in seen] == [4]
    assert y.requires_grad
    y.backward(np.ones((4, 4), np.float32))


@pytest.mark.parametrize("where", [0, 3, None])
def test_a_hook_sees_the_whole_batch(where):
    seen = []
    module = NETWORK if where is None else NETWORK[where]
    remove = module.register_forward_hook(lambda module, inputs, y: seen.append(len(y)))
    try:
        with threads(2), mc.no_grad():
            nn.in_shares(NETWORK, NETWORK, tensor(4, 2, 4, 4, dtype=np.float32))
    finally:
        remove()
    assert seen == [4]
    assert not NETWORK.has_hooks()


def test_an_error_in_one_share_reaches_the_caller():
    def forward(x):
        if x.data[0, 0] == 3:
            raise KeyError("the last share")
        return x

    with threads(2), mc.no_grad(), pytest.raises(KeyError, match="the last share"):
        nn.in_shares(NETWORK, forward, mc.Tensor(np.arange(4.0)[:, None].repeat(2, 1) // 2 * 3))

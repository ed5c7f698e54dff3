"""The solutions of chapter 7: the library has none of these, so PyTorch and the gradient check say what is right."""

import numpy as np
import pytest

import minicnn as mc
from exercises.catalog import find_exercise


def tensor(*shape, seed=0, positive=False):
    x = np.random.default_rng(seed).standard_normal(shape)
    return mc.Tensor(np.abs(x) + 0.1 if positive else x, requires_grad=True)


def test_gradients_agree_with_differences():
    swish, gem, shuffle, maxout, focal = (
        find_exercise(name).solution for name in ("swish", "gem_pooling", "pixel_shuffle", "maxout", "focal_loss")
    )
    assert mc.gradcheck(lambda x, s: swish()(x, s), [tensor(2, 3), mc.Tensor(np.array(1.3), requires_grad=True)])
    p = mc.Tensor(np.array(2.5), requires_grad=True)
    assert mc.gradcheck(lambda x, p: gem()(x, p), [tensor(2, 2, 3, 2, positive=True), p])
    assert mc.gradcheck(lambda x: shuffle(2)(x), tensor(1, 8, 2, 3))
    assert mc.gradcheck(lambda x: maxout(3)(x), tensor(2, 6, 2, 2))
    for gamma in (0.0, 0.5, 2.0):
        assert mc.gradcheck(lambda x, g=gamma: focal(np.array([0, 2, 1]), g)(x), tensor(3, 4))


@pytest.mark.parity
def test_forward_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    x = tensor(2, 8, 3, 2, positive=True)
    t = torch.tensor(x.data)
    np.testing.assert_allclose(find_exercise("swish").solution()(x, mc.Tensor(np.array(1.0))).data, functional.silu(t))
    np.testing.assert_array_equal(find_exercise("pixel_shuffle").solution(2)(x).data, functional.pixel_shuffle(t, 2))
    groups = t.reshape(2, 4, 2, 3, 2).amax(dim=2)
    np.testing.assert_array_equal(find_exercise("maxout").solution(2)(x).data, groups)
    root = t.pow(3).mean(dim=(2, 3), keepdim=True).pow(1 / 3)
    np.testing.assert_allclose(find_exercise("gem_pooling").solution()(x, mc.Tensor(np.array(3.0))).data, root)
    logits, targets = tensor(4, 3), np.array([0, 2, 1, 1])
    losses = functional.cross_entropy(torch.tensor(logits.data), torch.tensor(targets), reduction="none")
    focal = ((1 - (-losses).exp()) ** 2 * losses).mean()
    np.testing.assert_allclose(find_exercise("focal_loss").solution(targets, 2.0)(logits).data, focal)

"""inception, in numbers."""

import numpy as np
import pytest
from support import raises
from worked_examples import array, compared, example, trace

import minicnn as mc
from googlenet import Inception
from minicnn.explain.worked import inception
from minicnn.tensor import Tensor

MORE = pytest.mark.everything("more cases of operations")
BRANCHES = ["1x1", "3x3", "5x5", "pool proj"]


def test_four_gradients_add_up_and_the_seams():
    e = example("inception")
    value, parts = trace(e, "grad_x[0,0,1,1]")
    assert (value, parts) == (2, [-2, -3, 9, -2])
    assert np.array_equal(sum(array(e, f"by {name}[0]") for name in BRANCHES), array(e, "grad_x[0]"))
    assert compared(e)["what arrives at x"] == ["the four together", "the 4 gradients that mc.replay sees"]
    for name, part in zip(BRANCHES, parts, strict=True):
        assert trace(e, f"by {name}")[0] == part
    block = array(e, "block[0]")
    assert np.array_equal(np.concatenate([array(e, f"{name}[0]") for name in BRANCHES]), block)
    assert trace(e, "3x3[0,0,1,1]") == (block[1, 1, 1], [3, 0])
    assert "channels 0: 1x1, 1: 3x3, 2: 5x5, 3: pool proj" in str(e).replace("\n", " ")


def test_it_is_googlenets_block():
    """The same weights, without biases."""
    mc.manual_seed(0)
    theirs = Inception(3, 2, 2, 3, 1, 2, 2)
    weights = [p.data.astype(np.float64) for name, p in theirs.named_parameters() if name.endswith("weight")]
    for name, p in theirs.named_parameters():
        p.data = p.data.astype(np.float64) * name.endswith("weight")
    x = np.random.default_rng(1).standard_normal((2, 3, 5, 4))
    e = example("inception", x, *weights, at=(1, 4, 2, 2))
    assert np.allclose(array(e, "block[1]"), theirs(Tensor(x)).data[1])


@MORE
@pytest.mark.parametrize("at", [(0, 0, 0, 0), (0, 2, 2, 1), (0, 3, 1, 2)])
def test_every_branch_can_be_traced(at):
    name = BRANCHES[at[1]]
    assert f"Channel {at[1]} of the block is channel 0 of the branch {name}:" in str(example("inception", at=at))


@MORE
def test_other_channels():
    assert array(example("inception", x=np.ones((1, 3, 2, 2))), "block[0]").shape == (4, 2, 2)


def test_branches_of_different_sizes_are_refused():
    with raises(ValueError, "concat: tensors[2] has shape"):
        mc.explain("inception", conv5x5=np.ones((1, 2, 3, 3)))
    assert inception.PADDING == {"3x3": 1, "5x5": 2}

"""The picture: which boxes there are at which depth, what stands in them, and where it may go."""

import dataclasses
from xml.etree import ElementTree

import numpy as np
import pytest
from browser import needs_browser, opened
from support import leaf, raises, tensor

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet, Inception, loss
from minicnn import nn
from minicnn.explain import names_of_functions
from minicnn.explain.picture.draw import box, bytes_text, count_text, shortened


class Small(nn.Module):
    """A layer, an Inception block, a classifier."""

    def __init__(self):
        self.stem = nn.Conv2d(1, 2, 3, stride=2)
        self.mixed = Inception(2, 1, 1, 2, 1, 1, 1)
        self.fc = nn.Linear(5, 3)

    def forward(self, x):
        return self.fc(self.mixed(F.relu(self.stem(x))).mean((2, 3)))


def small():
    network = Small()
    return network, F.cross_entropy(network(mc.Tensor(np.ones((2, 1, 9, 9), np.float32))), np.array([0, 1]))


def names(picture):
    return [(node.kind, node.name) for node in picture.nodes]


def test_an_inception_block_reads_as_one_box():
    network, y = small()
    picture = mc.draw(y, network)
    assert names(picture) == [
        ("Conv2d", "stem"), ("ReLU", ""), ("Block", "mixed"), ("Mean", ""), ("Linear", "fc"), ("CrossEntropy", "")
    ]  # fmt: skip
    block = picture.nodes[2]
    assert (block.branches, block.operations, block.inputs) == (4, 8, (1,))
    assert (block.shapes_in, block.shape) == (((2, 2, 4, 4),), (2, 5, 4, 4))
    assert block.parameters == sum(p.data.size for p in network.mixed.parameters())
    assert box(block).lines[:4] == ("mixed", "4 branches", "in 2x2x4x4", "out 2x5x4x4")


@pytest.mark.parametrize("named", [True, False])
def test_depth_opens_it(named):
    network, y = small()
    name, branch = ("mixed", "mixed.branch2") if named else ("block 1", "block 1.branch 2")
    one, two, every = (mc.draw(y, network if named else None, depth=depth) for depth in (1, 2, None))
    assert ("Block", name) in names(one) and len(one.nodes) == 6
    assert ("Module", branch) in names(two) and ("Concat", name) in names(two)
    join = next(node for node in two.nodes if node.kind == "Concat")
    assert join.joins and box(join).wide and join.frame == name and len(join.inputs) == 4
    assert len(every.nodes) == 13 and all(node.operations == 1 for node in every.nodes)
    assert names(mc.draw(y, network if named else None, depth=9)) == [(node.kind, node.name) for node in every.nodes]
    for field in ("kept", "parameters"):
        assert len({sum(getattr(node, field) for node in p.nodes) for p in (one, two, every)}) == 1, field
    assert one.parameters == sum(p.data.size for p in network.parameters())


def test_frames_of_one_name_at_two_places_are_two():
    layer = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    network = nn.Sequential(layer)
    x = leaf(np.ones((1, 2)), np.float32)
    with names_of_functions(network) as names:
        y = network(F.tanh(network(x)))
    assert [node.frame for node in mc.draw(y, names, depth=2).nodes] == ["", *["0"] * 3, "", *["0 (2)"] * 3]
    assert [node.name for node in mc.draw(y, names).nodes] == ["", "0", "", "0"]
    assert mc.draw(y, names).parameters == 12  # shared: each counts once


def test_a_residual_block_and_what_is_shared_inside_of_it():
    layer = nn.Linear(2, 2)
    x = F.tanh(leaf(np.ones((1, 2)), np.float32))
    (block,) = (node for node in mc.draw(layer(F.relu(layer(x))) + x).nodes if node.kind == "Block")
    assert (block.name, block.branches, block.operations, block.parameters) == ("block 1", 2, 4, 6)


def test_several_outputs_and_own_names():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    picture = mc.draw({"a": x * w, "b": [w + 1]}, {x: "x", w: "w"})
    assert names(picture) == [("Input", "x"), ("Input", "w"), ("Mul", ""), ("Add", "")]
    assert [node.inputs for node in picture.nodes] == [(), (), (0, 1), (1,)]


def test_one_result_used_twice_by_one_operation_has_two_arrows():
    x = leaf([1.0])
    assert mc.draw(x * x).svg.count('class="arrow"') == 3  # and one leaves


def test_a_leaf_is_a_picture_too():
    picture = mc.draw(leaf([1.0]))
    assert names(picture) == [("Input", "")] and picture.svg.startswith("<svg") and "n0" in picture.dot


@pytest.mark.everything("whole networks")
def test_the_default_network_whose_layers_run_in_shares():
    network = GoogLeNet(3, "plain", 1)
    y = loss(network(mc.Tensor(np.ones((8, 1, 32, 32), np.float32))), np.zeros(8, int)).total
    picture = mc.draw(y, network)
    closed = [node for node in picture.nodes if node.kind == "Block"]
    assert [node.name for node in closed] == [f"inception{block}" for block in "3a 3b 4a 4b 4c 4d 4e 5a 5b".split()]
    assert all(node.branches == 4 and node.shape[0] == 8 for node in closed)
    assert picture.parameters == sum(p.data.size for p in network.parameters())
    assert [node.branches for node in mc.draw(y).nodes if node.kind == "Block"] == [4] * 9


def test_words_of_the_picture():
    network, y = small()
    picture = mc.draw(y, network)
    root = ElementTree.fromstring(picture.svg)
    texts = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {
        "Small",
        "Conv2d",
        "3x3, stride 2",
        "20 parameters",
        "mixed",
        "4 branches",
        "2x5x4x4",
        "one number",
    } <= texts
    assert picture._repr_svg_() == picture.svg and "13 operations" in picture.caption
    assert repr(picture) == "Picture('Small', 6 boxes; 13 operations, 96 parameters)"
    assert mc.draw(y, title="Own").title == "Own" and mc.draw(y).title == "Graph of CrossEntropy"


def test_of_a_long_kind_the_beginning_is_shown():
    node = dataclasses.replace(mc.draw(leaf([1.0])).nodes[0], kind="AdaptiveAvgPool2dOfMine")
    assert box(node).lines == ("AdaptiveAvgPool2\u2026",) and box(node).tooltip == "AdaptiveAvgPool2dOfMine"


def test_save(tmp_path):
    picture = mc.draw(leaf([1.0]) * 2)
    picture.save(tmp_path / "a.SVG")
    picture.save(str(tmp_path / "b.dot"))
    assert (tmp_path / "a.SVG").read_text() == picture.svg and (tmp_path / "b.dot").read_text() == picture.dot
    with raises(ValueError, "save: the picture cannot be written as 'c.png', expected a name in .svg or .dot"):
        picture.save("c.png")
    with pytest.raises(OSError, match="save: cannot write .*c.svg"):
        picture.save(tmp_path / "no" / "c.svg")


def test_hostile_names_are_text():
    evil = '</text><script>alert(1)</script>"];\\'
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    vars(network)[evil] = vars(network).pop("0")
    network.forward = lambda x: [layer for _, layer in network.named_children()][1](network[0](x))
    picture = mc.draw(network(leaf(np.ones((1, 2), np.float32), np.float32)), network, title=evil)
    assert evil in picture.nodes[2].name
    assert not list(ElementTree.fromstring(picture.svg).iter("{http://www.w3.org/2000/svg}script"))
    assert '\\"];\\\\' in picture.dot


def test_what_cannot_be_drawn():
    x = leaf([1.0])
    with raises(TypeError, "draw: got int, expected a Tensor"):
        mc.draw(3)
    with raises(ValueError, "draw: nothing is remembered"), mc.no_grad():
        mc.draw(x * 2)
    for depth in (0, -1, True, 1.5):
        with raises(ValueError, "draw: depth is", "at least 1"):
            mc.draw(x, depth=depth)
    y = (x * 2).sum()
    y.backward()
    with raises(ValueError, "draw: the graph was freed by backward() (at sum)"):
        mc.draw(y)


def test_drawing_changes_nothing():
    network, y = small()
    mc.draw(y, network, depth=None)
    y.backward()
    found = {name: p.grad for name, p in network.named_parameters()}
    other = small()[1]
    assert all(grad is not None for grad in found.values()) and other.item() != 0


@pytest.mark.everything("large graphs")
def test_a_deep_chain_and_many_branches():
    y = x = leaf([1.0])
    for _ in range(2000):
        y = F.relu(y)
    assert len(ElementTree.fromstring(mc.draw(y).svg).findall(".//*[@class='name']")) == 2001
    assert len(mc.draw([F.tanh(x) for _ in range(200)]).nodes) == 201
    for _ in range(500):
        x = F.tanh(x) + x
    assert mc.draw(x).svg.count('class="arrow"') == 1501


CUT_OFF = """[...document.querySelectorAll("text:not(.shape, .group)")].filter((text) => {
  const rect = text.parentElement.querySelector("rect") || document.querySelector(".back");
  const inside = text.getBoundingClientRect();
  const around = (rect.closest("[transform]") ? rect : document.querySelector(".back")).getBoundingClientRect();
  return inside.left < around.left || inside.right > around.right;
}).map((text) => text.textContent)"""


@needs_browser
@pytest.mark.everything("browser")
@pytest.mark.parametrize("dark", [False, True])
def test_in_a_browser_no_text_is_cut_off(tmp_path, dark):
    class AnOperationWithALongName(mc.function.Function):
        def forward(self, x):
            return x * 1

        def backward(self, grad_y):
            return grad_y

    network = nn.Sequential(nn.Sequential(nn.Linear(1000, 999), nn.ReLU(), nn.Linear(999, 2)), nn.Linear(2, 2))
    vars(network)["a_module_with_a_long_name"] = vars(network).pop("1")
    y = AnOperationWithALongName()(network[1](F.relu(network[0](tensor(1234, 1000, dtype=np.float32)))))
    pictures = [mc.draw(y, network), mc.draw(y, network, depth=None), mc.draw(small()[1], depth=2)]
    for number, picture in enumerate(pictures):
        path = tmp_path / f"{number}.html"
        path.write_text(f"<!doctype html><body>{picture.svg}</body>", encoding="utf-8")
        with opened(path, width=1000, dark=dark) as page:
            assert page.evaluate(CUT_OFF) == [] and page.low_contrast() == []


def test_amounts_in_words():
    assert [bytes_text(n) for n in (1, 640, 1600, 2_490_000, 3 * 10**9)] == [
        "1 byte", "640 bytes", "1.6 kB", "2.49 MB", "3 GB"
    ]  # fmt: skip
    assert [count_text(n) for n in (12, 9408, 1_020_000)] == ["12", "9,408", "1.02 M"]
    assert shortened("inception3a.branch2.0.conv") == "\u2026a.branch2.0.conv" and shortened("fc") == "fc"

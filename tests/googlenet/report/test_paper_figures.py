"""The paper's figures: held to Table 1, to the tensors that modules hand on, and to what README shows."""

import functools
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from browser import needs_browser, opened
from support import REPOSITORY, raises

import googlenet.model
import minicnn as mc
from googlenet.inception import NaiveInception
from googlenet.model import GoogLeNet
from googlenet.presets import presets
from googlenet.report.paper_figures import FIGURES, figure, input_of_block, multiply_adds
from googlenet.table import INCEPTION, TABLE_1

SVG = "{http://www.w3.org/2000/svg}"


made = functools.cache(figure)  # once each


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Leave the weights as the layers have drawn them: no figure shows them, and drawing others takes half the time."""
    monkeypatch.setattr(googlenet.model, "initialize", lambda model, preset: None)


@pytest.fixture
def whole():
    """Figure 3 of the paper's network."""
    return made("3", presets["paper"])


def small(name):
    """Figure 3 of a preset, with small images."""
    return made("3", replace(presets[name], image_size=presets[name].smallest_image))


def named(nodes, name):
    return next(node for node in nodes if node.name == name)


def test_there_are_as_many_operations_as_in_the_paper(whole):
    heads = [node for node in whole.nodes if node.name.startswith("aux")]
    trunk = Counter(node.operation for node in whole.nodes if node not in heads)
    assert trunk["Conv2d"] == 57 and trunk["Concat"] == 9 and trunk["LocalResponseNorm"] == 2
    assert trunk["MaxPool2d"] == 4 + 9 and trunk["AdaptiveAvgPool2d"] == trunk["Linear"] == 1
    assert Counter(node.operation for node in heads) == {
        "AvgPool2d": 2, "Conv2d": 2, "Reshape": 2, "Linear": 4, "ReLU": 2, "Dropout": 2
    }  # fmt: skip


def test_shapes_and_parameters_are_those_of_table_1(whole):
    names = {row.name: row for row in TABLE_1}
    for name, row in INCEPTION.items():
        block = [node for node in whole.nodes if node.name.startswith(f"inception{name}")]
        height, width, channels = names[f"inception{name}"].output
        assert block[-1].operation == "Concat" and block[-1].shape[1:] == (channels, height, width)
        assert sum(node.parameters for node in block) == names[f"inception{name}"].params
        made = [node.shape[1] for node in block if node.operation == "Conv2d"]
        assert made == [row.ch1x1, row.ch3x3red, row.ch3x3, row.ch5x5red, row.ch5x5, row.pool_proj]
    assert sum(node.parameters for node in whole.nodes) == 13_378_280
    assert "59 convolutions, 6,998,552 parameters and 6,379,728 in the auxiliary heads" in whole.caption


def test_edges_are_those_of_the_tensors_that_layers_hand_on(whole):
    """Found otherwise: a layer takes the very tensor that another has returned."""
    network = GoogLeNet()
    returned, found = {}, set()

    def watch(name):
        def hook(layer, inputs, output):
            found.update((returned[id(x)][0], name) for x in inputs if id(x) in returned)
            returned[id(output)] = (name, output)  # kept, so that no other gets its id

        return hook

    for name, layer in network.named_modules():
        if not list(layer.named_children()):
            layer.register_forward_hook(watch(name))
    network(mc.Tensor(np.zeros((1, 3, 32, 32), np.float32)))
    names = {name for name, layer in network.named_modules() if not list(layer.named_children())}
    drawn = {
        (whole.nodes[one].name, node.name)
        for node in whole.nodes
        for one in node.inputs
        if {whole.nodes[one].name, node.name} <= names
    }
    overwritten = {(f"{head}.fc1", f"{head}.dropout") for head in ("aux1", "aux2")}  # a ReLU is drawn between
    assert found == drawn | overwritten and len(drawn) > 40


def test_blocks_take_what_the_one_before_has_made(whole):
    for before, name in (("3a", "3b"), ("4a", "4b"), ("4d", "4e"), ("5a", "5b")):
        last = whole.nodes.index(named(whole.nodes, f"inception{before}"))
        users = [node.name for node in whole.nodes if last in node.inputs]
        head = {"4a": ["aux1"], "4d": ["aux2"]}.get(before, [])
        branches = ["branch1.conv", "branch2.0.conv", "branch3.0.conv", "branch4.0"]
        assert sorted(users) == sorted([f"inception{name}.{branch}" for branch in branches] + head)
        concat = named(whole.nodes, f"inception{name}")
        joined = [whole.nodes[one].name.partition(".")[2] for one in concat.inputs]
        assert joined == ["branch1.conv", "branch2.1.conv", "branch3.1.conv", "branch4.1.conv"]


def test_the_loss_is_the_papers(whole):
    operations = [node.operation for node in whole.nodes]
    assert operations.count("CrossEntropy") == 3 and operations.count("Add") == 2 and operations[-1] == "Add"
    assert [node.options["factor"] for node in whole.nodes if node.operation == "Mul"] == [0.3, 0.3]


@pytest.mark.parametrize(
    "name", ["mnist", *(pytest.param(n, marks=pytest.mark.everything("presets")) for n in presets if n != "mnist")]
)
def test_every_preset_shows_what_it_does_differently(name):
    preset, found = presets[name], small(name)
    count = Counter(node.operation for node in found.nodes)
    network = GoogLeNet(preset.num_classes, preset, preset.in_channels)
    assert sum(node.parameters for node in found.nodes) == sum(p.data.size for p in network.parameters())
    convolutions = 59 if preset.reductions else 3 + 9 * 3 + 2
    assert count["Conv2d"] == convolutions and f"{convolutions} convolutions" in found.caption
    assert count["BatchNorm"] == (59 if preset.batch_norm else 0)
    assert count["LocalResponseNorm"] == (2 if preset.local_response_norm else 0)
    assert count["MaxPool2d"] == 3 + preset.pool4_times + 9
    assert count["Concat"] == 9 + preset.transform_input
    assert count["CrossEntropy"] == (1 if preset.sum_logits else 3)
    alone = sum(node.operation == "ReLU" and node.name.startswith("inception") for node in found.nodes)
    assert alone == 9 * preset.pool_relu + (54 if preset.batch_norm else 0)
    assert {node.kernel for node in found.nodes if node.name.endswith("branch3.1.conv")} <= {2 * (preset.kernel_5x5,)}
    assert f"preset {name}" in found.title
    ElementTree.fromstring(found.svg())


@pytest.mark.parametrize("which", FIGURES)
def test_readme_shows_what_the_code_draws(which):
    shown = REPOSITORY / "docs" / "figures" / f"figure-{which}.svg"
    drawn = made(which, presets["paper"]).svg()
    assert shown.read_text(encoding="utf-8") == drawn, (
        f"python -m googlenet figure {which} -o docs/figures/{shown.name}"
    )
    assert f"(docs/figures/{shown.name})" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert len(drawn) < 200_000


def test_the_block_without_reductions_is_the_naive_one():
    with_them, without = (made(which, presets["paper"]) for which in ("2b", "2a"))
    assert with_them.nodes[0].shape == without.nodes[0].shape == (2, 192, 28, 28)
    naive = NaiveInception(192, 64, 128, 32)
    assert sum(node.parameters for node in without.nodes) == sum(p.data.size for p in naive.parameters()) == 387_296
    assert sum(node.parameters for node in with_them.nodes) == 163_696
    assert [node.kernel for node in without.nodes[1:-1]] == [(1, 1), (3, 3), (5, 5), (3, 3)]
    assert without.nodes[-1].inputs == (1, 2, 3, 4) and without.nodes[-1].shape == (2, 416, 28, 28)
    assert with_them.nodes[-1].shape == (2, 256, 28, 28)
    # 28 x 28 pixels, each weight once at each: parameters without the biases
    assert multiply_adds(without.nodes) == 784 * (387_296 - 64 - 128 - 32)
    assert "303 million multiply-adds" in without.caption and "387,296 parameters" in without.caption
    assert "2a" in without.caption and "naive" in without.title
    assert "2b" in with_them.caption and "reductions" in with_them.title


def test_the_block_is_that_of_its_preset_whose_name_is_only_text():
    evil = '<script>alert("1")</script>&\x1b]]>'
    found = figure("2b", replace(presets["torchvision"], name=evil, image_size=64, pool_relu=True))
    root = ElementTree.fromstring(found.svg())
    assert not list(root.iter(f"{SVG}script"))
    said = " ".join(text.text or "" for text in root.iter(f"{SVG}text") if text.get("class") == "said")
    assert f"preset {evil}".replace("\x1b", "\ufffd") in said
    assert [node.kernel for node in found.nodes if node.operation == "Conv2d"].count((3, 3)) == 2
    assert sum(node.operation == "BatchNorm" for node in found.nodes) == 6
    assert [node.operation for node in found.nodes].count("ReLU") == 7
    assert found.nodes[0].shape == input_of_block(replace(presets["torchvision"], image_size=64)) == (2, 192, 8, 8)


def test_a_record_has_nodes_and_edges(whole):
    record = whole.as_record()
    first = next(node for node in record["nodes"] if node["operation"] == "Conv2d")
    assert first == {
        "number": 1, "operation": "Conv2d", "name": "conv1.conv", "kernel": (7, 7), "stride": (2, 2),
        "padding": (3, 3), "channels": 64, "shape": [-1, 64, 112, 112], "parameters": 9472, "options": {"relu": True},
    }  # fmt: skip
    last = record["nodes"][-1]
    assert (last["shape"], last["channels"]) == ([], None) and (0, 1) in record["edges"]
    assert len(record["edges"]) == sum(len(node.inputs) for node in whole.nodes)


def test_a_training_does_not_notice():
    before = mc.rng.get_state()
    figure("2b", replace(presets["catsdogs"], image_size=32))
    assert mc.rng.get_state() == before


def test_other_figures_there_are_none():
    with raises(ValueError, "figure: got '4', expected one of 2a, 2b, 3"):
        figure("4", presets["paper"])


# ---- in a browser -------------------------------------------------------------------------------------------------

TEXTS = """
const texts = [...document.querySelectorAll("text")].map(t => [t.textContent, t.getBoundingClientRect()]);
const boxes = [...document.querySelectorAll("g > g")];
const found = {overlapping: [], outside: [], wide: [], texts: texts.length,
  dark: getComputedStyle(document.querySelector(".back")).fill};
const picture = document.querySelector("svg").getBoundingClientRect();
texts.forEach(([a, p], i) => {
  if (p.left < picture.left || p.right > picture.right || p.top < picture.top || p.bottom > picture.bottom)
    found.outside.push(a);
  texts.slice(i + 1).forEach(([b, q]) => {
    const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (across > 0 && down > 3) found.overlapping.push(a + " and " + b);
  });
});
boxes.forEach(box => {
  const inside = [...box.querySelectorAll("rect")].map(r => r.getBoundingClientRect());
  box.querySelectorAll("text:not(.shape)").forEach(t => {
    const r = t.getBoundingClientRect();
    if (inside[0] && (r.left < inside[0].left || r.right > inside[0].right)) found.wide.push(t.textContent);
  });
});
found;
"""


@pytest.mark.everything("browser")
@needs_browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["paper", "torchvision", "mnist"])
def test_in_a_browser_no_text_is_cut_off_or_under_another(tmp_path: Path, name, dark, whole):
    drawn = whole if name == "paper" else small(name)
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><body>{drawn.svg()}</body>", encoding="utf-8")
    with opened(page, width=1000, dark=dark) as shown:
        found = shown.evaluate(TEXTS)
        assert shown.low_contrast() == []
    assert found["texts"] > 200
    assert (found["overlapping"], found["outside"], found["wide"]) == ([], [], [])
    assert found["dark"] == ("rgb(18, 23, 29)" if dark else "rgb(255, 255, 255)")

"""Nodes as boxes, in the paper's words."""

from googlenet.report.paper_boxes import boxes, pair_text, size_text
from minicnn.explain import Node

IMAGE = Node("Input", "", (), (2, 3, 224, 224))


def conv(name, taken, shape, kernel=(3, 3), stride=(1, 1), **options):
    return Node("Conv2d", name, (taken,), shape, 1234, kernel, stride, (1, 1), options)


def test_a_box_says_what_it_is_and_what_comes_out():
    image, box = boxes([IMAGE, conv("conv1.conv", 0, (2, 64, 112, 112), (7, 7), (2, 2), relu=True)])
    assert (image.lines, image.color, image.result) == (("Previous layer",), "plain", "3x224x224")
    assert (box.lines, box.color, box.result) == (("Conv", "7x7+2(S)"), "blue", "64x112x112")
    assert box.strips == (("ReLU", "plain"),) and box.inputs == (0,) and not box.wide
    said = "conv1.conv: Conv2d, kernel 7x7, stride 2x2, padding 1x1, relu True; 3x224x224 -> 64x112x112; "
    assert box.tooltip == said + "1,234 parameters"


def test_s_is_for_what_the_stride_leaves_rounded_up():
    def line(kind, before, after, kernel, stride):
        nodes = [
            Node("Input", "", (), (2, 1, *before)),
            Node(kind, "", (0,), (2, 1, *after), 0, kernel, stride, (0, 0)),
        ]
        return boxes(nodes)[1].lines

    assert line("MaxPool2d", (112, 112), (56, 56), (3, 3), (2, 2)) == ("MaxPool", "3x3+2(S)")
    assert line("MaxPool2d", (112, 112), (55, 55), (3, 3), (2, 2)) == ("MaxPool", "3x3+2(V)")
    assert line("MaxPool2d", (13, 13), (7, 7), (3, 3), (2, 2)) == ("MaxPool", "3x3+2(S)")
    assert line("AvgPool2d", (14, 14), (4, 4), (5, 5), (3, 3)) == ("AveragePool", "5x5+3(V)")
    assert line("Conv2d", (8, 8), (8, 4), (1, 7), (1, 2)) == ("Conv", "1x7+1x2(S)")


def test_what_changes_element_by_element_stands_on_the_box_below():
    shape = (2, 4, 8, 8)
    nodes = [
        IMAGE, conv("a", 0, shape), Node("BatchNorm", "b", (1,), shape, 8), Node("ReLU", "", (2,), shape),
        Node("Reshape", "", (3,), (2, 256)), Node("Dropout", "d", (4,), (2, 256), options={"p": 0.4}),
        Node("Mul", "", (5,), (2, 256), options={"factor": 0.3}), Node("Add", "", (6,), (2, 256)),
        Node("Linear", "fc", (7,), (2, 10), 2570),
    ]  # fmt: skip
    _, box, linear = boxes(nodes)
    texts = ["BatchNorm", "ReLU", "Flatten", "Dropout 0.4", "\u00d7 0.3", "+ a number"]
    assert [text for text, _ in box.strips] == texts and box.strips[0][1] == "green"
    assert box.result == "256" and box.tooltip.count("\n") == 6
    assert (linear.lines, linear.inputs, linear.result) == (("FC", "256 to 10"), (1,), "10")


def test_what_others_need_too_keeps_a_box_of_its_own():
    nodes = [
        IMAGE,
        conv("a", 0, (2, 4, 8, 8)),
        Node("ReLU", "", (1,), (2, 4, 8, 8)),
        Node("Add", "", (1, 2), (2, 4, 8, 8)),
    ]
    assert [box.lines for box in boxes(nodes)[1:]] == [("Conv", "3x3+1(V)"), ("ReLU",), ("Add",)]
    assert [box.inputs for box in boxes(nodes)] == [(), (0,), (1,), (1, 2)]
    assert boxes([IMAGE, Node("ReLU", "", (0,), IMAGE.shape)])[1].lines == ("ReLU",)  # not on the image


def test_a_concat_is_wide_and_says_who_brings_what():
    nodes = [IMAGE, conv("a", 0, (2, 64, 8, 8)), conv("b", 0, (2, 32, 8, 8)), Node("Concat", "", (1, 2), (2, 96, 8, 8))]
    box = boxes(nodes)[3]
    assert (box.lines, box.parts, box.wide, box.color) == (("DepthConcat",), ("64", "32"), True, "green")
    assert box.tooltip == "Concat; 64x8x8 and 32x8x8 -> 96x8x8"


def test_where_there_is_a_loss_it_is_the_whole_network_with_frames():
    nodes = [
        IMAGE, conv("inception3a.branch1.conv", 0, (2, 64, 8, 8)),
        Node("AdaptiveAvgPool2d", "avgpool", (1,), (2, 64, 1, 1)),
        Node("LocalResponseNorm", "norm1", (2,), (2, 64, 1, 1), options={"size": 5}),
        Node("CrossEntropy", "", (3,), ()),
    ]  # fmt: skip
    image, block, pool, norm, loss = boxes(nodes)
    assert image.lines == ("Image",) and [box.group for box in (image, block, loss)] == ["", "inception3a", ""]
    assert pool.lines == ("AveragePool", "adaptive, to 1x1") and norm.lines == ("LocalRespNorm", "5 channels")
    assert (loss.lines, loss.color, loss.result) == (("Softmax", "cross-entropy"), "yellow", "loss")
    assert pool.color == "red" and norm.color == "green" and norm.result == "64x1x1"
    assert loss.tooltip == "CrossEntropy; 64x1x1 -> a number"
    assert [box.group for box in boxes(nodes[:2])] == ["", ""]


def test_sizes_as_text():
    assert (pair_text((3, 3)), pair_text((3, 3), one=True), pair_text((1, 2), one=True)) == ("3x3", "3", "1x2")
    assert (size_text((2, 3, 4)), size_text((2,)), size_text(())) == ("3x4", "", "")

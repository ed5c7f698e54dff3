"""The text for Graphviz: it is read by `dot` where that is installed, whatever names are in it."""

import shutil
import subprocess

import pytest

from minicnn.explain import Box
from minicnn.explain.picture.dot import dot, quoted

EVIL = 'a"]; n9 [label="x\\'


def boxes():
    return [
        Box(("Input",), result="2x3"),
        Box(("Conv2d", EVIL), "blue", (0,), result="2x4", group=EVIL),
        Box(("Add",), "green", (1, 1), group=EVIL),
    ]


def test_a_node_a_box_and_an_arrow_an_input():
    lines = dot(boxes(), "t\nu").splitlines()
    assert lines[0] == "digraph {" and lines[-1] == "}"
    assert '  n0 [label="Input", fillcolor="#f3f5f7"]' in lines
    assert '  n0 -> n1 [label="2x3"]' in lines and lines.count('  n1 -> n2 [label="2x4"]') == 2
    assert 'label="t\\nu"' in lines[1]


def test_a_group_of_several_is_a_cluster():
    text = dot(boxes(), "")
    assert text.count("subgraph cluster1 {") == 1 and text.index("subgraph") < text.index("n1 [") < text.index("n2 [")
    assert "subgraph" not in dot([Box(("a",), group="g")], "")


def test_quoted():
    assert quoted('a"b\\n\x00<c>\nd') == '"a\\"b\\\\n\ufffd<c>\\nd"'


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed: apt-get install graphviz")
def test_graphviz_reads_it():
    drawn = subprocess.run(["dot", "-Tplain"], input=dot(boxes(), EVIL), capture_output=True, text=True, check=True)
    assert drawn.stderr == ""
    words = [line.split()[0] for line in drawn.stdout.splitlines()]
    assert words.count("node") == 3 and words.count("edge") == 3

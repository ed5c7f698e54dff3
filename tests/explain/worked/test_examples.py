"""What holds for the examples of all operations."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.explain.document import Agreement, Beside, Formula
from minicnn.explain.explain import completed
from minicnn.explain.worked import OPERATIONS

MORE = pytest.mark.everything("more cases of operations")
NAMES = [pytest.param(name, marks=() if name in ("concat", "max_pool2d") else MORE) for name in OPERATIONS]


@pytest.fixture(scope="module", params=NAMES)
def example(request):
    return mc.explain(request.param)


def test_it_fits_the_terminal(example):
    assert max(map(len, str(example).splitlines())) <= 80
    assert all(len(line) <= 76 for line in lines_of_formulas(example))


def lines_of_formulas(example):
    items = [item for section in example.sections for item in section.items]
    return [line for item in items if isinstance(item, Formula) for line in item.lines]


def test_ways_agree_forward_and_backward(example):
    items = [item for section in example.sections for item in section.items]
    ways = [name for item in items if isinstance(item, Agreement) for name in item.ways]
    assert any("differences" in name for name in ways)
    assert any(isinstance(item, Beside) for item in items)


def test_what_lights_up_on_the_page_is_shown_there(example):
    page = example.html()
    for name in example.made_of:
        assert f'data-at="{name.replace(" ", "_")}:' in page


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_not_changed(name):
    before = {key: np.copy(value) for key, value in completed(OPERATIONS[name], {}).items()
              if isinstance(value, np.ndarray)}  # fmt: skip
    mc.explain(name)
    after = completed(OPERATIONS[name], {})
    assert all(np.array_equal(value, after[key]) for key, value in before.items())

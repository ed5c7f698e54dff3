"""exercises.check: in this process, for notebooks and prompts."""

import linecache

import pytest

from exercises import check


@pytest.fixture
def cell(pool):
    """Run a solution with a change in it, as a notebook runs a cell: the class it defines."""

    def run(old="", new="", before=""):
        source = (pool.folder / "solution.py").read_text(encoding="utf-8").replace(old, new)
        source = before + source.replace("class MaxPool2d", "class Mine")
        name = "/tmp/ipykernel_7/123.py"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        names = {"__name__": "a_notebook"}
        exec(compile(source, name, "exec"), names)
        return names["Mine"]

    yield run
    linecache.cache.pop("/tmp/ipykernel_7/123.py", None)


def test_any_name_of_the_class_will_do(cell, capsys):
    verdict = check("max_pool2d", cell())
    assert verdict.passed and repr(verdict) == "<max_pool2d: passed>"
    assert capsys.readouterr().out.startswith("max_pool2d: passed\n")


def test_an_error_is_told_by_the_line_of_its_cell(cell, capsys):
    verdict = check("max_pool2d", cell("return y", "return y + None"))
    assert repr(verdict) == "<max_pool2d: 0 of 6 points>"
    assert "your code, line 19:\n    return y + None\n" in capsys.readouterr().out


def test_a_helper_of_another_cell_is_the_learner_s_too(cell, capsys):
    import sys
    from types import ModuleType

    module = sys.modules["a_notebook"] = ModuleType("a_notebook")
    source = "def helper(y):\n    return 1 / 0\n"
    linecache.cache["<stdin>"] = (len(source), None, source.splitlines(keepends=True), "<stdin>")
    exec(compile(source, "<stdin>", "exec"), vars(module))
    answer = cell("return y", "return helper(y)")
    answer.forward.__globals__["helper"] = module.helper
    try:
        check("max_pool2d", answer)
    finally:
        del sys.modules["a_notebook"], linecache.cache["<stdin>"]
    assert "your code, line 2:\n    return 1 / 0\n" in capsys.readouterr().out


def test_the_library_is_whole_again_afterwards(cell):
    import minicnn.functional as F

    before = F.max_pool2d
    check("max_pool2d", cell("return y", "raise SystemExit"))
    assert F.max_pool2d is before


def test_wrong_arguments_say_what_is_right(cell):
    with pytest.raises(ValueError, match="did you mean max_pool2d"):
        check("maxpool", cell())
    with pytest.raises(TypeError, match="the answer is a Mine, expected the class or function itself"):
        check("max_pool2d", cell()(2, 2))

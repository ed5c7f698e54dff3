"""The notebooks: whole, without outputs; executed, unchanged cells say that nothing is written yet."""

import json
import os

import pytest
from support import REPOSITORY

from exercises.catalog import chapters, exercises_of
from exercises.notebook import notebook


def test_an_exercise_is_a_text_a_stub_a_check_and_hints(pool):
    whole = json.loads(notebook("pooling"))
    cells = {cell["id"]: "".join(cell["source"]) for cell in whole["cells"]}
    assert cells["max_pool2d-text"].startswith("# Max pooling\n")
    assert cells["max_pool2d-answer"] == pool.stub.strip()
    assert cells["max_pool2d-check"] == 'check("max_pool2d", MaxPool2d)'
    assert cells["max_pool2d-hints"].count("<details><summary>Hint") == 3
    assert all(cell["outputs"] == [] for cell in whole["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("chapter", chapters())
def test_every_chapter_has_one_whose_ids_differ(chapter):
    ids = [cell["id"] for cell in json.loads(notebook(chapter))["cells"]]
    assert len(set(ids)) == len(ids) and all(len(name) <= 64 for name in ids)
    assert {f"{exercise.name}-check" for exercise in exercises_of(chapter)} <= set(ids)


@pytest.mark.everything("the course")
def test_executed_as_it_is_it_says_what_to_write_and_does_not_stop(tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]))
    book = nbformat.reads(notebook("pooling"), 4)
    nbformat.validate(book)
    nbclient.NotebookClient(book, timeout=100, resources={"metadata": {"path": str(tmp_path)}}).execute()
    (cell,) = (cell for cell in book.cells if cell.id == "max_pool2d-check")
    assert "Not written yet: return y (N, C, OH, OW)" in cell.outputs[0].text
    assert "your code, line " in cell.outputs[0].text

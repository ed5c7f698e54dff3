"""What the presets do differently: every difference in the table, with its reason."""

import json
import re
from dataclasses import asdict, fields, replace

import pytest

from googlenet import presets
from googlenet.differences import REASONS, SOURCES, as_record, differing, side_by_side, written
from googlenet.presets import Preset

EVERY = list(presets.values())


def table_of(*chosen):
    """The rows of the table by field: preset -> cell."""
    head, rule, *rows = side_by_side(chosen).partition("(.: ")[0].splitlines()
    assert set(rule) == {"-"}
    return {row.split()[0]: dict(zip(head.split(), row.split()[1:], strict=True)) for row in rows}


def test_every_choice_has_a_reason():
    assert set(REASONS) == {field.name for field in fields(Preset)} - {"name"}


def test_every_preset_and_every_publication_has_a_source():
    assert set(SOURCES) == {name for name in presets if name != "caffe"} | {"Caffe"}


def test_the_table_shows_every_preset_within_80_columns():
    lines = side_by_side(EVERY).splitlines()
    assert lines[0].split() == list(presets)
    assert max(map(len, lines)) <= 80
    assert not any(line != line.rstrip() for line in lines)


def test_each_cell_is_the_preset_s_own_choice_and_a_dot_where_it_is_the_first_one_s():
    rows, first = table_of(*EVERY), EVERY[0]
    for field, cells in rows.items():
        assert cells[first.name] == written(getattr(first, field))
        for preset in EVERY[1:]:
            value = getattr(preset, field)
            assert cells[preset.name] == ("." if value == getattr(first, field) else written(value)), field
    assert rows["pool4"]["mnist"] == "." and rows["pool4"]["plain"] == "2x2/2"
    assert "(.: as paper)" in side_by_side(EVERY).splitlines()


def test_only_what_differs_has_a_row_and_a_reason():
    plain, batchnorm = presets["plain"], presets["batchnorm"]
    assert differing([plain, batchnorm]) == ["batch_norm"]
    assert table_of(plain, batchnorm) == {"batch_norm": {"plain": "no", "batchnorm": "yes"}}
    text = side_by_side([plain, batchnorm])
    assert "(.: as plain)" in text and "batch_norm: After every" in text and "pool_relu" not in text
    assert differing([plain]) == []


def test_all_reasons_stand_below_whole():
    words = " ".join(side_by_side(EVERY).split())
    for name in differing(EVERY):
        assert f"{name}: {' '.join(REASONS[name].split())}" in words
    for name, text in SOURCES.items():
        assert f"{name}: {text}" in words


def test_a_preset_of_one_s_own_is_compared_like_the_others():
    mine = replace(presets["paper"], name="mine", dropout=0.25, aux_size=2)
    assert table_of(presets["paper"], mine) == {
        "dropout": {"paper": "0.4", "mine": "0.25"},
        "aux_size": {"paper": "4", "mine": "2"},
    }


def test_the_record_is_json_with_every_preset_and_every_difference():
    record = json.loads(json.dumps(as_record(EVERY)))
    assert record["presets"] == json.loads(json.dumps({name: asdict(preset) for name, preset in presets.items()}))
    assert [one["field"] for one in record["differences"]] == differing(EVERY)
    for one in record["differences"]:
        assert one["reason"] == REASONS[one["field"]]
        assert list(one["values"]) == list(presets)
        assert len({str(value) for value in one["values"].values()}) > 1
    assert record["sources"] == SOURCES


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "yes"), (False, "no"), ((3, 2), "3x3/2"), (0.4, "0.4"), (1.0, "1"), (1, "1"), (1000, "1000"), ("he", "he")],
)
def test_how_a_value_is_written(value, text):
    assert written(value) == text


def test_the_figures_in_the_reasons_are_those_that_the_tests_of_the_network_count():
    numbers = set(re.findall(r"[\d,]*\d", REASONS["reductions"]))
    assert {"97,526,008", "6,998,552", "4,048", "832"} <= numbers  # tests/googlenet/test_model.py counts them
    assert "1152" in REASONS["aux_size"] and "125" in REASONS["image_size"]

"""The bar chart."""

from pathlib import Path

import pytest
from PIL import Image

from benchmarks import chart, rows
from benchmarks.measure import Found, Settings
from benchmarks.results import Result

RESULTS = [
    Result(m, Found({name: [{"seconds": [1.0], "work": 10 + n}] for n, name in enumerate(m.contestants)}))
    for m in rows.suite(Settings(16, 224, threads=2))
]


def test_everything_it_draws_is_in_the_table() -> None:
    measured = {m.what: m.group for m in rows.suite(Settings(16, 224, threads=2))}
    drawn = {measured[what] for names in chart.PANELS.values() for what in names}
    assert drawn == chart.GROUPS


def test_label_tells_what_was_measured() -> None:
    measurements = {result.measurement.what: result.measurement for result in RESULTS}
    assert chart.label(measurements["inference of one image"], "inference") == "inference\n224x224, one image"
    assert chart.label(measurements["digits 64x64, batch 64, training"], "digits") == "digits\n64x64, batch 64"


ONE = [result for result in RESULTS if result.measurement.what == "training"]


@pytest.mark.parametrize("results", [RESULTS, ONE], ids=["all", "one"])
def test_it_is_a_picture_with_three_colored_bars(results: list[Result], tmp_path: Path) -> None:
    chart.draw(tmp_path / "chart.png", results, "a CPU")
    with Image.open(tmp_path / "chart.png") as image:
        assert image.width == 1400
        colors = {color: count / (image.width * image.height) for count, color in image.convert("RGB").getcolors(2**24)}
    for _, color in chart.BARS.values():
        assert colors.get(tuple(bytes.fromhex(color[1:])), 0) > 0.05  # beside each other, not behind

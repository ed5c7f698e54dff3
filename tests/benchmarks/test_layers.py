"""The table of layers."""

from benchmarks import layers
from benchmarks.measure import Found


def answer(conv1: float, block: float) -> dict[str, dict[str, float]]:
    forward = {"conv1": conv1, "inception3a": block, "inception3a.branch2": block / 2}
    return {"forward": forward, "backward": {name: 2 * seconds for name, seconds in forward.items()}}


FOUND = Found(
    {
        "minicnn": [answer(0.010, 0.030), answer(0.010, 0.010), answer(0.020, 0.020)],
        "torch-nchw": [answer(0.020, 0.030), answer(0.010, 0.010), answer(0.080, 0.060)],
        "torch-channels_last": [answer(0.010, 0.030), answer(0.010, 0.010), answer(0.020, 0.020)],
    }
)


def test_ratios_are_of_rounds_and_branches_are_not_in_the_sum() -> None:
    table = [line.split() for line in layers.table(FOUND).splitlines()]
    assert table[2] == ["conv1", "10.00", "2.00", "1.00", "20.00", "2.00", "1.00"]
    assert table[3] == ["inception3a", "20.00", "1.00", "1.00", "40.00", "1.00", "1.00"]
    assert table[4] == ["1x1,", "3x3", "10.00", "1.00", "1.00", "20.00", "1.00", "1.00"]
    assert table[5] == ["sum", "40.00", "1.25", "1.00", "80.00", "1.25", "1.00"]


def test_it_fits_in_80_columns() -> None:
    assert max(len(line) for line in layers.table(FOUND).splitlines()) <= 80

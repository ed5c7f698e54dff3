"""What a page has no room for is left out, in a fixed order."""

import json

import pytest

from googlenet.explorer import fitting as room
from googlenet.explorer.fitting import EXACT, PICTURES, Exact, Pictures, add_numbers, add_pictures


def places_of(run):
    return [{"number": place.number, "shape": list(place.y.shape)} for place in run.places]


def numbered(run, channels=None, layers=None, full=False):
    places = places_of(run)
    return places, *add_numbers(places, run, channels, layers, full)


@pytest.fixture(scope="module")
def run(seen):
    return seen("paper")[1]


def test_exact_numbers_of_all_places(run):
    places, text, index, said = numbered(run)
    assert all(place["open"] and place["exact"] for place in places)
    assert text and all(entry["at"] >= 0 for entry in index.values())
    assert len(said) == 1 and "--full all" in said[0]
    count, every = sum(len(p["open"]) for p in places), sum(p["shape"][0] if p["shape"] else 1 for p in places)
    assert f"are there of {count:,} of {every:,} channels" in said[0] and count < every


def test_full_leaves_nothing_out(run, monkeypatch):
    monkeypatch.setattr(room, "LARGEST_NUMBERS", 10)
    places, _, _, said = numbered(run, full=True)
    assert said == [] and all(len(p["open"]) == (p["shape"][0] if p["shape"] else 1) for p in places)


def test_only_of_some_places(run):
    places, _, _, said = numbered(run, layers=frozenset({1, 2}))
    assert [place["number"] for place in places if place["open"]] == [1, 2]
    assert all(place["exact"] == {} for place in places if not place["open"]) and said


def test_as_many_channels_as_are_asked_for(run, monkeypatch):
    asked = []
    real = room.exact_numbers
    monkeypatch.setattr(room, "exact_numbers", lambda *a: asked.append(a[2:]) or real(*a))
    monkeypatch.setattr(room, "LARGEST_NUMBERS", 10)
    numbered(run, 3)
    assert asked == [(3, False)]  # however long it gets


def test_fewer_numbers_where_there_is_no_room(run, monkeypatch):
    asked = []
    real = room.exact_numbers
    monkeypatch.setattr(room, "exact_numbers", lambda *a: asked.append((set(a[1]), a[2])) or real(*a))
    monkeypatch.setattr(room, "LARGEST_NUMBERS", 10)
    monkeypatch.setattr(room, "EXACT", (Exact(8), Exact(2), Exact(2, 4), Exact(2, 0)))
    places, _, index, said = numbered(run)
    assert [channels for _, channels in asked] == [8, 2, 2, 2]
    assert asked[0][0] == set(range(len(places))) and asked[3][0] == set()
    small = {p["number"] for p in places if max(p["shape"][1:], default=1) <= 4}
    assert asked[2][0] == small and 0 not in small
    assert not index and said[-1] == "Operations with maps larger than 0 pixels have no exact numbers at all."


def test_the_first_that_fits_is_taken(run, monkeypatch):
    sizes = []
    real = room.exact_numbers

    def noted(*arguments):
        places, numbers = real(*arguments)
        sizes.append(len(numbers.text()) + len(json.dumps([places, numbers.index])))
        return places, numbers

    monkeypatch.setattr(room, "exact_numbers", noted)
    monkeypatch.setattr(room, "EXACT", (Exact(8), Exact(2, 4), Exact(2, 0)))
    for limit, tried in ((10**7, 1), (0, 3)):
        sizes.clear()
        monkeypatch.setattr(room, "LARGEST_NUMBERS", limit)
        numbered(run)
        assert len(sizes) == tried
    assert sizes[0] > sizes[1] > sizes[2]
    for limit, tried in ((sizes[1], 2), (sizes[1] - 1, 3)):
        sizes.clear()
        monkeypatch.setattr(room, "LARGEST_NUMBERS", limit)
        numbered(run)
        assert len(sizes) == tried


def test_what_is_given_up_takes_less_and_less(run):
    assert EXACT[0] == Exact(8) and EXACT[-1].side == 0
    assert PICTURES[0] == Pictures() and PICTURES[-1].channels == 4
    sizes = []
    for how in (*PICTURES[:4], Pictures(15, 15, False, None, 2)):
        places = places_of(run)
        for place, found in zip(places, run.places, strict=True):
            place["order"] = list(range(len(found.y))) if found.y.ndim else [0]
        assert room.drawn(places, run, how, None)
        sizes.append(len(json.dumps([place["maps"] for place in places])))
    assert sizes == sorted(sizes, reverse=True)


def test_all_pictures_where_there_is_room(run):
    for limit in (None, 10_000_000):
        places = places_of(run)
        assert add_pictures(places, run, limit) == []
        for place, found in zip(places, run.places, strict=True):
            assert sorted(place["maps"]) == (sorted(["y", *found.gradients]) if found.y.ndim else [])
            for name, atlas in place["maps"].items():
                assert atlas["levels"] == 255 and atlas["count"] == len(found.y)
                assert atlas["signed"] == (name != "y" or found.y.min() < 0)
            if found.y.ndim:
                strength = [abs(found.y[c]).max() for c in place["order"]]
                assert strength == sorted(strength, reverse=True)
            else:
                assert place["order"] == [0]


def test_without_room_the_strongest_channels_remain(run, monkeypatch):
    monkeypatch.setattr(room, "PICTURES", (*PICTURES[:5], Pictures(15, 15, False, 4, 2)))
    places = places_of(run)
    said = add_pictures(places, run, 10)
    assert [text.split()[0] for text in said] == ["All", "There", "Maps", "Of"]
    picture, conv1 = places[0]["maps"], places[1]["maps"]
    assert picture["y"]["tile"] == conv1["y"]["tile"] == [4, 4]  # of 8x8 and of 4x4
    assert conv1["y"]["count"] == 2 and conv1["main"]["levels"] == 15 and "total" not in conv1


def test_pictures_of_the_total_stay_where_it_is_no_sum(seen):
    run = seen("mnist")[1]
    places = places_of(run)
    room.add_pictures(places, run, 10)
    assert "total" in places[1]["maps"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (Pictures(), []),
        (Pictures(15), ["The pictures of gradients have 15 colors, so that the page stays small."]),
        (Pictures(15, 15), ["All pictures of maps have 15 colors, so that the page stays small."]),
        (Pictures(channels=7), ["Of each operation only the 7 strongest channels are shown as pictures."]),
    ],
)
def test_what_is_left_out_is_said(how, said):
    assert how.left_out() == said

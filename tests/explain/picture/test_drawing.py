"""The drawing: a valid SVG file that needs nothing else, in which arrows meet boxes."""

import re
from xml.etree import ElementTree

import pytest

from minicnn.explain import Box, drawing
from minicnn.explain.picture.drawing import COLUMN, rounded, shown

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg):
    return ElementTree.fromstring(svg)


def block(**changes):
    """An Inception block of two branches."""
    return [
        Box(("input",), result="4x8x8"),
        Box(("Conv", "1x1+1"), "blue", (0,), (("ReLU", "plain"), ("Dropout", "red")), "2x8x8", "branch1", "block"),
        Box(("MaxPool",), "red", (0,), group="block"),
        Box(("DepthConcat",), "green", (1, 2), result="6x8x8", group="block", wide=True, parts=("2", "4"), **changes),
    ]


def numbers(path):
    return [float(number) for number in re.findall(r"-?[\d.]+", path)]


def rectangles(root, color):
    return [
        tuple(float(rect.get(key)) for key in ("x", "y", "width", "height"))
        for rect in root.iter(f"{SVG}rect")
        if rect.get("class") == color
    ]


def test_text_is_text_and_nothing_is_fetched():
    svg = drawing(block(), "A block", "Some words. " * 30)
    texts = [text.text for text in parsed(svg).iter(f"{SVG}text")]
    assert {"A block", "Conv", "1x1+1", "ReLU", "DepthConcat", "2", "4", "6x8x8", "block"} <= set(texts)
    assert sum("Some words" in text for text in texts) > 3  # lines of the caption
    assert "http" not in svg.replace('xmlns="http://www.w3.org/2000/svg"', "") and "script" not in svg
    assert "prefers-color-scheme:dark" in svg
    assert [title.text for title in parsed(svg).iter(f"{SVG}title")] == ["A block", "branch1"]


def test_arrows_leave_at_the_top_and_end_at_the_bottom_of_boxes():
    root = parsed(drawing(block(), "t"))
    ends = [numbers(path.get("d")) for path in root.iter(f"{SVG}path") if path.get("class") == "arrow"]
    source, (conv,), (concat,) = rectangles(root, "plain")[0], rectangles(root, "blue"), rectangles(root, "green")
    dropout, pool = sorted(rectangles(root, "red"), key=lambda rect: rect[3])
    to_conv, to_pool, from_conv, from_pool, out = ends
    assert to_conv[:2] == to_pool[:2] == [0, source[1]]
    for arrow, box in ((to_conv, conv), (to_pool, pool)):
        assert arrow[-2:] == [box[0] + box[2] / 2, box[1] + box[3] + 1]
    assert from_conv[1] == dropout[1] and from_pool[1] == pool[1]
    for arrow, box in ((from_conv, conv), (from_pool, pool)):
        assert arrow[0] == arrow[-2] == box[0] + box[2] / 2  # straight up, into the wide box
        assert arrow[-1] == concat[1] + concat[3] + 1
    assert out[:2] == [0, concat[1]] and out[3] < out[1] and len(ends) == 5
    assert concat[2] == pytest.approx(COLUMN + conv[2])


def test_strips_stand_on_their_box_the_last_on_top():
    root = parsed(drawing(block(), "t"))
    (conv,) = rectangles(root, "blue")
    relu = rectangles(root, "plain")[1]
    dropout = min(rectangles(root, "red"), key=lambda rect: rect[3])
    assert relu[1] + relu[3] == conv[1] and dropout[1] + dropout[3] == relu[1]
    assert relu[0] == conv[0] and relu[2] == conv[2] and conv[3] == 34  # two lines of text


def test_a_frame_holds_the_boxes_of_its_group_and_one_box_has_none():
    root = parsed(drawing(block(), "t"))
    (frame,) = rectangles(root, "frame")
    for color in ("blue", "green", "red"):
        for x, y, width, height in rectangles(root, color):
            assert frame[0] < x and x + width < frame[0] + frame[2]
            assert frame[1] < y and y + height < frame[1] + frame[3]
    assert frame[1] + frame[3] < rectangles(root, "plain")[0][1]  # the input is outside
    assert not rectangles(parsed(drawing([Box(("a",), group="g")], "t")), "frame")


@pytest.mark.parametrize("branches", [0, 6])
def test_everything_is_inside_of_the_picture(branches):
    many = [Box(("a",)), *(Box(("b",), "blue", (0,), group="block") for _ in range(branches))]
    joined = Box(("c",), "green", tuple(range(1, branches + 1)), group="block", wide=True)
    root = parsed(drawing([*many, joined] if branches else block(), "t", "c"))
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    width, height = int(root.get("width")), int(root.get("height"))
    dx, dy = numbers(next(g for g in root.iter(f"{SVG}g") if g.get("transform")).get("transform"))
    (name,) = (numbers(text.get("transform")) for text in root.iter(f"{SVG}text") if text.get("class") == "group")
    assert name[0] + dx > 11 and width >= 4 * COLUMN  # on its side, 11 pixels high
    for color in ("frame", "plain", "blue", "green"):
        for x, y, w, h in rectangles(root, color):
            assert x + dx > 0 and x + w + dx < width and y + dy > 60 and y + h + dy < height


def test_no_name_can_be_more_than_text():
    evil = '</text><script>alert("1")</script>&\x00\x1b\u202e'
    group = Box((evil,), "blue", (0,), parts=(evil,), group=evil), Box((evil,), "blue", (1,), group=evil)
    svg = drawing([Box((evil,), result=evil, tooltip=evil, strips=((evil, "red"),)), *group], evil, evil)
    root = parsed(svg)
    assert not list(root.iter(f"{SVG}script")) and "<script" not in svg
    assert sum("alert" in (text.text or "") for text in root.iter()) >= 9
    assert "\x00" not in svg and shown("a\x1bb<") == "a\ufffdb&lt;"


def test_paths_have_round_corners_and_no_needless_points():
    assert rounded([(0, 0), (0, 5), (0, 5), (0, 9)]) == "M0 0L0 9"
    assert rounded([(0, 0), (0, -20), (30, -20)]) == "M0 0L0 -15Q0 -20 5 -20L30 -20"
    assert rounded([(0, 0), (0, -2), (30, -2)]) == "M0 0L0 0Q0 -2 5 -2L30 -2"

"""All image names below a folder: what counts, what is passed by, and links that lead in circles."""

import os

import pytest
from PIL import Image

from googlenet.data import tree
from googlenet.data.tree import IMAGE_SUFFIXES, is_hidden, is_image, list_folder, read_tree


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def below(root, found):
    return [path.relative_to(root).as_posix() for path in found.all_images()]


def test_images_are_known_by_their_suffixes_in_any_case():
    assert {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"} <= set(IMAGE_SUFFIXES)
    assert set(IMAGE_SUFFIXES) <= Image.registered_extensions().keys()
    for name in ("a.jpg", "a.JPEG", "a.b.Png", "a b.TIF"):
        assert is_image(name)
    for name in ("a.txt", "a.jpg.txt", "jpg", ".jpg", "a.jpg~", "a.heic"):
        assert not is_image(name)


@pytest.mark.parametrize("name", [".DS_Store", "._1.jpg", ".git", "__MACOSX", "Thumbs.db", "desktop.ini", "@eaDir"])
def test_what_systems_leave_is_hidden(name):
    assert is_hidden(name)
    assert not is_hidden(f"my{name.strip('.')}")


def test_names_are_in_order_and_the_rest_is_counted(tmp_path):
    touch(tmp_path, "b/2.jpg", "b/10.PNG", "b/B.gif", "a c/deep/er/x.webp", "top.jpg", "notes.TXT", "b/labels.csv")
    touch(tmp_path, "b/x.txt", "Makefile", "README.md", "LICENSE", "._top.jpg", ".git/a.jpg", "__MACOSX/b/2.jpg")
    touch(tmp_path, "Thumbs.db", "license plates/1.jpg", "readme.jpg")
    found = read_tree(tmp_path)
    names = ["readme.jpg", "top.jpg", "a c/deep/er/x.webp", "b/10.PNG", "b/2.jpg", "b/B.gif", "license plates/1.jpg"]
    assert below(tmp_path, found) == names
    assert list(found.folders) == ["a c", "b", "license plates"]
    assert found.all_others() == {".txt": 2, ".csv": 1, "without suffix": 1}
    assert found.others == {".txt": 1, "without suffix": 1}
    assert found.has_images() and found.folders["a c"].has_images()
    assert not found.folders["a c"].images


def test_a_folder_without_images_has_none(tmp_path):
    touch(tmp_path, "a/b/c.txt")
    assert not read_tree(tmp_path).has_images()
    assert read_tree(tmp_path / "a" / "b").all_others() == {".txt": 1}


def test_links_are_followed_but_not_in_circles(tmp_path):
    touch(tmp_path, "elsewhere/1.jpg", "data/roses/1.jpg")
    data = tmp_path / "data"
    (data / "tulips").symlink_to(tmp_path / "elsewhere")
    (data / "roses" / "2.jpg").symlink_to(data / "roses" / "1.jpg")
    (data / "roses" / "up").symlink_to(data)
    (data / "itself").symlink_to(data / "itself")
    (data / "gone.jpg").symlink_to(data / "nothing.jpg")
    (data / "loop.jpg").symlink_to(data / "loop.jpg")
    found = read_tree(data)
    assert below(data, found) == ["roses/1.jpg", "roses/2.jpg", "tulips/1.jpg"]
    assert found.all_others() == {"broken links": 2, "without suffix": 1}


def test_the_same_folder_linked_twice_counts_twice(tmp_path):
    """As in train/ and val/ that are made of links to one place."""
    touch(tmp_path, "all/1.jpg")
    for name in ("a", "b"):
        (tmp_path / name).symlink_to(tmp_path / "all")
    assert below(tmp_path, read_tree(tmp_path)) == ["a/1.jpg", "all/1.jpg", "b/1.jpg"]


def test_links_that_make_endlessly_many_folders_are_an_error(tmp_path, monkeypatch):
    """Two links to the next folder in each: 2 ** 12 ways through."""
    for level in range(12):
        (tmp_path / str(level)).mkdir()
        for name in ("a", "b"):
            (tmp_path / str(level) / name).symlink_to(tmp_path / str(level + 1))
    (tmp_path / "12").mkdir()
    monkeypatch.setattr(tree, "MOST_FOLDERS", 100)
    with pytest.raises(ValueError, match=f"{tmp_path / '0'} has more than 100 folders in it, expected those of a data"):
        read_tree(tmp_path / "0")


def test_folders_are_looked_into_only_so_deep(tmp_path):
    deep = tmp_path.joinpath(*["d"] * 20)
    deep.mkdir(parents=True)
    (deep / "a.jpg").touch()
    found = read_tree(tmp_path)
    assert not found.has_images()
    assert found.all_others() == {"folders below level 16": 1}
    assert read_tree(tmp_path.joinpath(*["d"] * 5)).has_images()  # its own level counts, and 15 below it


def test_what_cannot_be_listed_is_named(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.jpg", "file")
    with pytest.raises(NotADirectoryError, match=f"^{tmp_path / 'file'} cannot be listed .Not a directory"):
        list_folder(tmp_path / "file")

    def refuse(path, scandir=os.scandir):
        if os.fspath(path).endswith("a"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(tree.os, "scandir", refuse)
    with pytest.raises(PermissionError, match=f"^{tmp_path / 'a'} cannot be listed .Permission denied.. May you"):
        read_tree(tmp_path)


def test_names_that_are_no_text_are_read(tmp_path):
    """Linux takes any bytes for a name; such a name goes through Python and JSON and back."""
    name = os.fsdecode(b"caf\xe9.jpg")
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip("this file system takes text alone")
    (path,) = read_tree(tmp_path).all_images()
    assert path.name == name and path.is_file()

"""The images that weights were trained and validated with, found again from what the weights' file says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from googlenet.commandline import one_line
from googlenet.data.record import DATA, has_files, images_of
from googlenet.data.source import ImageData, open_data


def data_of_weights(path: Path, info: Mapping[str, Any]) -> ImageData:
    """The images that the weights in `path` were trained and validated with; info is that of `load_model`.

    They are those in data.json beside the weights; without that the data set is opened again, and split as it was then.
    Raises ValueError or OSError, in one line, where they are not known, or not there any more.
    """
    if info["data"] is None:  # weights from elsewhere, or written when there were no other images than the digits
        if (info["num_classes"], info["in_channels"]) != (10, 1):
            text = "does not say which images it was trained with, as weights from elsewhere do not"
            raise ValueError(f"{path} {text}: python -m googlenet evaluate {path} --data WHAT takes yours")
        return open_data("digits")
    try:
        return _listed(path.parent / DATA, info["data"]) or _opened(info["data"])
    except (ValueError, OSError) as error:
        kind = OSError if isinstance(error, OSError) else ValueError
        raise kind(f"{path} was trained with other images: {one_line(error)}. --data says where images are") from error


def open_like(info: Mapping[str, Any], what: str, root: Path) -> ImageData:
    """What `--data WHAT` names, split as the images were that the weights were trained with.

    So where it is the same data set, none of its images for validation have been trained. For weights from elsewhere,
    of which that is not known, nothing is split off.
    """
    return _opened({**(info["data"] or {"val_share": 0.0}), "what": what, "root": str(root)})


def _opened(data: Mapping[str, Any]) -> ImageData:
    usual: dict[str, Any] = {"what": None, "root": "data", "val_share": 0.2, "seed": 0}
    found = {name: data.get(name, value) for name, value in usual.items()}
    kinds = {"what": str, "root": str, "val_share": float, "seed": int}
    if odd := [name for name, kind in kinds.items() if not isinstance(found[name], kind)]:
        raise ValueError(f"the weights' file says of its images that {odd[0]} is {found[odd[0]]!r:.80}")
    return open_data(found["what"], Path(found["root"]), val_share=found["val_share"], seed=found["seed"])


def _listed(path: Path, data: Mapping[str, Any]) -> ImageData | None:
    """The images in a data.json; None where it is not there, is another run's, or does not list files."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if any(record[name] != value for name, value in data.items()) or not has_files(record):
            return None
        images = images_of(record)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OSError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error})") from error
    names = [images.val.name(index) for index in range(len(images.val))]
    if gone := [name for name in names if not Path(name).is_file()]:
        raise FileNotFoundError(f"{len(gone):,} of {len(names):,} for validation are gone, such as {gone[0]}")
    return images

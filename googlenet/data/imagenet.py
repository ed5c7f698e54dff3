"""The 1000 classes of ImageNet's competition, by name and by WordNet id; imagenet_classes.txt says from where."""

from __future__ import annotations

import re
from pathlib import Path

_LINES = [
    line.split(" ", 1)
    for line in Path(__file__).with_name("imagenet_classes.txt").read_text(encoding="ascii").splitlines()
    if not line.startswith("#")
]
# In the order of a network's outputs: number 0 is n01440764, the tench. No two classes have the same name.
IMAGENET_IDS = tuple(wordnet_id for wordnet_id, _ in _LINES)
IMAGENET_CLASSES = tuple(name for _, name in _LINES)


_BY_ID = dict(zip(IMAGENET_IDS, IMAGENET_CLASSES, strict=True))


def imagenet_class(name: str) -> str | None:
    """The name of the class that is meant: by its WordNet id, also with something behind it, or by its name.

    So folders called n02123045, n02123045-tabby and tabby all hold what is here "tabby", and great_white_shark is the
    great white shark. Capitals count: a Cardigan is a dog, a cardigan is worn. None for what is no such class.
    """
    if re.match(r"n\d{8}(\D|$)", name):
        return _BY_ID.get(name[:9])
    name = name.replace("_", " ")
    return name if name in IMAGENET_CLASSES else None

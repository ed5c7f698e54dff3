"""The model card: what a network is, how it was trained, how good it is and what not to expect, for people to read."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from googlenet.data.preprocessing import Preprocessing
from googlenet.differences import differing, written
from googlenet.model import GoogLeNet
from googlenet.presets import Preset, presets
from googlenet.report.text import printable

WIDTH = 80  # columns
SHOWN = 20  # classes that are named
NOT_IN_THE_GRAPH = ("initial_weights", "initial_bias", "bias_lr", "bias_decay", "num_classes", "in_channels",
                    "image_size")  # fmt: skip
TRAINING = ("recipe", "optimizer", "lr", "schedule", "warmup", "momentum", "weight_decay", "batch_size", "accumulate",
            "label_smoothing", "average", "clip_norm", "augment", "jitter", "lighting", "cutout", "mixup", "init",
            "freeze")  # fmt: skip


def model_card(model: GoogLeNet, info: Mapping[str, Any]) -> str:
    """Markdown in 80 columns, from the network and what is noted of it (`load_model`).

    It has the headings of a card on Hugging Face or of timm. What is not known is said to be so; equal networks with
    equal notes have equal cards, so there is no date on it.
    """
    count = len(model.fc.weight)
    classes = "1 class" if count == 1 else f"{count:,} classes"
    sections = {
        f"# GoogLeNet, preset {printable(model.preset.name)}, {classes}": [
            "An image classifier: GoogLeNet (Inception v1) of minicnn-googlenet, written in NumPy."
        ],
        "## Model": _network(model, info),
        "## Input and output": _input_and_output(model, info),
        "## Training": _training(info),
        "## Evaluation": _evaluation(info),
        "## Use": [
            "    python -m googlenet predict WEIGHTS photo.jpg",
            "",
            "or in Python:",
            "",
            "    from pathlib import Path",
            "    from googlenet.weights import load_model",
            '    model, info = load_model(Path("WEIGHTS"))  # model(images) gives logits',
        ],
        "## Limits": _limits(model),
        "## License": ["Not stated: neither that of the images nor that of the weights is known to this file. Who "
                       "passes it on has to find out."],
    }  # fmt: skip
    return "\n\n".join("\n".join([heading, "", *map(_wrapped, texts)]) for heading, texts in sections.items()) + "\n"


def _network(model: GoogLeNet, info: Mapping[str, Any]) -> list[str]:
    everything = sum(parameter.data.size for parameter in model.parameters())
    heads = sum(p.data.size for head in (model.aux1, model.aux2) if head is not None for p in head.parameters())
    counts = f"- Parameters: {everything - heads:,}"
    if heads:
        counts += f", and {heads:,} in the auxiliary heads, which only training uses"
    return [
        "- Paper: Szegedy et al., Going Deeper with Convolutions, arXiv 1409.4842",
        f"- Preset: {printable(model.preset.name)}; {from_the_paper(model.preset)}",
        counts,
        *_origin(_mapping(info.get("imported"))),
    ]


def _origin(imported: Mapping[str, Any]) -> list[str]:
    """Of a network that the command `import` has brought: from which file, and what was done to it."""
    if not imported:
        return []
    steps = imported.get("steps")
    done = "; ".join(map(str, steps)) if steps and isinstance(steps, list | tuple) else "nothing was changed"
    text = f"imported from {imported.get('file')} ({imported.get('kind')}), --mode {imported.get('mode')}"
    return [f"- Origin: {printable(text)}; {printable(done)}"]


def from_the_paper(preset: Preset) -> str:
    """In which fields the network, once trained, differs from the paper's, in one sentence."""
    paper = presets["paper"]
    names = [name for name in differing([paper, preset]) if name not in NOT_IN_THE_GRAPH]
    each = [f"{name} {written(getattr(preset, name))} ({written(getattr(paper, name))})" for name in names]
    return f"differs from the paper (in brackets) in {', '.join(each)}" if each else "the paper's network"


def _input_and_output(model: GoogLeNet, info: Mapping[str, Any]) -> list[str]:
    size, channels, count = info["image_size"], model.conv1.conv.weight.shape[1], len(model.fc.weight)
    smallest = model.preset.smallest_image
    names = info.get("classes")
    return [
        f"- Images: (N, {channels}, {size}, {size}), float32; other sizes work from {smallest}x{smallest} on",
        f"- Preprocessing: {preprocessing_in_words(info.get('preprocessing'))}",
        f"- Logits: (N, {count}), float32; softmax makes them probabilities",
        f"- Classes: {_listed(names) if names else 'without names'}",
    ]


def preprocessing_in_words(preprocessing: Preprocessing | None) -> str:
    """The way from a photo to the network's input."""
    if preprocessing is None:
        return "not noted"
    p = preprocessing
    cut = "the middle, 7/8 of the shorter side," if p.crop == "center" else "the whole image"
    colors = {"L": "gray", "RGB": "RGB", "BGR": "BGR, blue first"}[p.order]
    mean, std = (", ".join(f"{value:.4g}" for value in values) for values in (p.mean, p.std))
    return (
        f"{cut} resized to {p.image_size}x{p.image_size}, {colors}; (pixel / 255 - mean) / std, mean {mean}, std {std}"
    )


def _training(info: Mapping[str, Any]) -> list[str]:
    data, options = _mapping(info.get("data")), _mapping(info.get("options"))
    if not options:
        return ["Not noted in this file."]
    used = [f"{name} {value}" for name in TRAINING if (value := options.get(name)) not in (None, "", "none", 0)]
    used.append(f"seed {options.get('seed')}")
    return [
        f"- Images: {printable(str(data.get('name', options.get('data', 'not noted'))))}",
        f"- Weights: {printable(str(info.get('weights', 'as trained')))}, after epoch {info.get('epoch')} of "
        f"{options.get('epochs')}",
        f"- Options of train.py: {printable(', '.join(used))}",
    ]


def _evaluation(info: Mapping[str, Any]) -> list[str]:
    accuracy, data = info.get("test_accuracy"), _mapping(info.get("data"))
    if not isinstance(accuracy, int | float) or not 0 <= accuracy <= 1:
        return ["Not measured: `python -m googlenet evaluate WEIGHTS --data FOLDER` does it."]
    images = f"the validation images of {printable(str(data['name']))}" if "name" in data else "its validation images"
    return [
        f"- Top-1 accuracy: {accuracy:.2%}, on {images}, one crop of each",
        "- The epoch was chosen by this accuracy, so on new images expect a little less.",
    ]


def _limits(model: GoogLeNet) -> list[str]:
    several = ["- Whatever an image shows, the answer is one of its classes.",
               "- The probabilities are not calibrated: 90 % does not mean right nine times out of ten.",
               "- On images of another kind than those it was trained on the accuracy is unknown."]  # fmt: skip
    if model.conv1.conv.weight.shape[1] == 1:
        several.append("- Images are taken as gray. Where it was trained on light on dark, it knows no dark on light.")
    return several


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(map(printable, names[:SHOWN])) + more


def _mapping(value: Any) -> Mapping[str, Any]:
    """The value, where it is a record; else an empty one, as for a file that an older version has written."""
    return value if isinstance(value, Mapping) else {}


def _wrapped(text: str) -> str:
    """In 80 columns; what is indented, code, is left as it is."""
    if text.startswith(" "):
        return text
    return textwrap.fill(text, WIDTH, subsequent_indent="  " if text[:2] == "- " else "", break_on_hyphens=False)

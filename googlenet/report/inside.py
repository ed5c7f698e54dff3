"""What the samples of a run have found inside the network (googlenet/training/probe.py), as parts of report.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from googlenet.report.charts import line_chart, percent
from googlenet.report.tables import bar, number, table

Records = Sequence[Mapping[str, Any]]  # one for each epoch, one at least
PARTS = ("main", "aux1", "aux2")


def gradients(records: Records) -> str:
    """Where the gradient of each block comes from, now and over the epochs."""
    last, epochs = records[-1], [record["epoch"] for record in records]
    blocks = list(last["blocks"])
    parts = [part for part in PARTS if any(f"norm_{part}" in numbers for numbers in last["blocks"].values())]

    def over_epochs(block: str, what: str) -> list[float | None]:
        return [record["blocks"].get(block, {}).get(what) for record in records]

    heads = ["block", "norm", *(f"from {part}" for part in parts), "", *(f"norm of {part}" for part in parts)]
    now = table("Gradients", heads, (
        [
            block, number(numbers["norm"]), *(number(numbers.get(part), percent) for part in parts),
            f'<td class="text">{parts_bar([numbers.get(part, 0.0) for part in parts])}</td>',
            *(number(numbers.get(f"norm_{part}")) for part in parts),
        ]
        for block, numbers in last["blocks"].items()
    ))  # fmt: skip
    shares = [
        line_chart(block, epochs, {part: over_epochs(block, part) for part in parts}, percents=True, limits=(0, 1))
        for block in blocks
        if sum(any(over_epochs(block, part)) for part in parts) > 1
    ]
    norm = {block: over_epochs(block, "norm") for block in blocks}
    norms = line_chart("Norm of the gradient", epochs, norm, log=True)
    norm_table = table("Norm of the gradient", ["norm, in epoch", *map(str, epochs)], (
        [block, *map(number, values)] for block, values in norm.items()
    ))  # fmt: skip
    over = (
        f'<h3>Shares over the epochs</h3><div class="columns">{"".join(shares)}</div>'
        '<p class="soft">In blocks that are not here all of the gradient comes from the main loss.</p>'
    )
    return (
        "<p>The gradient g of the weights of a block is a sum: what comes from the main loss, and from 0.3 times the "
        "loss of each auxiliary head, aux1 on 4a and aux2 on 4d. The share of a part is its projection on g as a "
        "fraction of g, (part · g) / (g · g). Shares add up to 100%. One below 0 pulls against the others, of which "
        f"one may then be above 100%. {samples(last)}</p>"
        f'{now}{over if shares else ""}<h3>Norms over the epochs</h3><div class="columns">{norms}</div>{norm_table}'
    )


def samples(record: Mapping[str, Any]) -> str:
    """What an epoch's numbers are means of."""
    count, images = record["samples"], record["images"]
    return f"Means over {count} sample{'s' * (count > 1)} of {images} training images in epoch {record['epoch']}."


def parts_bar(shares: Sequence[float]) -> str:
    """Shares that add up to 1, side by side from 0 on; those below 0 on the other side. From -0.5 to 1.5."""
    rects, ends = [], {True: 0.0, False: 0.0}
    for share in shares:
        side = share >= 0
        start, ends[side] = ends[side], ends[side] + share
        left, right = (50 + 100 * min(max(edge, -0.5), 1.5) for edge in sorted((start, ends[side])))
        rects.append(f'<rect x="{left:.1f}" width="{right - left:.1f}" height="16"/>')
    return f'<svg class="parts" viewBox="0 0 200 16" aria-hidden="true">{"".join(rects)}<path d="M50 0V16"/></svg>'


def relus(records: Records) -> str:
    """How many channels of each layer are never above 0."""
    seen = [record for record in records if record.get("dead")]
    if not seen:
        return "<p>Nobody has looked yet.</p>"
    first, last = seen[0], seen[-1]
    totals = [[sum(column) for column in zip(*record["dead"].values(), strict=True)] for record in seen]
    chart = line_chart(
        "Dead, of all channels", [record["epoch"] for record in seen],
        {"dead": [dead / channels for dead, channels in totals]}, percents=True, limits=(0,),
    )  # fmt: skip
    heads = ["layer", "channels", f"dead, epoch {first['epoch']}", f"dead, epoch {last['epoch']}", "share", ""]
    rows = (
        [
            layer, str(channels), str(first["dead"].get(layer, "–")[0]), str(dead), percent(dead / channels),
            bar(dead / channels),
        ]
        for layer, (dead, channels) in last["dead"].items()
    )  # fmt: skip
    return (
        "<p>A ReLU is called dead where its channel is 0 everywhere in all images of a sample: no gradient comes "
        f"through it. Here {last['images_for_relus']} training images; with so few, a channel may only wait for its "
        "kind.</p>"
        f'<div class="columns">{chart}</div>{table("Dead ReLUs", heads, rows)}'
    )


def times(records: Records) -> str:
    """What each layer takes forward and backward."""
    last = records[-1]
    sums = {layer: sum(both) for layer, both in last["times"].items()}
    whole, longest = sum(sums.values()), max(sums.values())
    rows = (
        [layer, *(f"{part:.3f}" for part in both), percent(sums[layer] / whole), bar(sums[layer] / longest)]
        for layer, both in last["times"].items()
    )
    return (
        f"<p>Milliseconds an image. {samples(last)} In training, where more images share what is fixed, each takes "
        "less. ReLUs and concatenations that are no layers of their own count forward with the next layer, backward "
        f"with none.</p>{table('Time', ['layer', 'forward', 'backward', 'of all', ''], rows)}"
    )

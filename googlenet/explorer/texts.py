"""Why? The page's short texts: paragraphs of the course, found by how they begin, so that nothing is written twice.

The course lies beside the package, in exercises/course. It is read as files, and nothing of it runs.
"""

from __future__ import annotations

import re
import textwrap
from html import escape
from pathlib import Path
from typing import NamedTuple

COURSE = Path(__file__).parents[2] / "exercises" / "course"


class Passage(NamedTuple):
    """A text of the page: its title, the exercise in whose text.md it stands, and how its paragraphs begin."""

    title: str
    exercise: str
    begins: tuple[str, ...]


PASSAGES = {
    "branches": Passage("Why four branches?", "inception/naive_block", ("How large is the thing in the picture?",
                        "                +--> 1x1 convolution")),
    "1x1": Passage("Why 1x1?", "convolution/conv1x1", ("A kernel of one pixel sees", "    y[n, k, i, j]",
                   "At every pixel, the C channels", "```python\n>>> print(528 *")),
    "reductions": Passage("Why reductions?", "inception/reduction_cost", ("The naive block is dear.",
                          "        x (512) ------", "A sixteenth. It is a bottleneck:")),
    "heads": Passage("Why heads?", "inception/auxiliary_head", ("GoogLeNet is 22 layers deep,",)),
    "total": Passage("Why three losses?", "inception/weighted_loss", ("In training GoogLeNet guesses three times:",
                     "    total = main", "(section 5 of the paper:")),
    "avgpool": Passage("Why average pooling?", "pooling/global_avg_pool", ("The last block of GoogLeNet leaves",
                       "The paper reports 0.6 %")),
    "maxpool": Passage("Why does one pixel get it all?", "pooling/max_pool2d", ("What happens to y if one x grows",)),
    "concat": Passage("Why concat?", "pooling/concat", ("The four branches of an Inception block",
                      "Nothing is computed,")),
    "lrn": Passage("Why normalize over channels?", "training/local_response_norm", ("Before batch norm there was this.",
                   "    s[c] = k + alpha")),
    "batchnorm": Passage("Why batch norm?", "training/batch_norm", ("Batch norm (Ioffe and Szegedy",
                         "    x_hat = (x - mean)")),
    "relu": Passage("Why so many zeros?", "dense/relu", ("y = max(x, 0):", "A unit whose x is negative")),
    "convolution": Passage("Why a sum of products?", "convolution/conv2d_loops", ("A dense layer gives every output",)),
    "spread": Passage("How does a gradient get into the patch?", "convolution/conv2d_loops", (
                      "Look at one term of the sum,", "    x[i + u, j + v]  gets", "One x lies in several patches,")),
    "sum": Passage("How do gradients add up?", "chain_rule/fan_out", ("A tensor may be used more than once:",
                   "If x grows a little,")),
    "crossentropy": Passage("Where does it begin?", "dense/cross_entropy", ("For an image of class t,",
                            "    d(-log p_t)/dx_k", "**What softmax gives,")),
}  # fmt: skip


def texts(course: Path = COURSE) -> dict[str, dict[str, str]]:
    """Title and HTML by key: those of PASSAGES that are there whole; none where there is no course."""
    found = {}
    for key, (title, exercise, begins) in PASSAGES.items():
        try:
            blocks = paragraphs((course / exercise / "text.md").read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        chosen = [next((block for block in blocks if block.startswith(begin)), "") for begin in begins]
        if all(chosen):
            found[key] = {"title": title, "html": "".join(map(html, chosen))}
    return found


def paragraphs(text: str) -> list[str]:
    """What empty lines separate. The first line keeps its indentation, which makes it a drawing or a formula."""
    return [block for block in re.split(r"(?:\n[ \t]*)+\n", text) if block.strip()]


def html(block: str) -> str:
    """A paragraph, or what is indented or fenced, as HTML; with `code`, **strong** and *emphasis*, as in Markdown."""
    if block.startswith(("    ", "```")):
        lines = "\n".join(line for line in block.splitlines() if not line.startswith("```"))
        return f"<pre>{escape(textwrap.dedent(lines), quote=False)}</pre>"
    text = escape(" ".join(block.split()), quote=False)
    parts = re.split(r"(`[^`]+`)", text)  # nothing is emphasized inside of code
    for number, part in enumerate(parts):
        if part.startswith("`") and len(part) > 1:
            parts[number] = f"<code>{part[1:-1]}</code>"
        else:
            part = re.sub(r"\*\*([^*\s][^*]*)\*\*", r"<strong>\1</strong>", part)
            parts[number] = re.sub(r"(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])", r"<em>\1</em>", part)
    return f"<p>{''.join(parts)}</p>"

"""Convolution at work: a kernel learns from examples what an edge is, and which color counts how much."""

from collections.abc import Callable

import numpy as np

import minicnn as mc
import minicnn.functional as F

EDGES = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])  # Sobel's kernel: what lies left minus what lies right
COLORS = np.array([0.3, 0.6, 0.1])  # how bright red, green and blue look
STEPS = 180


def run(say: Callable[[str], None]) -> bool:
    """Learn both from pictures and their edges alone; whether Sobel's kernel is found."""
    rng = np.random.default_rng(0)
    images = rectangles(rng, 6)
    gray = (COLORS[:, None, None] * images).sum(axis=1)
    fine, coarse = edges_of(gray), edges_of(np.pad(gray, ((0, 0), (1, 1), (1, 1))))[:, ::2, ::2]
    x, targets = mc.Tensor(images), [mc.Tensor(t[:, None]) for t in (fine, coarse)]
    mix = mc.Tensor(np.full((1, 3, 1, 1), 0.3), requires_grad=True)
    kernel = mc.Tensor(rng.normal(0, 0.1, (1, 1, 3, 3)), requires_grad=True)
    bias = mc.Tensor(np.zeros(1), requires_grad=True)
    optimizer = mc.optim.Adam([mix, kernel, bias], lr=0.05)

    say("six pictures in color -> 1x1 convolution -> 3x3 convolution -> their edges,")
    say("once at every place, and once with stride 2 and padding 1")
    for step in range(STEPS + 1):
        brightness = F.conv2d(x, mix)
        found = F.conv2d(brightness, kernel, bias), F.conv2d(brightness, kernel, bias, stride=2, padding=1)
        errors = [y - target for y, target in zip(found, targets, strict=True)]
        loss = (errors[0] * errors[0]).mean() + (errors[1] * errors[1]).mean()
        if step % 60 == 0:
            say(f"  step {step:3}   loss {loss.item():8.5f}")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    colors = mix.data[0, :, 0, 0]
    learned, colors = kernel.data[0, 0] * colors.sum(), colors / colors.sum()  # only their product is determined
    say("the kernel that it found         a picture, and the edges that it sees:")
    say("                                 > brighter to the right, < darker")
    numbers = [" ".join(f"{v + 0:6.2f}" for v in row) for row in learned.round(2)]
    say_beside(say, numbers, gray[-1], found[0].data[-1, 0])
    say("red {:.2f}, green {:.2f}, blue {:.2f}".format(*colors))
    reached = bool(np.allclose(learned, EDGES, atol=0.05) and np.allclose(colors, COLORS, atol=0.05))
    say("It is Sobel's kernel, by which the edges were made." if reached else f"It should have found\n{EDGES}")
    return reached


def rectangles(rng: np.random.Generator, count: int) -> np.ndarray:
    """Pictures (count, 3, 8, 8): two rectangles each, in random colors, on black."""
    images = np.zeros((count, 3, 8, 8))
    for image in images:
        for _ in range(2):
            top, left, height, width = rng.integers((0, 0, 3, 3), (5, 5, 6, 6))
            image[:, top : top + height, left : left + width] = rng.uniform(0.2, 1, (3, 1, 1))
    return images


def edges_of(gray: np.ndarray) -> np.ndarray:
    """What is to be learned, (N, H - 2, W - 2), without minicnn."""
    return (np.lib.stride_tricks.sliding_window_view(gray, (3, 3), axis=(1, 2)) * EDGES).sum(axis=(3, 4))


def say_beside(say: Callable[[str], None], lines: list[str], gray: np.ndarray, edges: np.ndarray) -> None:
    """Lines, a picture from dark to bright, and edges, side by side: a character is half as wide as a pixel."""
    pictured = ["".join(" .:-=+*#%@"[int(v * 9.99)] * 2 for v in row) for row in gray]
    drawn = ["".join("<" if v > 0.5 else ">" if v < -0.5 else "." for v in row for _ in range(2)) for row in edges]
    for i in range(len(pictured)):
        left, right = (part[i] if i < len(part) else "" for part in (lines, drawn))
        say(f"  {left:31}{pictured[i]:16}      {right}".rstrip())

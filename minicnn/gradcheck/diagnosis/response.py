"""Normalization across neighboring channels (LRN): its terms are read from the derivatives, then tried otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Evidence
from minicnn.gradcheck.diagnosis.losses import Mistake, first_that_explains


def response_normalization(e: Evidence) -> str:
    """grad_x[c] = g[c] s[c]^-beta + x[c] (sum of T[c'] over a window),  T[c'] = dy[c']/dx[c] g[c'] / x[c] for any c.

    Away from its own channel x[c] acts on y[c'] through s[c'] alone, so T does not depend on c: by that it is known.
    """
    if e.derivatives() is None or e.y.shape != e.x.shape or e.x.ndim < 2 or e.x.shape[1] < 2 or e.is_elementwise():
        return ""
    terms = Terms(e)
    if not terms.found:
        return ""
    sentence = first_that_explains(e, _mistakes(terms))
    return f"In the normalization across channels {sentence}" if sentence else ""


class Terms:
    """own = g s^-beta and T, both (places, channels), and the window: x[c] acts on y[c - before] to y[c + after]."""

    def __init__(self, e: Evidence) -> None:
        self.found, self.channels, self.said = False, e.x.shape[1], e.found
        self.indices = _by_channel(np.arange(e.x.size).reshape(e.x.shape))
        self.x, self.g = _by_channel(e.x), _by_channel(e.grad_y)
        jacobian = e.derivatives()
        assert jacobian is not None
        local = jacobian[self.indices[:, :, None], self.indices[:, None, :]]  # (places, c, c'): dy[c']/dx[c]
        if np.count_nonzero(jacobian) != np.count_nonzero(local):
            return
        diagonal = np.arange(self.channels)
        with np.errstate(all="ignore"):
            t = local / self.x[:, :, None] * self.g[:, None, :]
        t[local == 0] = np.nan
        t[:, diagonal, diagonal] = np.nan
        if np.isnan(t).all(axis=1).any():
            return
        self.t = np.nanmedian(t, axis=1)
        if np.nanmax(np.abs(t - self.t[:, None, :])) > 1e-4 * np.abs(self.t).max():
            return
        c, other = np.nonzero((local != 0).any(axis=0))
        self.before, self.after = int((c - other).max()), int((other - c).max())
        self.own = local[:, diagonal, diagonal] * self.g - self.x * self.t
        rounding = 1e-6 * np.abs(e.expected).max()
        true = self.gradient(self.own, self.window(self.t))
        self.found = np.allclose(true, e.expected, rtol=1e-4, atol=rounding)

    def gradient(self, own: np.ndarray, through: np.ndarray) -> np.ndarray:
        """own + x through, in the places of x."""
        result = np.empty(self.indices.size)
        result[self.indices] = own + self.x * through
        return result.reshape(self.said.shape)

    def scaled(self, through: np.ndarray) -> np.ndarray:
        """own + k x through, with the number k that comes closest to what backward says."""
        part, rest = self.gradient(0 * self.own, through), self.said - self.gradient(self.own, 0 * through)
        return self.gradient(self.own, through * ((rest * part).sum() / (part * part).sum()))

    def window(self, values: np.ndarray, before: int | None = None, after: int | None = None) -> np.ndarray:
        """The sum over the channels from c - before to c + after."""
        before, after = self.before if before is None else before, self.after if after is None else after
        padded, result = np.pad(values, ((0, 0), (before, after))), np.zeros_like(values)
        for k in range(before + after + 1):
            result += padded[:, k : k + self.channels]
        return result


def _mistakes(terms: Terms) -> Iterator[Mistake]:
    own, t, x, before, after = terms.own, terms.t, terms.x, terms.before, terms.after
    through = terms.window(t)
    text = "the term through s, the sum over neighboring channels, is missing: s is taken for a constant."
    yield text, terms.gradient(own, 0 * t)
    if before != after:
        text = f"the window is not mirrored: what x[c] acts on lies from c - {before} to c + {after}."
        yield text, terms.gradient(own, terms.window(t, after, before))
    yield "the term through s lacks its sum: only x's own channel counts.", terms.gradient(own, t)
    for b in range(terms.channels):
        for a in range(terms.channels):
            text = (
                f"the window of the term through s runs from c - {b} to c + {a}, not from c - {before} to c + {after}."
            )
            yield text, terms.gradient(own, terms.window(t, b, a))
    for count in (-1, 0.5, 2, 1 / terms.channels, terms.channels):
        text = (
            "has the wrong sign." if count == -1 else f"counts {count:.4g} times: a factor is missing, or one too much."
        )
        yield f"the term through s {text}", terms.gradient(own, count * through)
    with np.errstate(all="ignore"):
        s = own * x / t  # up to a factor: T is -2 alpha beta / size g x s^(-beta - 1)
        for power, name in ((1, "-beta"), (2, "-beta + 1"), (-1, "-beta - 2")):
            text = f"the term through s has the exponent {name}, where it should be -beta - 1."
            yield text, terms.scaled(terms.window(t * s**power))
    yield "the term through s counts with another factor.", terms.scaled(through)
    yield "the term through s lacks its factor x.", terms.gradient(own + through, 0 * t)
    yield "grad_y is not divided by the power of s: the first term is grad_y s^-beta.", terms.gradient(terms.g, through)


def _by_channel(x: np.ndarray) -> np.ndarray:
    """x (N, C, ...) -> (places, C)."""
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])

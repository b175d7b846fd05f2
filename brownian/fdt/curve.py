"""Fluctuation and response side by side, as a verdict keeps and a picture shows them."""

import math
from typing import NamedTuple

import numpy as np


class Curve(NamedTuple):
    """Fluctuation against response: [C(0) - C(t)] / kT of the first component beside x_f(t) / f, by lag t [T].

    fluctuation: from the trajectory [L^2/E]; error: standard error of its difference from ``response``; line: pairs of
    time and response to draw a line through.
    """

    times: tuple[float, ...]
    fluctuation: tuple[float, ...]
    error: tuple[float, ...]
    response: tuple[float, ...]
    line: tuple[tuple[float, float], ...]


def curve_of(times, values, response, error=0.0):
    """The curve from values of independent groups (groups, lags), with the standard error of the response."""
    spread = np.hypot(values.std(axis=0, ddof=1) / math.sqrt(len(values)), error)
    mean = values.mean(axis=0)
    return Curve(
        tuple(times.tolist()), tuple(mean.tolist()), tuple(spread.tolist()), tuple(response.tolist()),
        line_of(times, response),
    )  # fmt: skip


def line_of(times, response):
    """Pairs of time and response, from zero on."""
    return ((0.0, 0.0), *zip(times.tolist(), response.tolist(), strict=True))

"""The fluctuation-dissipation verdict as one figure."""

import numpy as np

from .look import MUTED, THEORY, figure

_COLOURS = {"pass": "#3f90da", "fail": "#bd1f01", "note": MUTED}


def verdict(judged, *, axes=None):
    """Deviations of all tests in standard errors, and R = <eta eta> / (2 lambda kT) with its exact interval.

    Parameters
    ----------
    judged
        A ``Verdict``, or several by name (a dictionary): their R are drawn side by side, the tests of the first.
    axes
        Two axes; None makes them.

    Returns
    -------
    ndarray of two Axes
    """
    named = judged if isinstance(judged, dict) else {"this run": judged}
    first = next(iter(named.values()))
    lines = [line for line in first.lines if line.kind == "statistical"]
    if axes is None:
        _, axes = figure(1, 2, figsize=(11.0, 0.9 + 0.24 * max(12, len(lines))), width_ratios=[1.35, 1.0])
    left, right = axes
    heights = -np.arange(len(lines), dtype=float)
    for height, line in zip(heights, lines, strict=True):
        colour = _COLOURS[line.verdict]
        left.plot([0.0, np.clip(line.z, -8.0, 8.0)], [height, height], color=colour, lw=1.4)
        left.plot(np.clip(line.z, -8.0, 8.0), height, "o" if line.verdict == "pass" else "X", color=colour, ms=5)
    left.axvspan(-2.0, 2.0, color=MUTED, alpha=0.18, lw=0)
    left.axvline(0.0, color="black", lw=0.8)
    left.set_yticks(heights, [line.name for line in lines], fontsize=8)
    left.set(xlim=(-8.5, 8.5), xlabel="deviation [standard errors]", title=f"{first.verdict}: {len(lines)} tests")
    shown = {name: one.headline for name, one in named.items() if one.headline is not None}
    for k, (name, headline) in enumerate(shown.items()):
        colour = _COLOURS["fail" if named[name].verdict == "fail" else "pass"]
        low, high = headline.interval
        right.plot([low, high], [-k, -k], color=colour, lw=3, solid_capstyle="butt")
        right.plot(headline.ratio, -k, "o", color="white", mec=colour, ms=6)
    right.axvline(1.0, **THEORY)
    right.set_yticks(-np.arange(len(shown)), [f"{name}\n{named[name].verdict}" for name in shown])
    right.set(ylim=(0.6 - len(shown), 0.4), xlabel=r"$R = \langle\eta\eta\rangle / 2\lambda k_BT$")
    right.set_title("noise over dissipation, exact interval")
    return axes

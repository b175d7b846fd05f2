"""The fluctuation-dissipation verdict as one figure."""

import numpy as np

from ..arguments import a_verdict_or_several, checked, several_axes
from .look import MUTED, THEORY, figure

_COLOURS = {"pass": "#3f90da", "fail": "#bd1f01", "note": MUTED}
_SEVERAL = ("#3f90da", "#ffa90e", "#92dadd", "#832db6", "#a96b59")


@checked(judged=a_verdict_or_several, axes=several_axes(2, 3))
def verdict(judged, *, axes=None):
    """Deviations of all tests in standard errors, R with its exact interval, and fluctuation against response.

    R = <eta eta> / (2 lambda kT).  Fluctuation: [C(0) - C(t)] / kT measured, response: x_f(t) / f (dashed), both over
    the largest response.

    Parameters
    ----------
    judged
        A ``Verdict``, or several by name (a dictionary): of the first the tests are drawn, of all R, and of those that
        pass the response (of all, if none does).
    axes
        Two axes or three; None makes them.  The third is for the response; it is not made where no verdict has a curve.

    Returns
    -------
    ndarray of Axes
    """
    named = judged if isinstance(judged, dict) else {"this run": judged}
    first = next(iter(named.values()))
    curves = {name: one for name, one in named.items() if one.curve is not None}
    sound = {name: one for name, one in curves.items() if one.verdict == "pass"}
    curves = {name: one.curve for name, one in (sound or curves).items()}
    lines = [line for line in first.lines if line.kind == "statistical"]
    if axes is None:
        ratios = [1.35, 1.0, 1.0][: 3 if curves else 2]
        size = (4.7 * sum(ratios), 0.9 + 0.24 * max(12, len(lines)))
        _, axes = figure(1, len(ratios), figsize=size, width_ratios=ratios)
    _tests(axes[0], first, lines)
    _strengths(axes[1], named)
    if len(axes) > 2 and curves:
        _responses(axes[2], curves)
    return axes


def _tests(ax, judged, lines):
    heights = -np.arange(len(lines), dtype=float)
    for height, line in zip(heights, lines, strict=True):
        colour = _COLOURS[line.verdict]
        ax.plot([0.0, np.clip(line.z, -8.0, 8.0)], [height, height], color=colour, lw=1.4)
        ax.plot(np.clip(line.z, -8.0, 8.0), height, "o" if line.verdict == "pass" else "X", color=colour, ms=5)
    ax.axvspan(-2.0, 2.0, color=MUTED, alpha=0.18, lw=0)
    ax.axvline(0.0, color="black", lw=0.8)
    ax.set_yticks(heights, [line.name for line in lines], fontsize=8)
    ax.set(xlim=(-8.5, 8.5), xlabel="deviation [standard errors]", title=f"{judged.verdict}: {len(lines)} tests")


def _strengths(ax, named):
    shown = {name: one.headline for name, one in named.items() if one.headline is not None}
    for k, (name, headline) in enumerate(shown.items()):
        colour = _COLOURS["fail" if named[name].verdict == "fail" else "pass"]
        low, high = headline.interval
        ax.plot([low, high], [-k, -k], color=colour, lw=3, solid_capstyle="butt")
        ax.plot(headline.ratio, -k, "o", color="white", mec=colour, ms=6)
    ax.axvline(1.0, **THEORY)
    ax.set_yticks(-np.arange(len(shown)), [f"{name}\n{named[name].verdict}" for name in shown])
    ax.set(ylim=(0.6 - len(shown), 0.4), xlabel=r"$R = \langle\eta\eta\rangle / 2\lambda k_BT$")
    ax.locator_params(axis="x", nbins=6)
    ax.set_title("noise over dissipation, exact interval")


def _responses(ax, curves):
    for k, (name, curve) in enumerate(curves.items()):
        t, response = np.array(curve.line).T
        size = response.max()
        ax.plot(t, response / size, **THEORY | {"zorder": 2}, label="response" if k == 0 else None)
        ax.errorbar(
            curve.times, np.array(curve.fluctuation) / size, np.array(curve.error) / size, fmt="o", ms=4,
            elinewidth=1.0, color=_SEVERAL[k % len(_SEVERAL)], zorder=3,
            label=name if len(curves) > 1 else "fluctuation",
        )  # fmt: skip
    ax.set(xlabel="time", ylabel=r"$[C(0) - C(t)]\,/\,k_BT$ over the largest response")
    ax.set_title("fluctuation against response")
    ax.legend(loc="lower right")

"""A sweep at a glance: every quantity against what was varied, with standard errors over replicas."""

import collections
import math

import numpy as np

from ..arguments import a_sweep, checked, texts
from .look import THEORY, style

PANELS, LINES = 12, 8  # of a picture, of a legend
SPAN = 30.0  # ratio of positive values from which an axis is logarithmic


@checked(found=a_sweep, quantities=texts)
def sweep(found, quantities=None):
    """Draw a ``Sweep``: a panel for each quantity, a line for each choice of the other parameters.

    Parameters
    ----------
    found
        What ``brownian.sweeps.sweep`` returned.
    quantities
        Names of the quantities to draw; None: the 12 measured at most combinations.

    Returns
    -------
    Figure
        Along x is the first parameter that varies and is a number (else the first, or the number of the combination);
        bars are standard errors over replicas, or of the job where there is one replica; expectations are dashed.
    """
    from matplotlib.figure import Figure

    counts = collections.Counter(one.name for one in found.quantities)
    names = list(quantities or [name for name, _ in counts.most_common(PANELS)])
    unknown = [name for name in names if name not in counts]
    if unknown or not names:
        raise ValueError(f"quantities = {unknown}, but the sweep measured {', '.join(counts) or 'nothing'}")
    along = _along(found.varied)
    labels = list(dict.fromkeys(_label(one, found.varied, along) for one in found.quantities))
    columns = min(3, len(names))
    rows = math.ceil(len(names) / columns)
    with style():
        drawn = Figure(
            figsize=(6.4 if columns == 1 else 4.6 * columns, 4.2 if rows == 1 else 3.4 * rows), layout="constrained"
        )
        axes = drawn.subplots(rows, columns, squeeze=False).ravel()
        for ax, name in zip(axes, names, strict=False):
            _panel(ax, name, [one for one in found.quantities if one.name == name], found.varied, along, labels)
        for ax in axes[len(names) :]:
            ax.remove()
        drawn.suptitle(f"{found.name}: {len(found.records)} jobs")
    return drawn


def _along(varied):
    several = [name for name, values in varied.items() if len(values) > 1] or list(varied)
    return next((name for name in several if _numeric(varied[name])), several[0] if several else None)


def _numeric(values):
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _label(one, varied, along):
    others = {key: value for key, value in one.varied.items() if key != along and len(varied[key]) > 1}
    return ", ".join(f"{key} = {value}" for key, value in others.items())


def _panel(ax, name, found, varied, along, labels):
    lines: dict[str, list] = {}
    for one in found:
        lines.setdefault(_label(one, varied, along), []).append(one)
    values = varied.get(along, [None])
    numeric = _numeric(values)
    for k, (label, ones) in enumerate(lines.items()):
        x = np.array(
            [one.varied[along] if numeric else values.index(one.varied.get(along)) for one in ones], dtype=float
        )
        order = np.argsort(x, kind="stable")
        mean, error, expected = (np.array([_number(getattr(ones[j], key)) for j in order])
                                 for key in ("mean", "standard_error", "expected"))  # fmt: skip
        own = np.array([_number(ones[j].own_error) for j in order])
        error = np.where(np.isnan(error), own, error)
        look = {"color": f"C{labels.index(label)}", "fmt": "o-", "markersize": 4.0, "linewidth": 0.8, "elinewidth": 1.0}
        ax.errorbar(x[order], mean, np.nan_to_num(error), label=label or None, **look)
        if not np.all(np.isnan(expected)):
            marker = {"marker": "_", "markersize": 12.0} if len(order) == 1 else {}
            ax.plot(x[order], expected, label="expected" if k == 0 else None, **THEORY, **marker)
    if numeric and min(values) > 0 and max(values) / min(values) >= SPAN:
        ax.set_xscale("log")
    if not numeric:
        ax.set_xticks(range(len(values)), [str(value) for value in values])
    means = [one.mean for one in found]
    if min(means) > 0 and max(means) / min(means) >= SPAN:
        ax.set_yscale("log")
    unit = f" [{found[0].unit}]" if found[0].unit else ""
    ax.set(xlabel=along or "", ylabel=f"{name}{unit}" if len(name) < 40 else "")
    if len(name) >= 40:
        ax.set_title(f"{name}{unit}", fontsize="small")
    if 0 < len(ax.get_legend_handles_labels()[1]) <= LINES:
        ax.legend(fontsize="small")


def _number(value):
    return math.nan if value is None else float(value)

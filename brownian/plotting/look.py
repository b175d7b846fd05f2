"""The look of all pictures, and axes to draw on."""

import pathlib

from ..arguments import checked, count

_STYLE = pathlib.Path(__file__).with_name("brownian.mplstyle")
THEORY = {"color": "black", "linestyle": "--", "linewidth": 1.2, "zorder": 3}
MUTED = "#94a4a2"


def style():
    """Context manager with the project's style (colour-blind-safe colours, few lines).

    Source of the colours: Petroff, arXiv:2107.02270 (2021).
    """
    import matplotlib.pyplot as plt

    return plt.style.context(str(_STYLE))


@checked(rows=count, columns=count)
def figure(rows=1, columns=1, **options):
    """A figure and its axes in the project's style.

    Returns
    -------
    figure, axes
        As ``matplotlib.pyplot.subplots`` returns them.
    """
    import matplotlib.pyplot as plt

    with style():
        size = (6.4 if columns == 1 else 5.2 * columns, 4.2 * rows)
        return plt.subplots(rows, columns, **{"figsize": size, "layout": "constrained"} | options)


def axes_or_new(ax):
    """The axes given, or those of a new figure."""
    return figure()[1] if ax is None else ax


def unit_label(units, quantity, power=""):
    """The text `` [nm]`` for an axis; empty without units."""
    return units.label(quantity, power) if units is not None else ""

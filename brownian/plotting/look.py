"""The look of all pictures, and axes to draw on."""

import os
import pathlib

import numpy as np

from ..arguments import checked, count

_STYLE = pathlib.Path(__file__).with_name("brownian.mplstyle")
THEORY = {"color": "black", "linestyle": "--", "linewidth": 1.2, "zorder": 3}
MUTED = "#94a4a2"
MOST = 1000  # rows or columns of axes


def style():
    """Context manager with the project's style (colour-blind-safe colours, few lines).

    Source of the colours: Petroff, arXiv:2107.02270 (2021).
    """
    import matplotlib.pyplot as plt

    return plt.style.context(str(_STYLE))


def few(name, value):
    """How many axes a figure has in one direction."""
    count(name, value)
    if value > MOST:
        raise ValueError(f"{name} must be at most {MOST}, got {value}")


@checked(rows=few, columns=few)
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


def picture_file(path, formats=None):
    """The path of a picture, before anything is drawn.

    Raises
    ------
    ValueError
        for an ending that is none of ``formats`` (without a dot; None: all that Matplotlib writes).
    OSError
        if there is no such folder, or the picture could not be written there.
    """
    from matplotlib.backend_bases import FigureCanvasBase

    path = pathlib.Path(path)
    formats = sorted(formats or FigureCanvasBase.get_supported_filetypes())
    if path.suffix[1:].lower() not in formats:
        raise ValueError(f"{path}: the name of the picture must end in {', '.join(f'.{name}' for name in formats)}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.parent}")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise PermissionError(f"{path}: cannot be written")
    return path


def save(figure, path):
    """Write a figure to a file, and close it."""
    import matplotlib.pyplot as plt

    figure.savefig(path, dpi=150)
    plt.close(figure)


def axes_or_new(ax):
    """The axes given, or those of a new figure."""
    return figure()[1] if ax is None else ax


def check_lengths(name, points, axes=1, **values):
    """ValueError unless values, with at most so many axes, hold one for each of the points, whose name is given."""
    for other, value in values.items():
        if value is not None and not (np.shape(value)[:1] == points.shape and np.ndim(value) <= axes):
            raise ValueError(
                f"{name} and {other} of shapes {points.shape} and {np.shape(value)}, but one of {other} for each of "
                f"{name} is needed"
            )


def unit_label(units, quantity, power=""):
    """The text `` [nm]`` for an axis; empty without units."""
    return units.label(quantity, power) if units is not None else ""

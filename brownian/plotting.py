"""Pictures: functions that take and return an Axes; theory is a black dashed line, units are on the axes.

Nothing is shown and no global setting is touched: use ``with plotting.style():`` or ``plotting.figure()``.
"""

import pathlib

_STYLE = pathlib.Path(__file__).with_name("brownian.mplstyle")
THEORY = {"color": "black", "linestyle": "--", "linewidth": 1.2, "zorder": 3}


def style():
    """Context manager with the project's style (colour-blind-safe colours, few lines)."""
    import matplotlib.pyplot as plt

    return plt.style.context(str(_STYLE))


def figure(rows=1, columns=1, **options):
    """A figure and its axes in the project's style.

    Returns
    -------
    figure, axes
        As ``matplotlib.pyplot.subplots`` returns them.
    """
    import matplotlib.pyplot as plt

    with style():
        size = (6.4 * columns if columns == 1 else 5.2 * columns, 4.2 * rows)
        return plt.subplots(rows, columns, **{"figsize": size, "layout": "constrained"} | options)


def _axes(ax):
    return figure()[1] if ax is None else ax


def with_errors(x, estimate, *, ax=None, label=None, **options):
    """Points with one standard error each."""
    ax = _axes(ax)
    look = {"fmt": "o", "elinewidth": 1.0, "markersize": 4.0} | options
    ax.errorbar(x, estimate.value, estimate.error, label=label, **look)
    return ax


def theory(x, y, *, ax=None, label="theory"):
    """A black dashed line."""
    ax = _axes(ax)
    ax.plot(x, y, label=label, **THEORY)
    return ax


def msd(times, estimate, *, ax=None, expected=None, mass=None, friction=None, kT=None, units=None):
    """Mean squared displacement per component, log-log, with ballistic and diffusive guides.

    Parameters
    ----------
    times, estimate
        As ``statistics.displacement_msd`` returns them.
    expected
        Theory at the times, drawn dashed.
    mass, friction, kT
        If given: guides kT t^2 / m and 2 kT t / friction.
    units
        A set of ``brownian.units`` for the labels.
    """
    ax = _axes(ax)
    with_errors(times, estimate, ax=ax, label="simulation")
    if kT is not None and mass is not None:
        early = times[times < 2.0 * mass / friction]
        ax.plot(early, kT / mass * early**2, color="#94a4a2", lw=1.0, label=r"ballistic, $k_BT\,t^2/m$")
    if kT is not None and friction is not None:
        late = times[times > 0.5 * (mass or 0.0) / friction]
        ax.plot(late, 2.0 * kT / friction * late, color="#ffa90e", lw=1.0, label=r"diffusive, $2Dt$")
    if expected is not None:
        theory(times, expected, ax=ax)
    ax.set(xscale="log", yscale="log", xlabel=f"time{_unit(units, 'time')}")
    ax.set_ylabel(f"mean squared displacement{_unit(units, 'length', '²')}")
    ax.legend()
    return ax


def density(edges, estimate, *, ax=None, label=None, **options):
    """A histogram as points at the middle of the bins, with one standard error each."""
    return with_errors((edges[1:] + edges[:-1]) / 2.0, estimate, ax=ax, label=label, **options)


def boltzmann(x, potential, kT, *, ax=None, units=None):
    """The Boltzmann density exp(-U/kT)/Z of a one-dimensional potential, dashed."""
    from .theory import boltzmann_density

    ax = _axes(ax)
    theory(x, boltzmann_density(x, potential.profile, kT=kT), ax=ax, label="Boltzmann")
    ax.set(xlabel=f"position{_unit(units, 'length')}", ylabel=f"density{_unit(units, 'length', '⁻¹')}")
    return ax


def _unit(units, quantity, power=""):
    return units.label(quantity, power) if units is not None else ""

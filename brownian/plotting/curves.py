"""Curves with error bars and theory: mean squared displacement and the like."""

from .look import MUTED, THEORY, axes_or_new, unit_label


def with_errors(x, estimate, *, ax=None, label=None, **options):
    """Points with one standard error each."""
    ax = axes_or_new(ax)
    look = {"fmt": "o", "elinewidth": 1.0, "markersize": 4.0} | options
    ax.errorbar(x, estimate.value, estimate.error, label=label, **look)
    return ax


def theory(x, y, *, ax=None, label="theory"):
    """A black dashed line."""
    ax = axes_or_new(ax)
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
    ax = axes_or_new(ax)
    with_errors(times, estimate, ax=ax, label="simulation")
    if kT is not None and mass is not None:
        early = times[times < 2.0 * mass / friction]
        ax.plot(early, kT / mass * early**2, color=MUTED, lw=1.0, label=r"ballistic, $k_BT\,t^2/m$")
    if kT is not None and friction is not None:
        late = times[times > 0.5 * (mass or 0.0) / friction]
        ax.plot(late, 2.0 * kT / friction * late, color="#ffa90e", lw=1.0, label=r"diffusive, $2Dt$")
    if expected is not None:
        theory(times, expected, ax=ax)
    ax.set(xscale="log", yscale="log", xlabel=f"time{unit_label(units, 'time')}")
    ax.set_ylabel(f"mean squared displacement{unit_label(units, 'length', '²')}")
    ax.legend()
    return ax

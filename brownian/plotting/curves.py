"""Curves with error bars and theory: mean squared displacement and the like."""

import numpy as np

from ..arguments import checked, numbers, numbers_by_name, positive, row, sequences
from .look import MUTED, THEORY, axes_or_new, check_lengths, unit_label


@checked
def with_errors(x, estimate, *, ax=None, label=None, **options):
    """Points with one standard error each."""
    check_lengths("x", x, estimate=estimate.value, error=estimate.error if np.ndim(estimate.error) else None)
    ax = axes_or_new(ax)
    look = {"fmt": "o", "elinewidth": 1.0, "markersize": 4.0} | options
    ax.errorbar(x, estimate.value, estimate.error, label=label, **look)
    return ax


@checked(y=numbers)
def theory(x, y, *, ax=None, label="theory"):
    """A black dashed line; or several, where y has columns."""
    check_lengths("x", x, axes=2, y=y)
    ax = axes_or_new(ax)
    ax.plot(x, y, label=label, **THEORY)
    return ax


@checked(times=row, mass=positive, friction=positive, kT=positive)
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
    check_lengths("times", times, estimate=estimate.value, expected=expected)
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


@checked(steps=row, errors=sequences, orders=numbers_by_name)
def convergence(steps, errors, *, ax=None, orders=None, units=None):
    """Errors against the step, log-log, with a slope triangle for each stated order.

    Parameters
    ----------
    steps
        Steps dt [T].
    errors
        One sequence of absolute errors per scheme: a dictionary by name.
    orders
        The order that each scheme states, by name.
    """
    for name, values in errors.items():
        check_lengths("steps", steps, **{f"errors[{name!r}]": values})
    ax = axes_or_new(ax)
    for (name, values), marker in zip(errors.items(), "osD^vP*X" * 4, strict=False):
        (line,) = ax.plot(steps, values, marker=marker, label=name)
        order = (orders or {}).get(name)
        if order is not None and len(steps) > 1:
            left, right = np.sort(steps)[:2]
            foot = 0.55 * float(np.asarray(values)[np.argmin(steps)])
            corner = foot * (right / left) ** order
            ax.plot([left, right, right, left], [foot, foot, corner, foot], color=line.get_color(), lw=0.9)
            ax.annotate(
                f"{order:g}", (right, np.sqrt(foot * corner)), xytext=(3, 0), textcoords="offset points", va="center"
            )
    ax.set(xscale="log", yscale="log", xlabel=f"step{unit_label(units, 'time')}", ylabel="error")
    ax.legend()
    return ax

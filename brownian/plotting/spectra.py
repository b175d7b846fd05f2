"""Velocity autocorrelation and power spectra."""

import numpy as np

from ..arguments import a_fit, checked, row, several_axes
from .curves import theory, with_errors
from .look import MUTED, THEORY, axes_or_new, check_lengths, figure, unit_label


@checked(times=row)
def vacf(times, estimate, *, ax=None, expected=None, units=None):
    """Absolute velocity autocorrelation per component against the lag, semi-logarithmic.

    Parameters
    ----------
    times, estimate
        As ``analysis.vacf`` returns them.
    expected
        Theory at the times, drawn dashed.
    units
        A set of ``brownian.units`` for the labels.
    """
    check_lengths("times", times, estimate=estimate.value, expected=expected)
    ax = axes_or_new(ax)
    seen = np.abs(estimate.value) > 2.0 * estimate.error
    kept = type(estimate)(np.abs(estimate.value[seen]), estimate.error[seen], estimate.samples)
    with_errors(times[seen], kept, ax=ax, label="simulation, above 2 standard errors")
    ax.plot(times, 2.0 * estimate.error, color=MUTED, lw=1.0, label="2 standard errors")
    if expected is not None:
        theory(times, np.abs(expected), ax=ax)
    speed = f" [{units.length}²/{units.time}²]" if units is not None and units.length else ""
    ax.set(yscale="log", xlabel=f"lag{unit_label(units, 'time')}", ylabel=f"|velocity autocorrelation|{speed}")
    floor = 0.2 * float(np.min(estimate.error[estimate.error > 0.0], initial=np.inf))
    if np.isfinite(floor):
        ax.set_ylim(bottom=floor)
    ax.legend()
    return ax


@checked(fit=a_fit, axes=several_axes(2, 2))
def psd(fit, *, axes=None, units=None):
    """A fitted spectrum, one-sided per frequency, log-log, and below it data / fit with one standard error.

    Parameters
    ----------
    fit
        What ``analysis.fit_trap`` or ``analysis.calibrate(...).fit`` returns; it knows aliasing and finite length.
    axes
        Two axes, spectrum and residuals; None makes them.

    Returns
    -------
    ndarray of two Axes
    """
    if axes is None:
        _, axes = figure(2, 1, figsize=(6.4, 5.2), sharex=True, height_ratios=[3, 1])
    above, below = axes
    second = units.time_si if units is not None and units.time else 1.0  # in hertz where units have a size
    frequency, measured = fit.omega / (2.0 * np.pi) / second, fit.measured
    twice = type(measured)(2.0 * second * measured.value, 2.0 * second * measured.error, measured.samples)
    with_errors(frequency, twice, ax=above, label="simulation")
    above.plot(frequency, 2.0 * second * fit.expected, label="fit", **THEORY)
    above.axvline(float(fit.corner_frequency.value) / second, color=MUTED, lw=1.0)
    spectrum = f" [{units.length}²/Hz]" if units is not None and units.length else ""
    above.set(xscale="log", yscale="log", ylabel=f"power spectrum{spectrum}")
    above.legend()
    relative = type(measured)(measured.value / fit.expected, measured.error / fit.expected, measured.samples)
    with_errors(frequency, relative, ax=below)
    below.axhline(1.0, **THEORY)
    per = " [Hz]" if units is not None and units.time else ""
    below.set(xlabel=f"frequency{per}", ylabel="data / fit")
    return axes

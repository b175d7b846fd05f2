"""Averages with standard errors over independent values: particles, replicas, blocks.

Independent particles carry an error without any model of correlations.  Series of one particle: see `analysis.series`.
"""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import ascending, checked, positive
from ..theory.checks import finite, together
from .wrapping import refuse_wrapped


class TooFewData(ValueError):
    """The data are sound, but too few for what was asked; the message says how many would do."""


class Estimate(NamedTuple):
    """A mean and its standard error, over ``samples`` independent values; arrays where many are estimated at once.

    ``samples`` is the number of independent values that the error rests on (particles, blocks): a confidence interval
    takes its quantiles from Student's t with samples - 1 degrees of freedom.
    """

    value: Any
    error: Any
    samples: int

    @checked
    def z(self, expected):
        """Return (value - expected) / error."""
        together(value=self.value, expected=expected)
        return np.subtract(self.value, expected) / self.error

    @checked
    def interval(self, confidence=0.95):
        """Return the bounds (low, high) of a confidence interval: value -+ t error.

        Examples
        --------
        >>> from brownian.analysis.statistics import Estimate
        >>> low, high = Estimate(1.0, 0.1, 10).interval(0.95)
        >>> print(f"{low:.4f} {high:.4f}")
        0.7738 1.2262
        """
        from scipy.special import stdtrit

        reach = stdtrit(self.samples - 1, 0.5 + confidence / 2.0) * self.error
        return self.value - reach, self.value + reach


@checked
def mean(values, axis=0):
    """Mean over independent values along an axis.

    Parameters
    ----------
    values
        Independent along ``axis``; at least two.

    Returns
    -------
    Estimate
        mean, and standard deviation / sqrt(number).

    Raises
    ------
    ValueError
        for fewer than two values, or values that are not finite.

    Examples
    --------
    >>> from brownian.analysis.statistics import mean
    >>> mean([1.0, 2.0, 3.0, 4.0])
    Estimate(value=np.float64(2.5), error=np.float64(0.645...), samples=4)
    """
    values = np.asarray(values, dtype=np.float64)
    if not -values.ndim <= axis < values.ndim:
        raise ValueError(f"axis = {axis}, but the values have {values.ndim} axes")
    count = values.shape[axis]
    if count < 2:
        raise ValueError(f"{count} value, but a standard error needs at least 2 independent ones")
    if not np.isfinite(values).all():
        raise ValueError("values that are not finite can't be averaged")
    return Estimate(values.mean(axis=axis), values.std(axis=axis, ddof=1) / np.sqrt(count), count)


@checked
def displacement_msd(trajectory):
    """Mean squared displacement from the first frame, <|x(t) - x(0)|^2> per component, at the frames after it.

    Independent values: particles.  One frame is read at a time, so memory does not grow with the file.

    Returns
    -------
    times
        Time since the first frame [T], shape (frames - 1,).
    estimate
        Estimate of arrays [L^2], shape (frames - 1,).
    """
    if len(trajectory) < 2:
        raise ValueError(f"{len(trajectory)} frame, but a displacement needs at least 2")
    refuse_wrapped(trajectory)
    start = np.asarray(trajectory.positions[0], dtype=np.float64)
    squares = [mean(((trajectory.positions[k] - start) ** 2).mean(axis=1)) for k in range(1, len(trajectory))]
    times = trajectory.times[1:] - trajectory.times[0]
    values, errors = (np.array([getattr(square, name) for square in squares]) for name in ("value", "error"))
    return times, Estimate(values, errors, len(start))


@checked
def histogram(samples, edges):
    """Density of a set of frames over independent particles, with the error of each bin.

    Parameters
    ----------
    samples
        Shape (frames, particles): particles are independent, the frames of one particle are not.
    edges
        Ascending edges of the bins.

    Returns
    -------
    Estimate
        Density per bin, shape (bins,).
    """
    samples, edges = np.asarray(samples), ascending("edges", edges)
    if samples.ndim != 2:
        raise ValueError(f"samples of shape {samples.shape}, but (frames, particles) is needed")
    groups = np.array_split(np.arange(samples.shape[1]), min(64, samples.shape[1]))
    shares = [np.histogram(samples[:, group], edges)[0] / samples[:, group].size for group in groups]
    return mean(np.array(shares) / np.diff(edges))


@checked
def ratio(numerator, denominator):
    """Ratio of two means over the same independent values, <a> / <b>.

    error = standard deviation of (a - R b) / (sqrt(n) <b>), to first order in 1/n; correlations of a and b count.

    Parameters
    ----------
    numerator, denominator : array_like, shape (n, ...)
        Pairs, independent along the first axis.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        As for `mean`, or if the mean of the denominator is 0.

    Notes
    -----
    Source: W. G. Cochran, Sampling Techniques (Wiley, 1977), section 6.3.

    Examples
    --------
    >>> from brownian.analysis.statistics import ratio
    >>> ratio([1.0, 2.0, 3.3], [2.0, 4.0, 6.0])
    Estimate(value=np.float64(0.525), error=np.float64(0.0190...), samples=3)
    """
    numerator, denominator = finite(numerator=numerator, denominator=denominator)
    if numerator.shape != denominator.shape:
        raise ValueError(
            f"numerator and denominator of shapes {numerator.shape} and {denominator.shape}: pairs are needed"
        )
    above, below = mean(numerator), mean(denominator)
    if np.any(below.value == 0.0):
        raise ValueError("the denominator of a ratio has mean 0")
    value = above.value / below.value
    spread = mean(numerator - value * denominator)
    return Estimate(value, spread.error / np.abs(below.value), above.samples)


@checked(samples=positive)
def chi_square_interval(variance_ratio, samples, confidence=0.95):
    """Exact interval for a variance, from the mean square of n normal values: (n R / q_high, n R / q_low).

    q are quantiles of chi-square with n degrees of freedom, R = sum xi^2 / n for values xi of known mean 0.

    Parameters
    ----------
    variance_ratio : float
        R, the measured mean square over the expected one, >= 0.
    samples : int
        n, >= 1 (n - 1 where the mean was fitted and R = sum (xi - mean)^2 / (n - 1)).
    confidence : float
        Of the interval, between 0 and 1; half of what is left lies on either side.

    Returns
    -------
    low, high : float
        Bounds of the true ratio.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Source: M. G. Kendall, A. Stuart, The Advanced Theory of Statistics, volume 2, section 20.

    Examples
    --------
    >>> from brownian.analysis.statistics import chi_square_interval
    >>> low, high = chi_square_interval(1.002, 10_000)
    >>> print(f"{low:.4f} {high:.4f}")
    0.9748 1.0304
    """
    from scipy.special import chdtri

    if not (variance_ratio >= 0.0 and samples >= 1 and 0.0 < confidence < 1.0):
        raise ValueError(
            f"variance_ratio = {variance_ratio!r}, samples = {samples!r}, confidence = {confidence!r}, but they must "
            "be >= 0, >= 1, and between 0 and 1"
        )
    outside = (1.0 - confidence) / 2.0
    total = samples * variance_ratio
    return float(total / chdtri(samples, outside)), float(total / chdtri(samples, 1.0 - outside))

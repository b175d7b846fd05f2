"""Averages with standard errors over independent particles."""

from typing import NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A mean and its standard error, over ``samples`` independent values; arrays where many are estimated at once."""

    value: np.ndarray
    error: np.ndarray
    samples: int


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
    >>> from brownian.statistics import mean
    >>> mean([1.0, 2.0, 3.0, 4.0])
    Estimate(value=np.float64(2.5), error=np.float64(0.645...), samples=4)
    """
    values = np.asarray(values, dtype=np.float64)
    count = values.shape[axis]
    if count < 2:
        raise ValueError(f"{count} value, but a standard error needs at least 2 independent ones")
    if not np.isfinite(values).all():
        raise ValueError("values that are not finite can't be averaged")
    return Estimate(values.mean(axis=axis), values.std(axis=axis, ddof=1) / np.sqrt(count), count)


def displacement_msd(trajectory):
    """Mean squared displacement from the first frame, <|x(t) - x(0)|^2> per component, at the frames after it.

    Independent values: particles and components.  One frame is read at a time, so memory does not grow with the file.

    Returns
    -------
    times
        Time since the first frame [T], shape (frames - 1,).
    estimate
        Estimate of arrays [L^2], shape (frames - 1,).
    """
    if len(trajectory) < 2:
        raise ValueError(f"{len(trajectory)} frame, but a displacement needs at least 2")
    start = np.asarray(trajectory.positions[0], dtype=np.float64)
    squares = [mean((trajectory.positions[k] - start).ravel() ** 2) for k in range(1, len(trajectory))]
    times = trajectory.times[1:] - trajectory.times[0]
    values, errors = (np.array([getattr(square, name) for square in squares]) for name in ("value", "error"))
    return times, Estimate(values, errors, start.size)


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
    samples, edges = np.asarray(samples), np.asarray(edges, dtype=np.float64)
    groups = np.array_split(np.arange(samples.shape[1]), min(64, samples.shape[1]))
    shares = [np.histogram(samples[:, group], edges)[0] / samples[:, group].size for group in groups]
    return mean(np.array(shares) / np.diff(edges))

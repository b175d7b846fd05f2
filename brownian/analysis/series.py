"""Averages over correlated series: blocks, autocorrelation times, and what a series is worth in independent values.

Independent columns (particles) carry an error without any model of correlations; where there are too few of them, the
series is cut into blocks that are long enough to be independent.
"""

from typing import NamedTuple

import numpy as np

from ..arguments import checked, number
from ..theory.checks import finite
from .lagged import lagged_products
from .statistics import Estimate, TooFewData, mean

ENOUGH = 16  # independent columns that carry an error by themselves
BLOCKS = 32  # blocks that are left where an error is read off blocking


def _columns(series, least):
    """The series as (frames, columns) of finite float64, at least ``least`` numbers."""
    series = np.asarray(series, dtype=np.float64)
    if series.ndim not in (1, 2):
        raise ValueError(f"series of shape {series.shape}, but (frames,) or (frames, independent columns) is needed")
    series = series.reshape(len(series), -1)
    if not np.isfinite(series).all():
        frame = int(np.flatnonzero(~np.isfinite(series).all(axis=1))[0])
        raise ValueError(f"the series is {series[frame][~np.isfinite(series[frame])][0]} in frame {frame}: not finite")
    if series.size < least:
        raise TooFewData(f"{series.size} numbers in the series, but at least {least} are needed")
    return series


class Blocking(NamedTuple):
    """A mean over a correlated series, and its error as read off blocks.

    ``value``, ``error`` and ``samples`` as in an `Estimate` (samples: the blocks); ``plateau`` says whether the error
    has ceased to grow while enough blocks are left, ``length`` how long a block is, and ``errors`` is the error for
    blocks of 1, 2, 4, ... frames.
    """

    value: float
    error: float
    samples: int
    plateau: bool
    length: int
    errors: np.ndarray


@checked
def blocking(series):
    """Standard error of the mean of a correlated series, from the scatter of the means of blocks.

    error^2 = sum (block - mean)^2 / [n (n - 1)].  Blocks of 1, 2, 4, ... frames, as long as 32 are left; the error is
    read off at the first length B with B^3 > 2 N (error_B / error_1)^4, where what correlations still hide is less than
    the error's own uncertainty.

    Parameters
    ----------
    series : array_like, shape (frames,) or (frames, columns)
        Equally spaced in time; columns are independent of each other.

    Returns
    -------
    Blocking
        Where no such length leaves 32 blocks, ``plateau`` is False and the error, of the longest blocks, a lower bound.

    Raises
    ------
    ValueError
        If a value is not finite.
    TooFewData
        For fewer than 64 numbers.

    Notes
    -----
    Source: H. Flyvbjerg, H. G. Petersen, J. Chem. Phys. 91, 461 (1989), eqs. 20-27; the choice of the length:
    R. M. Lee et al., Phys. Rev. E 83, 066706 (2011), after U. Wolff, Comput. Phys. Commun. 156, 143 (2004).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.series import blocking
    >>> steps = np.random.default_rng(7).normal(size=(2, 4096))
    >>> found = blocking(steps[0] + np.r_[0.0, steps[0, :-1]])  # neighbours are correlated: the error is 2 / sqrt(N)
    >>> print(found.plateau, round(found.error * 64, 1), round(found.errors[0] * 64, 1))
    True 1.9 1.4
    """
    series = _columns(series, 2 * BLOCKS)
    frames, columns = series.shape
    blocks, errors, counts = series, [], []
    while blocks.size >= BLOCKS and len(blocks) > 0:
        errors.append(blocks.std(ddof=1) / np.sqrt(blocks.size))
        counts.append(blocks.size)
        even = len(blocks) // 2 * 2
        blocks = (blocks[0:even:2] + blocks[1:even:2]) / 2.0
    errors = np.array(errors)
    lengths = 2.0 ** np.arange(len(errors))
    ratio = errors / errors[0] if errors[0] > 0.0 else np.ones(len(errors))
    flat = np.flatnonzero(lengths**3 > 2.0 * series.size * ratio**4)
    whole = 2 ** (len(errors) - 1) > frames // 2 and columns >= BLOCKS  # one block per column: nothing is left to hide
    level = int(flat[0]) if flat.size else len(errors) - 1
    return Blocking(
        float(series.mean()), float(errors[level]), counts[level], bool(flat.size or whole), 2**level, errors
    )


@checked(mean=number)
def integrated_autocorrelation_time(series, *, mean=None, window=3.0):
    """Autocorrelation time tau = 1 + 2 sum_l rho(l) in frames: N numbers are worth N / tau independent ones.

    The sum ends at the first lag W >= window * (1 + 2 sum_{l <= W} |rho|): of an exponential decay e^-6 is left there,
    and beyond is only noise; the modulus also waits for oscillations to die.  Error: tau sqrt[2 (2 W + 1) / N].

    Parameters
    ----------
    series : array_like, shape (frames,) or (frames, columns)
        Equally spaced in time; the columns are independent and of one law.
    mean : float, optional
        The true mean where it is known; otherwise that of all numbers, and the bias that this makes is corrected.
    window : float
        Width of the window in units of tau; 3 is 6 times the tau of Sokal, 1/2 + sum rho.

    Returns
    -------
    Estimate
        tau [frames], 1 for white noise, below 1 for alternating series; samples: the N / tau of this series.

    Raises
    ------
    ValueError
        If a value is not finite, or all are equal.
    TooFewData
        If no window within half of the series is wide enough (below about 30 tau).

    Notes
    -----
    Source: A. D. Sokal, in Functional Integration (Plenum, 1997), section 3; N. Madras, A. D. Sokal, J. Stat. Phys. 50,
    109 (1988), for the error; the correction: U. Wolff, Comput. Phys. Commun. 156, 143 (2004).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.series import integrated_autocorrelation_time
    >>> noise = np.random.default_rng(7).normal(size=4000)
    >>> tau = integrated_autocorrelation_time(np.repeat(noise, 3))  # each number three times: tau = 3
    >>> print(f"{tau.value:.1f} +- {tau.error:.1f}")
    3.1 +- 0.2
    """
    series = _columns(series, 8)
    frames = len(series)
    centred = series - (series.mean() if mean is None else mean)
    covariance = lagged_products(centred, np.arange(frames // 2 + 1)).mean(axis=1)
    if covariance[0] <= 0.0:
        raise ValueError(f"the series is {series[0, 0]:g} everywhere: it has no autocorrelation time")
    rho = covariance / covariance[0]
    reach = 2.0 * np.cumsum(np.abs(rho)) - 1.0
    wide = np.flatnonzero(np.arange(len(rho)) >= window * reach)
    tau = 2.0 * rho[: wide[0] + 1].sum() - 1.0 if wide.size else 0.0
    if tau <= 0.0:
        raise TooFewData(
            f"series: {frames} frames in {series.shape[1]} columns are too few to find the autocorrelation time about "
            f"{'its mean' if mean is None else f'mean = {mean:g}'} with window = {window:g}, which may be "
            f"{reach[-1]:.3g} frames: at least {max(2.0 * frames, 64.0):.3g} frames are needed"
        )
    width = int(wide[0])
    if mean is None:
        tau *= 1.0 + (2.0 * width + 1.0) / series.size
    return Estimate(tau, tau * np.sqrt(2.0 * (2.0 * width + 1.0) / series.size), series.size / tau)


@checked(mean=number)
def effective_sample_size(series, *, mean=None):
    """Number of independent values that a correlated series is worth: N / tau.

    Parameters
    ----------
    series, mean
        As for `integrated_autocorrelation_time`, which is tau.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.series import effective_sample_size
    >>> noise = np.random.default_rng(7).normal(size=4000)
    >>> print(round(effective_sample_size(np.repeat(noise, 2)) / 1000))  # each number twice
    4
    """
    return float(integrated_autocorrelation_time(series, mean=mean).samples)


@checked
def series_mean(series):
    """Mean of a stationary series with its error: over columns where there are 16 or more, by `blocking` otherwise.

    Parameters
    ----------
    series : array_like, shape (frames,), (frames, columns) or (frames, columns, quantities)
        Columns (particles) are independent of each other, the frames of one are not.

    Returns
    -------
    Estimate
        Numbers, or arrays of shape (quantities,); samples: columns or, at least, blocks.

    Raises
    ------
    ValueError
        If a value is not finite.
    TooFewData
        If there are fewer columns and no plateau of the error with 32 blocks left.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.series import series_mean
    >>> series_mean(np.arange(64.0).reshape(2, 32))
    Estimate(value=np.float64(31.5), error=np.float64(1.658...), samples=32)
    """
    series = finite(series=series)
    if series.ndim >= 2 and series.shape[1] >= ENOUGH:
        return mean(series.mean(axis=0))
    if series.ndim == 3:
        each = [series_mean(series[..., k]) for k in range(series.shape[2])]
        value, error, samples = (np.array(part) for part in zip(*each, strict=True))
        return Estimate(value, error, int(samples.min()))
    found = blocking(series)
    if not found.plateau:
        raise TooFewData(
            f"no error can be read off the {len(series)} frames: it still grows with the block length "
            f"{found.length}, and fewer than {BLOCKS} longer blocks are left; a longer run, or {ENOUGH} independent "
            "particles, would do"
        )
    return Estimate(np.float64(found.value), np.float64(found.error), found.samples)

"""Rank-normalised statistics of one quantity of Markov chains: float64 draws of shape (draws, chains), finite.

What `analysis.convergence` computes for each quantity.  Halves of chains count as chains of their own, so that a drift
within a chain is seen as a disagreement.
"""

import numpy as np

from .statistics import TooFewData

LEAST = 4  # draws of a chain: two halves of two
BLOCK = 2**22  # numbers that are transformed at once


def checked(draws):
    """The draws as an array, checked."""
    x = np.asarray(draws)
    if x.dtype.kind not in "fiub":
        raise TypeError(f"draws of type {x.dtype}, but real numbers are needed")
    if x.ndim not in (2, 3) or 0 in x.shape[1:]:
        raise ValueError(f"draws of shape {x.shape}, but (draws, chains) or (draws, chains, quantities) is needed")
    if len(x) < LEAST:
        raise TooFewData(f"{len(x)} draws per chain, but at least {LEAST} are needed: chains are cut in halves")
    finite = np.isfinite(x)
    if not finite.all():
        where = np.argwhere(~finite)[0]
        quantity = f" of quantity {where[2]}" if x.ndim == 3 else ""
        raise ValueError(
            f"draw {where[0]} of chain {where[1]} is {x[tuple(where)]}{quantity}, but draws must be finite ("
            f"{int(finite.size - finite.sum())} are not)"
        )
    return x


def each_quantity(function, draws):
    """A function of one quantity's float64 draws, shape (draws, chains), for each quantity."""
    x = checked(draws)
    if x.ndim == 2:
        return float(function(np.asarray(x, dtype=np.float64)))
    return np.array([function(np.asarray(x[..., k], dtype=np.float64, order="C")) for k in range(x.shape[2])])


def halves(x):
    """First and second halves as chains of their own; of an odd number of draws the middle one is left out."""
    half = len(x) // 2
    return np.concatenate([x[:half], x[-half:]], axis=1)


def normal_scores(x):
    """Phi^-1[(rank - 3/8) / (N + 1/4)] of each number among all, with the mean rank where some are equal.

    Notes
    -----
    Source: G. Blom, Statistical Estimates and Transformed Beta-Variables (Wiley, 1958).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.chains import normal_scores
    >>> normal_scores(np.array([[3.0, 40.0], [3.0, 5.0]])).round(3)
    array([[-0.629,  1.049],
           [-0.629,  0.299]])
    """
    from scipy.special import ndtri

    flat = x.ravel()
    order = np.argsort(flat)
    ascending = flat[order]
    first = np.flatnonzero(np.r_[True, ascending[1:] != ascending[:-1]])
    counts = np.diff(np.r_[first, flat.size])
    scores = np.empty(flat.size)
    scores[order] = np.repeat(ndtri((first + (counts + 1) / 2.0 - 0.375) / (flat.size + 0.25)), counts)
    return scores.reshape(x.shape)


def folded(x):
    """Distances from the median of all numbers: chains of another width differ in them."""
    return np.abs(x - np.median(x))


def rhat(x):
    """R-hat of chains as they are, sqrt[(B / W + n - 1) / n]; inf where none moves, NaN where all draws are equal."""
    moved = x - x[0]  # exactly 0 where a chain is stuck
    within = moved.var(axis=0, ddof=1).mean()
    between = (x[0] + moved.mean(axis=0)).var(ddof=1)
    if within == 0.0:
        return np.inf if between > 0.0 else np.nan
    return np.sqrt(between / within + (len(x) - 1.0) / len(x))


def rank_rhat(x, scores=None):
    """The larger R-hat of two: of the halves' normal scores (given where known), and of those of their distances."""
    parts = halves(x)
    scores = normal_scores(parts) if scores is None else scores
    return np.fmax(rhat(scores), rhat(normal_scores(folded(parts))))  # two states are equally far from their middle


def effective_size(x):
    """Effective sample size for the mean of two chains or more as they are; NaN where all draws are equal.

    Geyer's sum over pairs of autocorrelations, positive and not increasing, of all chains together.
    """
    draws = len(x)
    moved = x - x[0]
    if not moved.any() and np.all(x[0] == x[0, 0]):
        return np.nan
    means = moved.mean(axis=0)
    covariance = _autocovariance(moved - means)
    total = covariance[0] + (x[0] + means).var(ddof=1)
    rho = 1.0 - (covariance[0] * draws / (draws - 1.0) - covariance) / total
    rho[0] = 1.0
    last = max((draws - 1) // 2 - 1, 0)  # pair, where the series ends before the sum does
    pairs = rho[0 : 2 * last + 2 : 2] + rho[1 : 2 * last + 2 : 2]
    ends = np.flatnonzero(pairs <= 0.0)
    last = int(ends[0]) if ends.size else last
    rest = max(rho[2 * last], 0.0) if ends.size else rho[2 * last]
    tau = 2.0 * np.minimum.accumulate(pairs[:last]).sum() - 1.0 + rest
    return x.size / max(tau, 1.0 / np.log10(x.size))


def tail_size(x):
    """The smaller effective size of two, for the quantiles of 5 % and 95 %."""
    low, high = np.quantile(x, [0.05, 0.95])
    top = x.max()
    beyond = (x < q if q == top else x <= q for q in (low, high))
    return np.min([effective_size(halves(np.asarray(one, dtype=np.float64))) for one in beyond])


def mean_error(x):
    """Standard error of the mean of all draws."""
    return x.std(ddof=1) / np.sqrt(effective_size(halves(x)))


def sd_error(x):
    """Standard error of the standard deviation of all draws; NaN where all are equally far from the mean."""
    squares = (x - x.mean()) ** 2
    if np.ptp(x) == 0.0 or np.ptp(squares) == 0.0:
        return np.nan
    variance = squares.mean()
    return np.sqrt(((squares**2).mean() - variance**2) / (4.0 * variance * effective_size(halves(squares))))


def _autocovariance(centred):
    """sum_t d(t) d(t + l) / n, the mean over chains: of the transforms' squares, so that one is transformed back."""
    from scipy.fft import irfft, next_fast_len, rfft

    draws, chains = centred.shape
    size = next_fast_len(2 * draws, real=True)
    power = np.zeros(size // 2 + 1)
    for part in np.array_split(centred, max(1, -(-size * chains // BLOCK)), axis=1):
        spectrum = rfft(part, size, axis=0)
        power += np.square(spectrum.real).sum(axis=1) + np.square(spectrum.imag).sum(axis=1)
    return irfft(power, size)[:draws] / (draws * chains)

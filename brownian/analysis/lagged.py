"""Averages over all pairs of frames that lie a lag apart, for arrays whose first axis is time.

By FFT, zero padded so that nothing wraps around, or directly where few lags make that cheaper; both are unbiased (the
sum over T - l pairs is divided by T - l) and agree to rounding.
"""

import numpy as np

FEW = 24  # lags up to which the direct sum costs less than the transform


def lagged_products(x, lags):
    """C(l) = sum_t x(t) x(t + l) / (T - l).

    No mean is subtracted: do so before, with the true mean where it is known.

    Parameters
    ----------
    x : array_like, shape (T, ...)
        Series, time first; real.
    lags : array_like of int, shape (K,)
        0 <= l < T, in frames.

    Returns
    -------
    products : ndarray, shape (K, ...)

    Notes
    -----
    Source: J. P. Boon, S. Yip, Molecular Hydrodynamics (1980); the padding is that of W. H. Press et al., Numerical
    Recipes, section 13.2.  Without it C(T - l) is mixed into C(l).

    Examples
    --------
    >>> from brownian.analysis.lagged import lagged_products
    >>> lagged_products([1.0, 2.0, 3.0], [0, 1, 2])
    array([4.66..., 4. , 3. ])
    """
    x, lags = np.asarray(x, dtype=np.float64), np.asarray(lags)
    if len(lags) <= FEW:
        return np.array([(x[: len(x) - lag] * x[lag:]).mean(axis=0) for lag in lags])
    return _summed_products(x, lags) / _pairs(x, lags)


def squared_displacements(x, lags):
    """M(l) = sum_t [x(t + l) - x(t)]^2 / (T - l).

    The transform computes it as S1 - 2 S2 about the mean of each series: with an offset left in, all digits cancel.

    Parameters
    ----------
    x, lags
        As for `lagged_products`.

    Returns
    -------
    msd : ndarray, shape (K, ...)

    Notes
    -----
    Source: V. Calandrini et al., Collection SFN 12, 201 (2011), section 4.2 (the algorithm of nMoldyn).

    Examples
    --------
    >>> from brownian.analysis.lagged import squared_displacements
    >>> squared_displacements([1.0, 2.0, 4.0], [1, 2])
    array([2.5, 9. ])
    """
    x, lags = np.asarray(x, dtype=np.float64), np.asarray(lags)
    if len(lags) <= FEW:
        return np.array([np.square(x[lag:] - x[: len(x) - lag]).mean(axis=0) for lag in lags])
    x = x - x.mean(axis=0)
    squares = np.zeros((len(x) + 1, *x.shape[1:]))
    np.cumsum(x * x, axis=0, out=squares[1:])
    ends = squares[len(x) - lags] + (squares[-1] - squares[lags])
    return np.maximum(ends - 2.0 * _summed_products(x, lags), 0.0) / _pairs(x, lags)


def _pairs(x, lags):
    return (len(x) - lags).reshape(-1, *[1] * (x.ndim - 1))


def _summed_products(x, lags):
    """sum_t x(t) x(t + l), zero padded."""
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(len(x) + int(lags.max()), real=True)
    spectrum = rfft(x, size, axis=0)
    return irfft(spectrum.real**2 + spectrum.imag**2, size, axis=0)[lags]

"""The noise of Leimkuhler-Matthews: a step adds (xi_n + xi_n+1) / 2, a moving average, not to be undone step by step.

Its covariance over a stretch of n steps is tridiagonal (1/2, 1/4), with sines as eigenvectors: the discrete sine
transform along time, over the roots of the eigenvalues, gives n independent normals again, exactly.
"""

import math

import numpy as np
from scipy import fft

from .exact import normal_p
from .verdict import Line

LAGS = 5
# covariance at lags 0, 1, 2 ... and the variance of its estimate per step (Bartlett): sum_j g_j^2 + g_j+k g_j-k
COVARIANCE = np.array([1.0 / 2.0, 1.0 / 4.0, 0.0, 0.0, 0.0, 0.0])
VARIANCE = np.array([3.0 / 4.0, 7.0 / 16.0, 3.0 / 8.0, 3.0 / 8.0, 3.0 / 8.0, 3.0 / 8.0])


def whitened(sums):
    """Independent normals from sums xi_n + xi_n+1 over n steps (axis 0).

    The last row is left out, so that stretches that follow each other share no normal.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> xi = rng.normal(size=(9, 20000))
    >>> print(np.abs(np.cov(whitened(xi[1:] + xi[:-1])) - np.eye(7)).max() < 0.05)
    True
    """
    rows = len(sums) - 1
    if rows < 1:
        return sums[:0]
    roots = 2.0 * np.cos(math.pi / 2.0 * np.arange(1, rows + 1) / (rows + 1))
    return fft.dst(sums[:-1], type=1, axis=0, norm="ortho") / roots.reshape(-1, *(1,) * (sums.ndim - 1))


class MovingAverage:
    """Autocovariance of the residual (xi_n + xi_n+1) / 2 to lag 5."""

    def __init__(self):
        self.tail = None
        self.products, self.counts = np.zeros(LAGS + 1), np.zeros(LAGS + 1)

    def add(self, sums):
        """Add the sums xi_n + xi_n+1 of a slab."""
        n = len(sums)
        whole = sums if self.tail is None else np.concatenate([self.tail, sums])
        before = len(whole) - n
        for k in range(LAGS + 1):
            skip = max(0, k - before)
            if skip < n:
                first = before + skip - k
                self.products[k] += np.einsum("npc,npc->", whole[first : first + n - skip], sums[skip:]) / 4.0
                self.counts[k] += (n - skip) * sums[0].size
        self.tail = whole[-LAGS:].copy()

    def lines(self):
        """Variance 1/2, covariance 1/4 at lag 1, zero beyond."""
        lines = []
        for k in range(LAGS + 1):
            if self.counts[k] == 0:
                continue
            value = self.products[k] / self.counts[k]
            error = math.sqrt(VARIANCE[k] / self.counts[k])
            z = (value - COVARIANCE[k]) / error
            name = "noise strength of the moving average" if k == 0 else f"noise in time, moving average, lag {k}"
            lines.append(Line(name, "innovations", value, COVARIANCE[k], error, z, normal_p(z)))
        return lines

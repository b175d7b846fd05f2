"""P-values that are exact at any sample size, and two classical approximations whose size is measured (benchmarks).

Every test of an innovation against the past has the form sum_t s_t xi_t with signs s_t = +1 or -1 that are known before
xi_t is drawn.  The products s_t xi_t are then independent standard normals themselves, whatever the signs depend on: no
assumption on stationarity or correlation times is needed (So and Shin, Statistica Sinica 9, 839 (1999)).
"""

import math

import numpy as np
from scipy import special, stats

MEDIAN_SQUARE = 0.45493642311957283  # median of the square of a standard normal


def t_test(total, squares, count):
    """Student's test of mean zero from a sum and a sum of squares; scale-free.

    Returns
    -------
    t, p : float
        Two-sided.

    Examples
    --------
    >>> t, p = t_test(0.0, 10.0, 10)
    >>> print(t, p)
    0.0 1.0
    """
    if count < 2 or squares <= 0.0:
        return 0.0, 1.0
    variance = (squares - total * total / count) / (count - 1)
    t = total / math.sqrt(count * variance) if variance > 0.0 else math.copysign(math.inf, total)
    return t, float(2.0 * stats.t.sf(abs(t), count - 1))


def mean_test(values, expected=0.0, bias=0.0, positive=False):
    """Student's test of the mean of independent values, skewness taken out; (mean, standard error, z, p).

    ``bias`` [unit of the values] is what an integrator may contribute: |mean - expected| counts only beyond it, and the
    plain test is made.  Otherwise, for ``positive`` values, w = (x / expected)^(1/3) is nearly normal with mean
    1 - var(w) (Wilson and Hilferty, PNAS 17, 684 (1931)); for others t is transformed by its skewness (Hall,
    J. R. Statist. Soc. B 54, 221 (1992)).

    Examples
    --------
    >>> mean, error, z, p = mean_test([0.9, 1.1, 1.0, 1.2], expected=1.0, positive=True)
    >>> print(f"{mean:.3f} {error:.3f} {z:.2f}")
    1.050 0.065 0.80
    """
    values = np.asarray(values, dtype=np.float64)
    count, mean = values.size, float(values.mean())
    deviation = float(values.std(ddof=1))
    error = deviation / math.sqrt(count)
    if error == 0.0:
        return (
            mean,
            0.0,
            (0.0 if mean == expected else math.copysign(math.inf, mean - expected)),
            float(mean == expected),
        )
    if bias > 0.0:
        z = math.copysign(max(0.0, abs(mean - expected) - bias), mean - expected) / error
    elif positive and expected > 0.0 and values.min() > 0.0:
        w = np.cbrt(values / expected)
        variance = float(w.var(ddof=1))
        z = math.sqrt(count / (variance * (1.0 + 2.0 * variance))) * (float(w.mean()) - 1.0 + variance)
    else:
        u, g = (mean - expected) / deviation, float(((values - mean) ** 3).mean()) / float(values.std()) ** 3
        z = math.sqrt(count) * (u + g * u * u / 3.0 + g * g * u**3 / 27.0 + g / (6.0 * count))
    return mean, error, z, float(2.0 * stats.t.sf(abs(z), count - 1))


def both_tails(lower, upper):
    """Two-sided p of a continuous statistic from its two tails."""
    return float(min(1.0, 2.0 * min(lower, upper)))


def strength_test(squares, count):
    """Sum of squares of ``count`` standard normals: (ratio, z, p), from the chi-square distribution.

    Examples
    --------
    >>> print("%.2f %.2f %.4f" % strength_test(1010.0, 1000))
    1.01 0.22 0.8121
    """
    z = (squares / count - 1.0) * math.sqrt(count / 2.0)
    return squares / count, z, both_tails(stats.chi2.cdf(squares, count), stats.chi2.sf(squares, count))


def strength_interval(squares, count, error):
    """Exact interval for the variance: [S / chi2_(1-e/2), S / chi2_(e/2)], S the sum of squares.

    Examples
    --------
    >>> print("%.5f %.5f" % strength_interval(1.3e6, 1.3e6, 1e-3))
    0.99593 1.00409
    """
    return (
        float(squares / stats.chi2.isf(error / 2.0, count)),
        float(squares / stats.chi2.ppf(error / 2.0, count)),
    )


def steps_for(width, error):
    """Number of normals whose variance interval at level ``error`` has the half width ``width``."""
    return math.ceil(2.0 * (special.ndtri(1.0 - error / 2.0) / width) ** 2)


def signed_squares_test(signed, signs, squares, count):
    """Whether xi^2 is larger where a sign known before is +: sum s xi^2 against its expectation at the mean strength.

    ``signed``: sum of s xi^2; ``signs``: sum of s; (difference of the strength from the mean where s = +, z, p).
    None where nearly all signs are the same.  Asymptotically normal; with balanced signs the skewness of xi^2 cancels.
    """
    variance = squares / count
    free = count - signs * signs / count
    if free < 0.01 * count:  # nothing to compare
        return None
    z = (signed - variance * signs) / (variance * math.sqrt(2.0 * free))
    return (signed / variance - signs) / free, math.sqrt(2.0 / free), z, normal_p(z)


def scores(squares, counts):
    """Normal scores of independent sums of squares: exact N(0, 1) each, if the normals are standard."""
    squares, counts = np.asarray(squares, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    lower, upper = stats.chi2.cdf(squares, counts), stats.chi2.sf(squares, counts)
    tiny = 1e-300
    return np.where(lower < 0.5, special.ndtri(np.maximum(lower, tiny)), -special.ndtri(np.maximum(upper, tiny)))


def chi_square_test(z):
    """Sum of squares of independent standard normals: (statistic, degrees, z, p), upper tail."""
    z = np.ravel(z)
    return chi_square_tail(float(z @ z), z.size)


def chi_square_tail(statistic, degrees):
    """(statistic, degrees, z, p) of a chi-square statistic: p from the upper tail, z the normal deviate of that p.

    Examples
    --------
    >>> print("%.0f %d %.3f %.4f" % chi_square_tail(20.0, 10))
    20 10 1.892 0.0293
    """
    p = float(stats.chi2.sf(statistic, degrees))
    return statistic, degrees, float(-special.ndtri(p)) if p > 0.0 else math.sqrt(statistic), p


def common_test(sum_of_rows, rows, squares, members):
    """Whether sums over ``members`` normals vary as sums of independent ones: F-test, exact and scale-free.

    ``sum_of_rows``: total over ``rows`` of (sum over members)^2 / members; ``squares``: total of all squares.  Returns
    (variance of the sums over the variance within, z, p).
    """
    within, degrees = squares - sum_of_rows, rows * (members - 1)
    if within <= 1e-12 * squares:
        return math.inf, math.inf, 0.0
    ratio = (sum_of_rows / rows) / (within / degrees)
    p = both_tails(stats.f.cdf(ratio, rows, degrees), stats.f.sf(ratio, rows, degrees))
    return ratio, (ratio - 1.0) * math.sqrt(rows * (members - 1) / (2.0 * members)), p


def skewness_test(n, moments):
    """Skewness m3 / m2^(3/2) and its z by D'Agostino, Biometrika 57, 679 (1970)."""
    skewness, _ = _shape(n, moments)
    if not math.isfinite(skewness):
        return math.inf, math.sqrt(6.0 / n), math.inf, 0.0
    y = skewness * math.sqrt((n + 1.0) * (n + 3.0) / (6.0 * (n - 2.0)))
    beta = 3.0 * (n * n + 27.0 * n - 70.0) * (n + 1.0) * (n + 3.0)
    beta /= (n - 2.0) * (n + 5.0) * (n + 7.0) * (n + 9.0)
    w2 = -1.0 + math.sqrt(2.0 * (beta - 1.0))
    z = math.asinh(y / math.sqrt(2.0 / (w2 - 1.0))) / math.sqrt(0.5 * math.log(w2))
    return skewness, math.sqrt(6.0 / n), z, normal_p(z)


def kurtosis_test(n, moments):
    """Excess kurtosis m4 / m2^2 - 3 and its z by Anscombe and Glynn, Biometrika 70, 227 (1983)."""
    _, b2 = _shape(n, moments)
    if not math.isfinite(b2):
        return math.inf, math.sqrt(24.0 / n), math.inf, 0.0
    mean = 3.0 * (n - 1.0) / (n + 1.0)
    variance = 24.0 * n * (n - 2.0) * (n - 3.0) / ((n + 1.0) ** 2 * (n + 3.0) * (n + 5.0))
    x = (b2 - mean) / math.sqrt(variance)
    root = 6.0 * (n * n - 5.0 * n + 2.0) / ((n + 7.0) * (n + 9.0))
    root *= math.sqrt(6.0 * (n + 3.0) * (n + 5.0) / (n * (n - 2.0) * (n - 3.0)))
    a = 6.0 + 8.0 / root * (2.0 / root + math.sqrt(1.0 + 4.0 / root**2))
    base = (1.0 - 2.0 / a) / (1.0 + x * math.sqrt(2.0 / (a - 4.0)))
    z = (1.0 - 2.0 / (9.0 * a) - math.copysign(abs(base) ** (1.0 / 3.0), base)) / math.sqrt(2.0 / (9.0 * a))
    return b2 - 3.0, math.sqrt(24.0 / n), z, normal_p(z)


def _shape(n, moments):
    """m3 / m2^(3/2) and m4 / m2^2; not finite for numbers too large (or too equal) for their powers to be known."""
    s1, s2, s3, s4 = (np.float64(s) / n for s in moments)
    with np.errstate(all="ignore"):
        m2, m3 = s2 - s1**2, s3 - 3.0 * s1 * s2 + 2.0 * s1**3
        m4 = s4 - 4.0 * s1 * s3 + 6.0 * s1**2 * s2 - 3.0 * s1**4
        return float(m3 / m2**1.5), float(m4 / m2**2)


def normal_p(z):
    """Two-sided p of a standard normal."""
    return float(2.0 * special.ndtr(-abs(z)))


def pearson_test(counts):
    """Pearson's chi-square over equally probable classes: (statistic, degrees, z, p)."""
    counts = np.asarray(counts, dtype=np.float64)
    expected = counts.sum() / counts.size
    return chi_square_tail(float(((counts - expected) ** 2).sum() / expected), counts.size - 1)


def largest_test(largest, n):
    """Largest |xi| of n standard normals: (median expected, p), from P(max <= M) = (1 - 2 Phi(-M))^n, exact."""
    below = math.exp(n * math.log1p(-2.0 * special.ndtr(-largest))) if largest > 0.0 else 0.0
    above = -math.expm1(n * math.log1p(-2.0 * special.ndtr(-largest))) if largest > 0.0 else 1.0
    median = -special.ndtri(-math.expm1(math.log(0.5) / n) / 2.0)
    return float(median), both_tails(below, above)


def holm(p_values):
    """Holm's adjusted p-values: the family error is kept for any dependence between the tests.

    Source: S. Holm, Scand. J. Statist. 6, 65 (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)))
    return adjusted

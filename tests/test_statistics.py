"""Averages and their errors: exact formulas, and error bars that are what they say."""

import numpy as np
import pytest
from recorded import calibrated, record
from scipy.signal import lfilter
from scipy.stats import chi2

from brownian.analysis import statistics
from brownian.analysis.lagged import lagged_products
from brownian.analysis.series import blocking, effective_sample_size, integrated_autocorrelation_time, series_mean
from brownian.analysis.statistics import Estimate, TooFewData, chi_square_interval, ratio

REPLICAS = 400


def autoregression(rho, frames, columns, seed=1):
    """Stationary x' = rho x + sqrt(1 - rho^2) xi, variance 1: tau = (1 + rho) / (1 - rho)."""
    noise = np.random.default_rng(seed).normal(size=(frames, columns)) * np.sqrt(1.0 - rho**2)
    noise[0] /= np.sqrt(1.0 - rho**2)
    return lfilter([1.0], [1.0, -rho], noise, axis=0)


# --------------------------------------------------------------------------------------------------- independent values


def test_mean_and_interval():
    values = np.random.default_rng(2).normal(3.0, 1.7, size=(2000, 8))
    z, inside = [], 0
    for row in values:
        estimate = statistics.mean(row)
        z.append(estimate.z(3.0))
        low, high = estimate.interval(0.9)
        inside += low < 3.0 < high
    assert calibrated(z, samples=8)
    assert abs(inside - 1800) < 5 * np.sqrt(2000 * 0.09)  # a normal quantile would give 86 %
    assert statistics.mean(values).value.shape == (8,)
    np.testing.assert_allclose(Estimate(np.array([1.0, 2.0]), np.array([0.5, 0.25]), 9).z(1.0), [0.0, 4.0])


@pytest.mark.parametrize(
    ("values", "word"), [([1.0], "1 value"), ([1.0, np.nan], "not finite"), ([np.inf, 1.0], "not")]
)
def test_mean_refuses(values, word):
    with pytest.raises(ValueError, match=word):
        statistics.mean(values)


def test_chi_square_interval_covers():
    samples, draws = 40, 4000
    squares = np.random.default_rng(3).chisquare(samples, size=draws) / samples
    bounds = np.array([chi_square_interval(1.3 * square, samples, 0.9) for square in squares])
    inside = np.sum((bounds[:, 0] < 1.3) & (bounds[:, 1] > 1.3))
    assert abs(inside - 0.9 * draws) < 5 * np.sqrt(draws * 0.09)
    # tenth of a per mille: a hundred million values, and the normal limit sqrt(2 / N)
    low, high = chi_square_interval(1.0, 10**8, 0.95)
    np.testing.assert_allclose([1.0 - low, high - 1.0], 1.959964 * np.sqrt(2e-8), rtol=1e-3)
    low, high = chi_square_interval(0.8, 7)
    np.testing.assert_allclose([5.6 / low, 5.6 / high], chi2(7).ppf([0.975, 0.025]), rtol=1e-10)


@pytest.mark.parametrize("arguments", [(-1.0, 5), (1.0, 0), (1.0, 5, 1.0), (np.nan, 5)])
def test_chi_square_interval_refuses(arguments):
    with pytest.raises(ValueError, match="must"):
        chi_square_interval(*arguments)


def test_ratio_is_calibrated():
    rng = np.random.default_rng(4)
    below = rng.gamma(9.0, 0.3, size=(REPLICAS, 40))
    above = 1.7 * below + 0.4 * rng.normal(size=below.shape)
    z = [ratio(a, b).z(1.7) for a, b in zip(above, below, strict=True)]
    assert calibrated(z, samples=40)
    with pytest.raises(ValueError, match="mean 0"):
        ratio([1.0, 2.0], [1.0, -1.0])


def test_histogram_and_displacement():
    rng = np.random.default_rng(5)
    samples = rng.normal(size=(10, 200))
    edges = np.linspace(-3.0, 3.0, 13)
    estimate = statistics.histogram(samples, edges)
    shares = np.histogram(samples, edges)[0] / samples.size / 0.5
    assert np.all(np.abs(estimate.value - shares) <= estimate.error)  # groups of 3 and 4 particles weigh the same
    walk = rng.normal(size=(6, 50, 2)).cumsum(axis=0)
    times, found = statistics.displacement_msd(record(walk, dt=0.5, steps=[0, 1, 3, 7, 20, 50]))
    np.testing.assert_allclose(times, [0.5, 1.5, 3.5, 10.0, 25.0])
    np.testing.assert_allclose(found.value, ((walk[1:] - walk[0]) ** 2).mean(axis=(1, 2)))
    with pytest.raises(ValueError, match="1 frame"):
        statistics.displacement_msd(record(walk[:1]))


# ---------------------------------------------------------------------------------------------------- correlated series


@pytest.mark.parametrize(("rho", "columns"), [(0.0, 1), (0.8, 1), (-0.5, 1), (0.8, 3)])
def test_blocking_is_calibrated(rho, columns):
    series = autoregression(rho, 4096, REPLICAS * columns)
    found = [blocking(series[:, k : k + columns]) for k in range(0, REPLICAS * columns, columns)]
    found = [one for one in found if one.plateau]
    assert len(found) > 0.9 * REPLICAS
    blocks = np.mean([one.samples for one in found])
    assert blocks >= 32
    assert calibrated([one.value / one.error for one in found], samples=blocks)
    exact = np.sqrt((1.0 + rho) / (1.0 - rho) / (4096 * columns))
    errors = np.array([one.error for one in found])
    # n blocks that are left: relative uncertainty sqrt(1 / 2n); what they still hide: tau / (2 length), below 3 % here
    assert abs(errors.mean() / exact - 1.0) < 0.03 + 5 * np.sqrt(1.0 / (2.0 * blocks * len(found)))
    if rho == 0.8:
        naive = np.array([one.value / one.errors[0] for one in found])
        assert not calibrated(naive)


def test_blocking_says_when_it_cannot_tell():
    series = autoregression(0.98, 1024, 4)
    assert not blocking(series[:, 0]).plateau
    with pytest.raises(TooFewData, match=r"no error can be read off the 1024 frames.*longer run, or 16"):
        series_mean(series[:, 0])
    with pytest.raises(TooFewData, match="at least 64"):
        blocking(np.zeros(63))
    with pytest.raises(ValueError, match=r"nan in frame 7"):
        blocking(np.where(np.arange(100) == 7, np.nan, 1.0))
    with pytest.raises(ValueError, match="shape"):
        blocking(np.zeros((10, 10, 10)))


def test_blocking_of_a_constant_and_of_many_columns():
    assert blocking(np.full(128, 2.0))[:2] == (2.0, 0.0)
    series = autoregression(0.99, 256, 64)  # no plateau within a column, but columns are independent
    found = blocking(series)
    assert found.plateau
    assert found.samples == 64


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
@pytest.mark.parametrize("columns", [1, 8])
def test_autocorrelation_time_is_calibrated(rho, columns):
    frames = 8192 // columns
    series = autoregression(rho, frames, REPLICAS * columns)
    exact = (1.0 + rho) / (1.0 - rho)
    parts = [series[:, k : k + columns] for k in range(0, REPLICAS * columns, columns)]
    taus = [integrated_autocorrelation_time(one) for one in parts]
    # its error is proportional to itself, so z is skewed and a little too small: compare values
    values = np.array([tau.value for tau in taus])
    assert abs(values.mean() / exact - 1.0) < 0.02 + 5 * values.std() / exact / np.sqrt(REPLICAS)
    stated = np.mean([tau.error for tau in taus])
    assert abs(stated / values.std() - 1.0) < 0.3
    z = [one.mean() / np.sqrt(one.var() / tau.samples) for one, tau in zip(parts, taus, strict=True)]
    assert calibrated(z)
    with_mean = [integrated_autocorrelation_time(one, mean=0.0).value for one in parts]
    assert abs(np.mean(with_mean) / exact - 1.0) < 0.02 + 5 * np.std(with_mean) / exact / np.sqrt(REPLICAS)


def test_autocorrelation_time_of_short_series_is_corrected():
    """The mean of 1024 frames takes tau (2 W + 1) / N = 5 % away, unless that is put back."""
    taus, failed = [], 0
    for one in autoregression(0.8, 1024, 3000).T:
        try:
            taus.append(integrated_autocorrelation_time(one).value)
        except TooFewData:
            failed += 1
    assert failed < 30
    assert np.mean(taus) == pytest.approx(9.0, rel=0.03)


def test_autocorrelation_time_of_alternating_and_oscillating_series():
    series = autoregression(-0.6, 8192, 16)
    assert abs(integrated_autocorrelation_time(series).z(0.25)) < 5
    assert abs(effective_sample_size(series) / (series.size / 0.25) - 1.0) < 0.1
    # rho(l) = r^l cos(w l): 1 + 2 sum = Re (1 + z) / (1 - z), z = r e^(iw); the window must not stop in a trough
    r, w = 0.97, 0.3
    z = r * np.exp(1j * w)
    noise = np.random.default_rng(8).normal(size=(2, 20000, 16))
    state = lfilter([1.0], [1.0, -z], noise[0] + 1j * noise[1], axis=0)[500:]
    found = integrated_autocorrelation_time(state.real)
    assert abs(found.value - ((1 + z) / (1 - z)).real) < 5 * found.error + 0.05


def test_autocorrelation_time_refuses():
    with pytest.raises(ValueError, match="1 everywhere"):
        integrated_autocorrelation_time(np.ones(100))
    with pytest.raises(ValueError, match="nan in frame 3"):
        integrated_autocorrelation_time([0.0, 1.0, 2.0, np.nan] * 10)
    with pytest.raises(TooFewData, match=r"too few.*at least"):
        integrated_autocorrelation_time(autoregression(0.98, 300, 1))


def test_series_mean_takes_columns_or_blocks():
    series = autoregression(0.9, 512, 16 * REPLICAS)
    z = [series_mean(series[:, k : k + 16]).z(0.0) for k in range(0, series.shape[1], 16)]
    assert calibrated(z, samples=16)
    quantities = np.stack([series[:, :20], series[:, :20] ** 2], axis=2)
    found = series_mean(quantities)
    assert found.value.shape == found.error.shape == (2,)
    assert found.samples == 20
    few = series_mean(np.stack([autoregression(0.5, 4096, 2), np.ones((4096, 2))], axis=2))
    assert few.samples >= 32
    assert few.error[1] == 0.0


def test_lagged_products_without_padding_would_wrap():
    """C_wrap(l) = (1 - l/N) C(l) + (l/N) C(N - l)."""
    x = autoregression(0.95, 200, 5)
    lags = np.arange(200)
    direct = np.array([(x[: 200 - lag] * x[lag:]).mean(axis=0) for lag in lags])
    np.testing.assert_allclose(lagged_products(x, lags), direct, atol=1e-12)
    power = np.abs(np.fft.rfft(x, axis=0)) ** 2
    wrapped = np.fft.irfft(power, 200, axis=0) / 200
    assert np.abs(wrapped - direct).max() > 0.1

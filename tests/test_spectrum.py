"""Spectra and calibration: exact expectations with leakage and aliasing, calibrated errors, traps recovered."""

import numpy as np
import pytest
from recorded import calibrated, part, record, replicas
from scipy.signal import lfilter
from scipy.stats import kstest

import brownian as bn
from brownian import theory
from brownian.analysis.calibration import calibrate, fit_trap
from brownian.analysis.spectrum import (
    angular_frequencies,
    blocked,
    cosine_taper,
    expected_psd,
    hann,
    logarithmic_blocks,
    one_sided,
    psd,
    tapered_periodograms,
)
from brownian.analysis.statistics import TooFewData
from brownian.units import Bead, nano

MASS, FRICTION, KT, STIFFNESS, DT = 1.3, 0.7, 0.9, 2.1, 0.1
PARTICLES, REPLICAS = 16, 200
TRAP = {"friction": FRICTION, "kT": KT, "stiffness": STIFFNESS}
CORNER = STIFFNESS / FRICTION / (2.0 * np.pi)
UNIFORM = 1e-4  # p-value of p-values


def trapped(dynamics, *, dt, steps, particles=PARTICLES * REPLICAS, stiffness=STIFFNESS, seed=31, **options):
    """Return a trapped particle, by the exact step, every step kept."""
    simulation = bn.Simulation(
        potential=bn.Harmonic(stiffness), dynamics=dynamics, integrator=bn.ExactOU(), dt=dt, particles=particles,
        seed=seed, **options,
    )  # fmt: skip
    return simulation.run(steps=steps, every=dt)


@pytest.fixture(scope="module")
def water():
    """Overdamped: the corner frequency is a tenth of the sampling rate."""
    return trapped(bn.Overdamped(friction=FRICTION, kT=KT), dt=DT, steps=511)


@pytest.fixture(scope="module")
def air():
    """With inertia, below critical damping."""
    return trapped(bn.Langevin(mass=MASS, friction=FRICTION, kT=KT), dt=0.5, steps=511)


def agree(estimate, expected, errors=5.0):
    """Assert agreement within standard errors."""
    z = estimate.z(expected)
    assert np.all(np.abs(z) < errors), z


# ---------------------------------------------------------------------------------------------------------- conventions


def test_conventions_of_periodograms():
    """A sine of amplitude a has a^2/4 N dt in its bin; one-sided per hertz the integral is the variance."""
    n, dt = 256, 0.05
    x = 1.7 * np.sin(2 * np.pi * 16 * np.arange(n) / n + 0.3)[:, np.newaxis]
    found = tapered_periodograms(x, np.ones(n), dt)[:, 0]
    assert found[15] == pytest.approx(1.7**2 / 4 * n * dt)
    assert np.delete(found, 15).max() < 1e-20
    frequency, plotted = one_sided(angular_frequencies(n, dt), found)
    assert frequency[15] == pytest.approx(16 / (n * dt))
    assert plotted.sum() / (n * dt) == pytest.approx(x.var())
    for taper in (hann(n), cosine_taper(n)):
        assert np.mean(taper**2) == pytest.approx(1.0)
        assert tapered_periodograms(x, taper, dt).sum() * 2 / (n * dt) == pytest.approx(x.var(), rel=0.02)


def test_expected_psd_without_a_window_is_the_expected_periodogram(known):
    entry = known["od_periodogram_finite"]
    acf = theory.harmonic_acf(0.05 * np.arange(64), **TRAP)
    found = expected_psd(acf, dt=0.05, taper=np.ones(64))
    np.testing.assert_allclose(found, theory.expected_periodogram(acf, dt=0.05)[1:32], rtol=1e-12)
    np.testing.assert_allclose(found[np.array(entry["params"]["kidx"]) - 1], entry["value"], rtol=1e-12)
    # long windows: the aliased spectrum of continuous time
    long = expected_psd(theory.harmonic_acf(0.05 * np.arange(2**14), **TRAP), dt=0.05)
    omega = angular_frequencies(2**14, 0.05)
    np.testing.assert_allclose(long[1:], theory.aliased_psd(omega, dt=0.05, **TRAP)[1:], rtol=1e-4)
    with pytest.raises(ValueError, match="taper of shape"):
        expected_psd(acf, dt=0.05, taper=np.ones(10))


def test_blocks():
    omega = angular_frequencies(1000, 0.1)
    blocks = logarithmic_blocks(omega, 10)
    assert blocks[0] == 0
    assert np.all(np.diff(blocks) > 0)
    np.testing.assert_allclose(blocked(omega, np.arange(len(omega))), omega)
    means = blocked(np.stack([omega, omega**2], 1), blocks)
    assert means.shape == (len(blocks), 2)
    np.testing.assert_allclose(means[-1], [omega[blocks[-1] :].mean(), (omega[blocks[-1] :] ** 2).mean()])


# ---------------------------------------------------------------------------------------------------------------- Welch


@pytest.mark.parametrize("window", [64, 101])
def test_welch_is_what_is_expected(water, window):
    omega, estimate = psd(water, window=window, mean=0.0)
    np.testing.assert_allclose(omega, angular_frequencies(window, DT), rtol=1e-12)
    exact = expected_psd(theory.harmonic_acf(DT * np.arange(window), **TRAP), dt=DT)
    agree(estimate, exact)
    # neither the continuum nor the aliased spectrum without leakage would do
    assert np.abs(estimate.z(theory.harmonic_psd(omega, **TRAP))).max() > 20
    if window == 64:
        assert np.abs(estimate.z(theory.aliased_psd(omega, dt=DT, **TRAP))).max() > 5


def test_welch_of_velocities_and_of_inertia(air):
    oscillator = TRAP | {"mass": MASS}
    times = 0.5 * np.arange(64)
    _, estimate = psd(air, window=64)
    agree(estimate, expected_psd(theory.harmonic_acf(times, **oscillator), dt=0.5))
    _, estimate = psd(air, window=64, velocities=True)
    agree(estimate, expected_psd(theory.harmonic_vacf(times, **oscillator), dt=0.5))


def test_welch_errors_are_calibrated(water):
    exact = expected_psd(theory.harmonic_acf(DT * np.arange(64), **TRAP), dt=DT)
    omega = angular_frequencies(64, DT)
    blocks = logarithmic_blocks(omega, 4)
    parts = replicas(water, REPLICAS, PARTICLES)
    found = [psd(one, window=64, per_decade=4) for one in parts]
    np.testing.assert_allclose(found[0][0], blocked(omega, blocks))
    assert calibrated([one.z(blocked(exact, blocks)) for _, one in found], PARTICLES)
    few = [psd(part(one, slice(0, 4)), window=16, per_decade=4)[1] for one in parts]
    assert few[0].samples == 32
    blocks = logarithmic_blocks(angular_frequencies(16, DT), 4)
    exact = blocked(expected_psd(theory.harmonic_acf(DT * np.arange(16), **TRAP), dt=DT), blocks)
    assert calibrated([one.z(exact) for one in few], 32)


def test_welch_errors_have_the_size_of_overlapping_windows(water):
    """15 windows overlapping by half: relative variance [1 + 2 (14/15) / 36] / 15, Hann's overlap being 1/6."""
    _, estimate = psd(water, window=64, mean=0.0)
    relative = (estimate.error / estimate.value)[4:-4] * np.sqrt(estimate.samples)
    np.testing.assert_allclose(relative, np.sqrt((1 + 2 * (14 / 15) / 36) / 15), rtol=0.1)


def test_welch_takes_offset_chunks_and_components(water):
    some = part(water, slice(0, 40))
    moved = part(water, slice(0, 40), change=lambda x: np.round(x * 2**20) / 2**20 + 1e6)
    _, whole = psd(some)
    _, chunked = psd(some, memory=64 * 512 * 7)
    np.testing.assert_allclose(chunked.value, whole.value, rtol=1e-12)
    np.testing.assert_allclose(chunked.error, whole.error, rtol=1e-9)
    np.testing.assert_allclose(psd(moved)[1].value, whole.value, rtol=1e-4)
    x = np.asarray(some.positions)
    pair = record(np.concatenate([x, 2.0 * x], axis=2), DT)
    _, each = psd(pair, each="component")
    np.testing.assert_allclose(each.value, whole.value[:, np.newaxis] * [1.0, 4.0], rtol=1e-9)


# ---------------------------------------------------------------------------------------------------------- calibration


def test_the_trap_is_recovered(water):
    found = calibrate(water)
    agree(found.stiffness, STIFFNESS)
    agree(found.friction, FRICTION)
    agree(found.fit.corner_frequency, CORNER)
    agree(found.fit.diffusion, KT / FRICTION)
    assert found.mass is None
    assert found.fit.rate is None
    assert found.fit.p_value > UNIFORM
    assert found.stiffness.error < 0.01 * STIFFNESS
    agree(found.fit.measured, found.fit.expected)
    # a Lorentzian without aliasing is far off: fitted here by least squares at the same ordinates
    omega, measured = found.fit.omega, found.fit.measured.value
    inverse = np.polynomial.polynomial.polyfit(omega**2, 1.0 / measured, 1, w=measured)
    assert abs(np.sqrt(inverse[0] / inverse[1]) / (2 * np.pi) / CORNER - 1.0) > 0.1


def test_the_bead_with_inertia_is_recovered(air):
    found = calibrate(air, inertia=True)
    agree(found.stiffness, STIFFNESS)
    agree(found.friction, FRICTION)
    agree(found.mass, MASS)
    agree(found.fit.rate, FRICTION / MASS)
    assert found.fit.p_value > UNIFORM
    assert calibrate(air).fit.p_value < 1e-6  # the overdamped model is refused


def test_calibration_errors_are_calibrated(water, air):
    parts = [calibrate(one) for one in replicas(water, REPLICAS, PARTICLES)]
    assert calibrated([np.log(one.stiffness.value / STIFFNESS) / (one.stiffness.error / STIFFNESS) for one in parts])
    assert calibrated([one.friction.z(FRICTION) for one in parts])
    assert calibrated([one.fit.diffusion.z(KT / FRICTION) for one in parts])
    assert kstest([one.fit.p_value for one in parts], "uniform").pvalue > UNIFORM
    parts = [calibrate(one, inertia=True) for one in replicas(air, REPLICAS // 2, PARTICLES)]
    for name, true in (("stiffness", STIFFNESS), ("friction", FRICTION), ("mass", MASS)):
        assert calibrated([getattr(one, name).z(true) for one in parts]), name
    assert kstest([one.fit.p_value for one in parts], "uniform").pvalue > UNIFORM


def oversampled(frames, series, dt, seed=5):
    """Stationary overdamped trap: x' = c x + ..., c = e^(-k dt / lambda)."""
    c = np.exp(-STIFFNESS / FRICTION * dt)
    noise = np.random.default_rng(seed).normal(size=(frames, series)) * np.sqrt(KT / STIFFNESS * (1 - c * c))
    noise[0] /= np.sqrt(1 - c * c)
    return lfilter([1.0], [1.0, -c], noise, axis=0)


def test_leakage_of_an_oversampled_record_is_kept_out():
    """80 relaxation times in 8192 frames: without the taper the error of D is half of what it should be."""
    dt = 0.01 * FRICTION / STIFFNESS
    x = oversampled(8192, REPLICAS // 2, dt)
    fits = [fit_trap(record(x[:, k, np.newaxis, np.newaxis], dt), mean=0.0) for k in range(x.shape[1])]
    z = np.array([np.log(fit.diffusion.value * FRICTION / KT) / np.sqrt(fit.covariance[1, 1]) for fit in fits])
    assert calibrated(z)
    assert calibrated([np.log(fit.corner_frequency.value / CORNER) / np.sqrt(fit.covariance[0, 0]) for fit in fits])


def test_beads_in_water_and_air_in_nanometres():
    """As an experimenter would: the physical inputs come back from the spectrum alone."""
    water = Bead(radius_um=0.5, viscosity_mPas=0.89, temperature_K=298.15, units=nano)
    dynamics = bn.Langevin(mass=water.mass, friction=water.friction, kT=water.kT)
    found = calibrate(trapped(dynamics, dt=12800.0, steps=8191, particles=3, stiffness=0.02, units=nano))
    agree(found.stiffness, 0.02)
    agree(found.friction, water.friction)
    agree(found.fit.diffusion, water.diffusion)
    assert found.fit.p_value > UNIFORM
    with pytest.raises(TooFewData, match=r"resolve"):  # 65 ns are not seen at 12.8 us
        calibrate(trapped(dynamics, dt=12800.0, steps=8191, particles=3, stiffness=0.02, units=nano), inertia=True)
    bead = Bead(radius_um=1.5, viscosity_mPas=0.0184, temperature_K=298.15, density_kg_m3=2000.0, units=nano)
    dynamics = bn.Langevin(mass=bead.mass, friction=bead.friction, kT=bead.kT)
    rate = bead.friction / bead.mass
    recorded = trapped(
        dynamics, dt=0.05 / rate, steps=8191, particles=3, stiffness=4.0 * bead.mass * rate**2, units=nano
    )
    found = calibrate(recorded, inertia=True)
    agree(found.mass, bead.mass)
    agree(found.friction, bead.friction)
    agree(found.stiffness, 4.0 * bead.mass * rate**2)
    assert found.mass.error < 0.05 * bead.mass


def test_band_component_offset_and_long_records(water):
    some = part(water, slice(0, 100))
    band = fit_trap(some, frequencies=(0.2, 2.0))
    agree(band.diffusion, KT / FRICTION)
    agree(band.corner_frequency, CORNER)
    assert band.omega[0] > 0.4 * np.pi
    assert band.diffusion.error > fit_trap(some).diffusion.error
    x = np.asarray(some.positions)
    pair = record(np.concatenate([x, 3.0 * x], axis=2), DT)
    np.testing.assert_allclose(fit_trap(pair, component=0).diffusion.value, fit_trap(some).diffusion.value, rtol=1e-6)
    np.testing.assert_allclose(
        fit_trap(pair, component=1).diffusion.value, 9 * fit_trap(some).diffusion.value, rtol=1e-6
    )
    moved = part(water, slice(0, 100), change=lambda x: x + 1e6)
    assert fit_trap(moved).diffusion.value == pytest.approx(fit_trap(some).diffusion.value, rel=1e-6)
    assert fit_trap(some, memory=64 * 512 * 7).diffusion.value == pytest.approx(
        fit_trap(some).diffusion.value, rel=1e-9
    )
    one = record(oversampled(150_000, 1, DT)[:, :, np.newaxis], DT)  # cut into three records
    agree(fit_trap(one).diffusion, KT / FRICTION)
    assert fit_trap(one).diffusion.samples == 3 * 24999


# ------------------------------------------------------------------------------------------------------------ bad input


def test_bad_input_is_named(water):
    some = part(water, slice(0, 20))
    with pytest.raises(ValueError, match=r"window = 600 frames, but 8 to 512 are allowed"):
        psd(some, window=600)
    with pytest.raises(ValueError, match=r"cut into 11 segments"):
        psd(part(water, slice(0, 3)), window=100)
    with pytest.raises(ValueError, match="each = 'particle'"):
        psd(some, each="particle")
    with pytest.raises(ValueError, match="no velocities"):
        psd(some, velocities=True)
    with pytest.raises(ValueError, match=r"component = 1, but 0 to 0"):
        fit_trap(some, component=1)
    with pytest.raises(ValueError, match=r"hold 0 of the record's frequencies"):
        fit_trap(some, frequencies=(100.0, 200.0))
    with pytest.raises(ValueError, match=r"at least 64"):
        fit_trap(part(water, slice(0, 20), slice(0, 40)))
    with pytest.raises(ValueError, match="kT = -1"):
        calibrate(some, kT=-1.0)
    nameless = record(np.asarray(some.positions), DT)
    with pytest.raises(ValueError, match="kT is not known"):
        calibrate(nameless)
    assert calibrate(nameless, kT=KT).friction.value == pytest.approx(calibrate(some).friction.value)
    uneven = record(np.asarray(some.positions[:9]), DT, steps=[0, 1, 2, 3, 5, 8, 13, 21, 34])
    with pytest.raises(ValueError, match="not equally spaced"):
        psd(uneven)
    broken = part(water, slice(0, 20), change=lambda x: np.where(np.arange(512)[:, None, None] == 100, np.nan, x))
    for function in (psd, fit_trap):
        with pytest.raises(ValueError, match="in frame 100"):
            function(broken)


def test_a_free_particle_has_no_corner():
    walk = np.random.default_rng(6).normal(size=(300, 16, 1)).cumsum(axis=0)
    with pytest.raises(TooFewData, match="resolve"):
        fit_trap(record(walk))

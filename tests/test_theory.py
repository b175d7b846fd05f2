"""The exact answers of brownian.theory, against known answers, limits, and a second way to each number.

Bounds: EXACT = 1e-12 is rounding (the digits of known_answers.json are float64); what is looser says why.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import trapezoid

from brownian import theory

EXACT = 1e-12
DATA = json.loads((Path(__file__).parent / "known_answers.json").read_text())
KNOWN = {entry["id"]: entry for entry in DATA["known_answers"]}
MASS, FRICTION, KT, STIFFNESS = 1.3, 0.7, 0.9, 2.1
TRAP = {"mass": MASS, "friction": FRICTION, "stiffness": STIFFNESS}
UNDERDAMPED = {
    "euler_maruyama": "EM",
    "baoab": "BAOAB",
    "gjf": "GJ-I",
    "gj2": "GJ-II",
    "obabo": "OBABO",
}
OVERDAMPED = ("euler_maruyama", "heun", "leimkuhler_matthews", "exact_ou")
WORDS = {"m": "mass", "lam": "friction", "kT": "kT", "k": "stiffness", "dt": "dt"}


def known(name, *words):
    """Return value and parameters of a known answer, the parameters among `words` renamed to those of signatures."""
    entry = KNOWN[name]
    parameters = entry["params"]
    return entry["value"], parameters, {WORDS[key]: parameters[key] for key in words}


def close(actual, desired, bound=EXACT):
    """Assert equality to a relative bound."""
    np.testing.assert_allclose(actual, desired, rtol=bound, atol=0.0)


def double_well(barrier, width, tilt=0.0):
    """U = E_b ((x/x0)^2 - 1)^2 - h x."""
    return lambda x: barrier * ((x / width) ** 2 - 1.0) ** 2 - tilt * x


# ---------------------------------------------------------------------------------------------------------------- free


def test_free_particle_known_answers():
    """MSD, VACF, conditional moments, diffusion and drift."""
    value, given, words = known("free_msd", "m", "lam", "kT")
    close(theory.free_msd(given["t"], **words), value)
    value, given, words = known("free_vacf", "m", "lam", "kT")
    close(theory.free_vacf(given["t"], **words), value)
    value, given, words = known("free_fixed_v0", "m", "lam")
    close(theory.free_mean_given_velocity(given["t"], velocity=given["v0"], **words), value["mean"])
    # the stored variance was computed from the cancelling closed form: 3e-12 at t = 0.1
    close(theory.free_variance_given_velocity(given["t"], kT=given["kT"], **words), value["var"], 1e-11)
    value, given, words = known("free_D", "lam", "kT")
    close(theory.diffusion(**words), value["D"])
    value, given, words = known("const_force_drift", "m", "lam")
    close(theory.free_drift(given["t"], force=given["f"], **words), value)


def test_free_particle_limits_keep_their_digits():
    """Ballistic, diffusive and overdamped limits, against mpmath at 50 digits."""
    mp = pytest.importorskip("mpmath")
    with mp.workdps(50):
        m, lam, kT = map(mp.mpf, (MASS, FRICTION, KT))
        g = lam / m
        for t in (1e-12, 1e-8, 1e-4, 0.1, 1.0, 1.8, 1.9, 30.0, 1e6):
            e = mp.exp(-g * t)
            msd = 2 * kT / lam * (t - (1 - e) / g)
            variance = 2 * kT / lam * (t - 2 * (1 - e) / g + (1 - e**2) / (2 * g))
            close(theory.free_msd(t, mass=MASS, friction=FRICTION, kT=KT), float(msd), 4e-15)
            close(theory.free_variance_given_velocity(t, mass=MASS, friction=FRICTION, kT=KT), float(variance), 4e-15)
    t = np.array([0.0, 0.3, 5.0])
    assert np.array_equal(theory.free_msd(t, friction=FRICTION, kT=KT), 2.0 * (KT / FRICTION) * t)
    close(theory.free_msd(t, mass=1e-15, friction=FRICTION, kT=KT)[1:], 2.0 * KT / FRICTION * t[1:])
    assert np.array_equal(theory.free_drift(t, force=0.8, friction=FRICTION), 0.8 / FRICTION * t)
    close(theory.free_drift(t, force=0.8, mass=MASS, friction=FRICTION) * 2 * KT / 0.8,
          theory.free_msd(t, mass=MASS, friction=FRICTION, kT=KT))  # fmt: skip


def test_arrays_broadcast():
    """Times along one axis, masses (0 among them) along another."""
    t, mass = np.array([0.1, 0.5, 2.0]), np.array([[0.0], [0.2], [MASS]])
    for function, extra in (
        (theory.free_msd, {"kT": KT}),
        (theory.free_drift, {"force": 0.8}),
        (theory.harmonic_acf, {"kT": KT, "stiffness": STIFFNESS}),
        (theory.harmonic_step_response, {"force": 0.8, "stiffness": STIFFNESS}),
        (theory.dragged_work_mean, {"velocity": 0.9, "stiffness": STIFFNESS}),
    ):
        table = function(t, mass=mass, friction=FRICTION, **extra)
        assert table.shape == (3, 3)
        for i, j in np.ndindex(3, 3):
            scalar = function(t[j], mass=mass[i, 0], friction=FRICTION, **extra)
            assert np.ndim(scalar) == 0
            close(table[i, j], scalar, 4e-15)


# ------------------------------------------------------------------------------------------------------------ harmonic


@pytest.mark.parametrize("regime", ["under", "critical", "over"])
def test_harmonic_correlations(regime):
    """C_xx, C_vv, C_xv, even, even and odd in t; the step response by the fluctuation-dissipation theorem."""
    value, given, words = known(f"harmonic_acf_{regime}", "m", "lam", "kT", "k")
    t = np.array(given["t"])
    close(theory.harmonic_acf(t, **words), value["Cxx"])
    close(theory.harmonic_vacf(t, **words), value["Cvv"])
    close(theory.harmonic_cross_correlation(t, **words), value["Cxv"])
    assert np.array_equal(theory.harmonic_acf(-t, **words), theory.harmonic_acf(t, **words))
    assert np.array_equal(theory.harmonic_vacf(-t, **words), theory.harmonic_vacf(t, **words))
    odd = theory.harmonic_cross_correlation(np.array([-0.3, 0.0, 0.3]), **words)
    assert odd[1] == 0.0
    assert odd[0] == -odd[2] > 0.0
    kT = words.pop("kT")
    response = theory.harmonic_step_response(t, force=0.8, **words)
    close(response, 0.8 / kT * (kT / STIFFNESS - np.array(value["Cxx"])))


def _oscillator(mp, t, m, lam, k):
    """Return rho, rho_v, S and the double integral of rho, in mpmath."""
    t, m, lam, k = map(mp.mpf, (t, m, lam, k))
    g = lam / m
    s = mp.sqrt(mp.mpc(g * g / 4 - k / m))
    decay = mp.exp(-g * t / 2)
    C, S = (decay * mp.cosh(s * t)).real, (decay * mp.sinh(s * t) / s).real
    rho = C + g / 2 * S
    return rho, C - g / 2 * S, S, (m * (1 - rho) + lam * (t - lam * (1 - rho) / k - S)) / k


@pytest.mark.parametrize("factor", [1e-3, 0.3, 1 - 1e-7, 1 + 1e-9, 1.05, 1.1, 2.0, 300.0])
def test_harmonic_keeps_its_digits_at_any_damping_and_time(factor):
    """Light, nearly critical and strong damping, times from 1e-8 to 40, against mpmath at 60 digits.

    Bound: 1e-15 times the number of decays and turns, in units of the envelope where a correlation crosses zero.
    """
    mp = pytest.importorskip("mpmath")
    friction = factor * 2.0 * np.sqrt(MASS * STIFFNESS)
    words = {"mass": MASS, "friction": friction, "stiffness": STIFFNESS}
    with mp.workdps(60):
        for t in (1e-8, 1e-4, 0.1, 0.5, 1.0, 3.0, 8.0, 40.0):
            rho, rho_v, S, integral = map(float, _oscillator(mp, t, MASS, friction, STIFFNESS))
            bound = 4e-15 * (1.0 + t * max(np.sqrt(STIFFNESS / MASS), 1.0 / theory.harmonic_relaxation_time(**words)))
            envelope = (1.0 + t) * np.exp(-t / theory.harmonic_relaxation_time(**words))
            scale = bound * envelope
            assert abs(theory.harmonic_acf(t, kT=KT, **words) * STIFFNESS / KT - rho) <= scale
            assert abs(theory.harmonic_vacf(t, kT=KT, **words) * MASS / KT - rho_v) <= scale
            assert abs(theory.harmonic_cross_correlation(t, kT=KT, **words) * MASS / KT + S) <= scale
            rise = theory.harmonic_step_response(t, force=STIFFNESS, **words)
            close(rise, float(1 - _oscillator(mp, t, MASS, friction, STIFFNESS)[0]), 4 * bound)
            close(theory.dragged_work_mean(t, velocity=0.9, **words), STIFFNESS * 0.81 * integral, 4 * bound)


def test_harmonic_limits():
    """Critical damping is continuous; mass -> 0 is the overdamped trap; equipartition; slowest times."""
    critical = 2.0 * np.sqrt(MASS * STIFFNESS)
    t = np.linspace(0.0, 6.0, 25)
    around = critical * (1.0 + np.array([-1e-13, 0.0, 1e-13]))[:, None]
    for function in (theory.harmonic_acf, theory.harmonic_vacf, theory.harmonic_cross_correlation):
        values = function(t, mass=MASS, friction=around, kT=KT, stiffness=STIFFNESS)
        np.testing.assert_allclose(values, values[[1, 1, 1]], rtol=0.0, atol=1e-12)
    # the slow rate has a square-root singularity at critical damping: sqrt(2^-53) = 1e-8
    slowest = theory.harmonic_relaxation_time(mass=MASS, friction=critical, stiffness=STIFFNESS)
    close(slowest, 2.0 * MASS / critical, 1e-7)
    assert theory.harmonic_relaxation_time(friction=FRICTION, stiffness=STIFFNESS) == FRICTION / STIFFNESS
    strong = theory.harmonic_relaxation_time(mass=MASS, friction=50.0, stiffness=STIFFNESS)
    late = theory.harmonic_acf([60.0 + strong, 60.0], mass=MASS, friction=50.0, kT=KT, stiffness=STIFFNESS)
    close(late[0] / late[1], np.exp(-1.0))
    value = KNOWN["harmonic_equipartition"]["value"]
    close(theory.harmonic_acf(0.0, kT=KT, **TRAP), value["x2"])
    close(theory.harmonic_vacf(0.0, kT=KT, **TRAP), value["v2"])
    overdamped = KT / STIFFNESS * np.exp(-STIFFNESS / FRICTION * t)
    close(theory.harmonic_acf(t, friction=FRICTION, kT=KT, stiffness=STIFFNESS), overdamped)
    close(theory.harmonic_acf(t, mass=1e-16, friction=FRICTION, kT=KT, stiffness=STIFFNESS), overdamped)
    close(theory.harmonic_step_response(1e-9, force=0.8, **TRAP), 0.8e-18 / (2.0 * MASS), 1e-9)


def test_spectra():
    """Spectrum, susceptibility, the FDT between them, and the area under the spectrum."""
    value, given, words = known("harmonic_psd", "m", "lam", "kT", "k")
    omega = np.array(given["omega"])
    close(theory.harmonic_psd(omega, **words), value["Sx"])
    close(omega**2 * theory.harmonic_psd(omega, **words), value["Sv"])
    kT = words.pop("kT")
    value = KNOWN["harmonic_susceptibility"]["value"]
    chi = theory.harmonic_susceptibility(omega, **words)
    close(chi.real, value["chi1"])
    close(chi.imag, value["chi2"])
    close(chi.imag, omega * theory.harmonic_psd(omega, kT=kT, **words) / (2.0 * kT))
    assert theory.harmonic_susceptibility(0.0, **words) == 1.0 / STIFFNESS


def test_sampled_spectra():
    """Aliasing, leakage and the bias of the variance of a finite record."""
    value, given, words = known("od_psd_aliased", "lam", "kT", "k", "dt")
    omega, dt = 2.0 * np.pi * np.array(given["f"]), given["dt"]
    close(theory.aliased_psd(omega, **words), value["aliased"])
    words.pop("dt")
    close(theory.harmonic_psd(omega, **words), value["continuum"])
    aliases = omega + 2.0 * np.pi / dt * np.arange(-20000, 20001)[:, None]
    # the terms beyond are 2 kT / lambda w^2: sum_{n > 20000} 1/n^2 = 1/20000.5 to 1e-9, times 1e-5 of the whole
    beyond = 2.0 * 2.0 * words["kT"] / words["friction"] * (dt / (2.0 * np.pi)) ** 2 / 20000.5
    close(theory.harmonic_psd(aliases, **words).sum(axis=0) + beyond, value["aliased"], 1e-11)
    value, given, words = known("od_periodogram_finite", "lam", "kT", "k")
    acf = theory.harmonic_acf(given["dt"] * np.arange(given["N"]), **words)
    expected = theory.expected_periodogram(acf, dt=given["dt"])
    close(expected[given["kidx"]], value)
    close(theory.expected_periodogram(np.stack([acf, 2 * acf]), dt=given["dt"]), np.stack([expected, 2 * expected]))
    assert theory.expected_periodogram([KT], dt=0.1).tolist() == [0.1 * KT]
    value, given, words = known("od_sample_variance_bias", "lam", "kT", "k")
    close(theory.sample_variance(given["T"], **words), value)
    # short records: (kT/k) T / (3 tau)
    close(theory.sample_variance(1e-9, **words), KT * 1e-9 / (3.0 * FRICTION), 1e-8)


def test_dragged_trap():
    """Mean and variance of the work, both dynamics, and the work of a free particle's drag at long times."""
    for name, words in (("jarzynski_drag_od", ("lam", "k")), ("jarzynski_drag_ud", ("m", "lam", "k"))):
        value, given, words = known(name, *words)
        close(theory.dragged_work_mean(given["t"], velocity=given["v"], **words), value["meanW"])
        close(theory.dragged_work_variance(given["t"], velocity=given["v"], kT=given["kT"], **words), value["varW"])
    work = theory.dragged_work_mean([100.0, 200.0], velocity=0.9, **TRAP)
    close((work[1] - work[0]) / 100.0, FRICTION * 0.81)


# ----------------------------------------------------------------------------------------------------------- Boltzmann


def test_double_well_moments():
    """Z and averages of the quartic double well, with a jump in one of them."""
    value, given, _ = known("dw1_moments")
    Eb, x0, kT = given["Eb"], given["x0"], given["kT"]
    U = double_well(Eb, x0)

    def slope(x):
        return 4.0 * Eb * x / x0**2 * ((x / x0) ** 2 - 1.0)

    def mean(f):
        return theory.boltzmann_average(f, U, kT=kT)

    close(theory.partition_function(U, kT=kT), value["Z"])
    close(theory.free_energy(U, kT=kT), -kT * np.log(value["Z"]))
    close([theory.boltzmann_moment(n, U, kT=kT) for n in (2, 4, 6)], [value["x2"], value["x4"], value["x6"]])
    close(mean(U), value["U"])
    close(mean(lambda x: (U(x) - value["U"]) ** 2), value["varU"])
    close(mean(lambda x: slope(x) ** 2), value["Up2"])
    close(mean(lambda x: 4.0 * Eb / x0**2 * (3.0 * (x / x0) ** 2 - 1.0)), value["Upp"])
    close(mean(lambda x: x * slope(x)), value["xUp"])
    close(mean(lambda x: np.abs(x) < x0 / 2), value["Pmid"])
    close(np.diff(theory.boltzmann_cdf([-x0 / 2, x0 / 2], U, kT=kT)), value["Pmid"])
    close(theory.boltzmann_density(0.3, U, kT=kT), np.exp(-U(0.3) / kT) / value["Z"])
    assert abs(theory.boltzmann_moment(3, U, kT=kT)) < 1e-14


def test_tilted_double_well():
    """<x>, <x^2> and the weight of the right well."""
    value, given, _ = known("dw1_tilted")
    U, kT = double_well(given["Eb"], given["x0"], given["h"]), given["kT"]
    close([theory.boltzmann_moment(n, U, kT=kT) for n in (1, 2)], [value["x"], value["x2"]])
    close(theory.boltzmann_average(lambda x: x > 0, U, kT=kT), value["Pright"])
    close(1.0 - theory.boltzmann_cdf(0.0, U, kT=kT), value["Pright"])


@pytest.mark.parametrize(("stiffness", "centre", "kT"), [(2.1, 0.0, 0.9), (2.1, -57.0, 0.9), (1e-8, 0.0, 0.9),
                                                          (1e-6, 3e-7, 4.1e-21), (1e4, 40.0, 0.9)])  # fmt: skip
def test_support_is_found_on_any_scale(stiffness, centre, kT):
    """Traps far away, wide, and in SI units, from the same call."""

    def U(x):
        return stiffness * (x - centre) ** 2 / 2.0 - 3e4 * kT

    sigma = np.sqrt(kT / stiffness)
    # the energy offset, 3e4 kT, leaves 3e4 * 2^-53 = 3e-12 of e^{-U/kT}
    close(theory.free_energy(U, kT=kT), -3e4 * kT - kT * np.log(np.sqrt(2.0 * np.pi) * sigma))
    close(theory.boltzmann_average(lambda x: (x - centre) ** 2, U, kT=kT), sigma**2, 1e-11)
    close(theory.boltzmann_average(lambda x: (x - centre) ** 6, U, kT=kT), 15.0 * sigma**6, 1e-11)
    close(theory.boltzmann_cdf(centre + sigma, U, kT=kT), 0.8413447460685429, 1e-11)


def test_hard_cases_of_the_quadrature():
    """Deep wells, kinks, walls, heavy tails, a repulsive core, a constant, a period."""
    deep = double_well(300.0, 5.0)
    close(theory.boltzmann_cdf(0.0, deep, kT=0.9), 0.5)
    # Laplace's method for two wells of curvature 8 E_b / x0^2; the next order is 3 kT / 16 E_b, then its square
    laplace = 2.0 * np.sqrt(2.0 * np.pi * 0.9 / (8.0 * 300.0 / 25.0))
    close(theory.partition_function(deep, kT=0.9) / laplace - 1.0, 3.0 * 0.9 / (16.0 * 300.0), 1e-2)
    close(theory.partition_function(np.abs, kT=0.9), 1.8)
    close(theory.boltzmann_moment(2, np.abs, kT=0.9), 2.0 * 0.81)
    close(theory.partition_function(lambda x: np.where((x > -0.3) & (x < 0.77), 0.0, np.inf), kT=0.9), 1.07)
    close(theory.partition_function(lambda x: 4.0 * np.log1p(x * x), kT=1.0), np.pi * 5.0 / 16.0)
    core = {"kT": 0.8, "support": (0.01, 3.0)}
    r = np.linspace(0.5, 3.0, 400_001)
    Z = trapezoid(np.exp(-4.0 / 0.8 * (r**-12 - r**-6)), r)  # trapezoid: h^2 / 12 * slope at the end = 5e-13
    close(theory.partition_function(lambda r: 4.0 * (r**-12 - r**-6), **core), Z, 1e-11)
    close(theory.boltzmann_moment(1, lambda x: 0.0, kT=0.9, support=(1.0, 4.0)), 2.5)
    assert theory.boltzmann_density(0.5, lambda x: 0.0 * x, kT=0.9, support=(1.0, 4.0)) == 0.0
    bessel = theory.partition_function(lambda x: 1.1 * np.cos(np.pi * x), kT=0.9, period=2.0) / 2.0
    close(0.9 / 0.7 / bessel**2, KNOWN["lifson_jackson_cos"]["value"])
    assert theory.partition_function(lambda x: 2.1 * x**2 - 1e4, kT=0.9) == np.inf


def test_quantile_inverts_the_cumulative_distribution():
    """To rounding in p everywhere, in x also deep in the lower tail; samples have the right moments."""
    U = double_well(2.0, 1.2, 0.35)
    p = np.concatenate([[0.0, 1.0, 0.5, 1e-10], np.random.default_rng(7).random(2000)]).reshape(4, -1)
    x = theory.boltzmann_quantile(p, U, kT=KT)
    assert x.shape == p.shape
    np.testing.assert_allclose(theory.boltzmann_cdf(x, U, kT=KT), p, rtol=0.0, atol=1e-14)
    sigma = np.sqrt(KT / STIFFNESS)
    tail = theory.boltzmann_quantile([1e-20, 1e-12], lambda x: STIFFNESS * (x - 3.0) ** 2 / 2.0, kT=KT)
    # beyond 60 kT, or 10.95 sigma, lie 3e-28: 3e-8 of p = 1e-20, so 3e-9 in x / sigma
    np.testing.assert_allclose((tail - 3.0) / sigma, [-9.262340089798408, -7.034483825301131], rtol=0.0, atol=4e-9)
    half = theory.boltzmann_quantile(0.5, lambda x: np.cos(np.pi * x) ** 2, kT=KT, period=2.0)
    assert half == pytest.approx(1.0, abs=1e-14)
    # stratified p: the midpoint rule in p, whose error at the two ends is below <x^2> / n
    points = theory.boltzmann_quantile((np.arange(20_000) + 0.5) / 20_000, U, kT=KT)
    assert abs(np.mean(points**2) - KNOWN["dw1_tilted"]["value"]["x2"]) < 2e-4


def test_two_dimensional_averages():
    """The gyrator's potential at one temperature, a product of wells, a dimer in polar coordinates."""
    k, u, kT, box = 2.1, 0.9, 0.8, ((-8.0, 8.0), (-8.0, 8.0))

    def trap(x, y):
        return k * (x**2 + y**2) / 2.0 + u * x * y

    covariance = kT * np.linalg.inv([[k, u], [u, k]])
    close(theory.boltzmann_average_2d(lambda x, y: x * x, trap, kT=kT, box=box), covariance[0, 0])
    close(theory.boltzmann_average_2d(lambda x, y: x * y, trap, kT=kT, box=box), covariance[0, 1])
    well = double_well(2.0, 1.2)

    def product(x, y):
        return well(x) + STIFFNESS * y**2 / 2.0

    moment = theory.boltzmann_average_2d(lambda x, y: x**2 * y**2, product, kT=KT, box=((-4.0, 4.0), (-8.0, 8.0)))
    close(moment, KNOWN["dw1_moments"]["value"]["x2"] * KT / STIFFNESS)
    value, given, _ = known("dimer_2d")

    def dimer(x, y):
        return given["k"] * (np.hypot(x, y) - given["l"]) ** 2 / 2.0

    box = ((0.0, 3.5), (0.0, 3.5))  # a quadrant: the kink at the origin lies in its corner
    close(theory.boltzmann_average_2d(np.hypot, dimer, kT=given["kT"], box=box), value["r"], 1e-9)
    for name in ("dimer_2d", "dimer_3d"):
        value, given, _ = known(name)
        radial = {"kT": given["kT"], "support": (1e-12, 5.0)}

        def effective(r, given=given):
            return given["k"] * (r - given["l"]) ** 2 / 2.0 - given["kT"] * (given["d"] - 1) * np.log(r)

        close([theory.boltzmann_moment(n, effective, **radial) for n in (1, 2)], [value["r"], value["r2"]])


# ----------------------------------------------------------------------------------------------------- escape, periodic


@pytest.mark.parametrize("name", ["dw1_mfpt_od", "dw2_mfpt_od"])
def test_first_passage_times(name):
    """To the top and over it, from both sides; Kramers' rate."""
    value, given, words = known(name, "lam", "kT")
    Eb, x0 = given["Eb"], given["x0"]
    U = double_well(Eb, x0)
    close(theory.mfpt(U, -x0, 0.0, **words), value["T_top"])
    close(theory.mfpt(U, -x0, x0, **words), value["T_min"])
    close(theory.mfpt(U, x0, -x0, **words), value["T_min"])
    rate = theory.kramers_rate(barrier=Eb, well_curvature=8 * Eb / x0**2, barrier_curvature=4 * Eb / x0**2, **words)
    close(rate, value["kramers_k"])


@pytest.mark.parametrize("name", [name for name in KNOWN if "_kk_" in name])
def test_kramers_rate_underdamped(name):
    """Kramers' formula at any friction; it goes over into the overdamped one for mass -> 0."""
    value, given, words = known(name, "m", "lam", "kT")
    Eb, x0 = given["Eb"], given["x0"]
    shape = {"barrier": Eb, "well_curvature": 8 * Eb / x0**2, "barrier_curvature": 4 * Eb / x0**2}
    close(theory.kramers_rate(**shape, **words), value["kramers"])
    words["mass"] = 1e-16
    light = theory.kramers_rate(**shape, **words)
    words.pop("mass")
    close(light, theory.kramers_rate(**shape, **words))


def test_first_passage_in_known_cases():
    """Flat with a wall, a slope, additivity, a high barrier, a start far up a hill."""
    words = {"friction": FRICTION, "kT": KT}
    flat = theory.mfpt(lambda x: 0.0 * x, 0.2, 1.5, wall=-0.3, **words)
    close(flat, (1.8**2 - 0.5**2) / 2.0 * FRICTION / KT)
    close(theory.mfpt(lambda x: 0.0 * x, -0.2, -1.5, wall=0.3, **words), flat)
    close(theory.mfpt(lambda x: -2.0 * x, 0.2, 1.5, **words), FRICTION * 1.3 / 2.0)
    U = double_well(4.5, 1.2)
    parts = [theory.mfpt(U, a, b, **words) for a, b in ((-3.0, -1.2), (-1.2, 0.1), (0.1, 1.3))]
    close(theory.mfpt(U, -3.0, 1.3, **words), sum(parts))
    assert theory.mfpt(U, 0.4, 0.4, **words) == 0.0
    shape = {"barrier": 300.0, "well_curvature": 8 * 300.0 / 1.44, "barrier_curvature": 4 * 300.0 / 1.44}
    # Kramers' first correction to the rate of this quartic is of relative size kT / E_b = 3e-3
    time = theory.mfpt(double_well(300.0, 1.2), -1.2, 1.2, **words)
    assert abs(time * theory.kramers_rate(**shape, **words) - 1.0) < 3e-3


def test_periodic_potentials():
    """Level and tilted: Lifson-Jackson, Stratonovich, Reimann."""
    value, given, words = known("lifson_jackson_cos", "lam", "kT")

    def U(x):
        return given["A"] * np.cos(2.0 * np.pi * x / given["L"])

    words["period"] = given["L"]
    level = theory.lifson_jackson(U, **words)
    close(level, value)
    value, given, _ = known("washboard_od")
    force = np.array(given["f"])
    close(theory.stratonovich_velocity(U, force=force, **words), value["v"])
    close(theory.reimann_diffusion(U, force=force, **words), value["Deff"])
    close(theory.stratonovich_velocity(U, force=-force, **words), -np.array(value["v"]))
    close(theory.reimann_diffusion(U, force=-force, **words), value["Deff"])
    assert theory.stratonovich_velocity(U, force=0.0, **words) == 0.0
    close(theory.reimann_diffusion(U, force=0.0, **words), level)
    # linear response: v = D_eff f / kT, with a correction of order (f L / kT)^2
    close(theory.stratonovich_velocity(U, force=1e-7, **words), level * 1e-7 / words["kT"])
    free, tilt = words["kT"] / words["friction"], 1e5
    # far above the critical tilt the relative corrections are of order (2 pi A / f L)^2 = 1e-9
    close(theory.stratonovich_velocity(U, force=tilt, **words), tilt / words["friction"], 1e-8)
    close(theory.reimann_diffusion(U, force=tilt, **words), free, 1e-8)


def test_asymmetric_and_high_periodic_potentials():
    """A sawtooth, for which all integrals are elementary; a barrier of 400 kT."""
    words = {"period": 2.0, "friction": FRICTION, "kT": KT}

    def sawtooth(x):
        x = np.mod(x, 2.0)
        return np.where(x < 1.4, x / 1.4, (2.0 - x) / 0.6) * 1.7

    # <e^{+-U/kT}> of a piecewise linear potential is its average over [0, 1.7]
    barrier = 1.7 / KT
    expected = KT / FRICTION / (np.expm1(barrier) * -np.expm1(-barrier) / barrier**2)
    close(theory.lifson_jackson(sawtooth, **words), expected)
    close(theory.reimann_diffusion(sawtooth, force=0.0, **words), expected)
    forward, backward = theory.stratonovich_velocity(sawtooth, force=[1.0, -1.0], **words)
    assert forward > 0.0 > backward
    assert abs(forward + backward) > 0.01
    high = theory.reimann_diffusion(lambda x: 200.0 * KT * np.cos(np.pi * x), force=0.0, **words)
    # D / I_0(200)^2, I_0 by its asymptotic series to 1e-9
    z = 200.0
    bessel = 1.0 + 1.0 / (8 * z) + 9.0 / (128 * z**2) + 225.0 / (3072 * z**3)
    close(high, KT / FRICTION * 2.0 * np.pi * z * np.exp(-2.0 * z) / bessel**2, 1e-8)


# ------------------------------------------------------------------------------------------------------- discrete time


@pytest.mark.parametrize(("scheme", "name"), UNDERDAMPED.items())
def test_discrete_values_against_the_tables(scheme, name):
    """Stationary variances, diffusion, drift and stability limits of the underdamped schemes."""
    table = DATA["integrators_linear"]["table"][name]
    for dt in (0.2, 0.5):
        row = table[f"h={dt}"]
        free = {"mass": MASS, "friction": FRICTION, "dt": dt}
        close(theory.diffusion_ratio(scheme, **free), row["D_lam_over_kT"])
        close(theory.drift_ratio(scheme, **free), row["drift_lam_over_f"])
        close(theory.velocity_variance_ratio(scheme, **free), row["free_mv2_over_kT"])
        if "harmonic" in row:
            with pytest.raises(ValueError, match="stability limit"):
                theory.position_variance_ratio(scheme, stiffness=STIFFNESS, **free)
            continue
        close(theory.position_variance_ratio(scheme, stiffness=STIFFNESS, **free), row["kx2_over_kT"])
        close(theory.velocity_variance_ratio(scheme, stiffness=STIFFNESS, **free), row["mv2_over_kT"])
        C = theory.linear_scheme_stationary(*theory.linear_scheme(scheme, kT=KT, stiffness=STIFFNESS, **free)[:2])
        np.testing.assert_allclose(C[0, 1], row["xv"], rtol=0.0, atol=1e-12)
    for ratio, limit in table["Omega_h_max"].items():
        friction = float(ratio.split("=")[1]) * np.sqrt(STIFFNESS * MASS)
        dt = theory.stability_limit(scheme, mass=MASS, friction=friction, stiffness=STIFFNESS)
        assert dt * np.sqrt(STIFFNESS / MASS) == pytest.approx(limit, abs=6e-7)  # six decimals in the table


@pytest.mark.parametrize("friction", [0.05, 0.7, 8.0])
@pytest.mark.parametrize("scheme", [*UNDERDAMPED, "exact_ou"])
def test_underdamped_closed_forms_are_the_lyapunov_solution(scheme, friction):
    """Second way: variances from M and N, stability from eigenvalues, diffusion and drift by iteration."""
    words = {"mass": MASS, "friction": friction, "stiffness": STIFFNESS}
    limit = theory.stability_limit(scheme, **words)
    for dt in np.array([0.01, 0.3, 0.9]) * min(limit, 3.0):
        M, N, b = theory.linear_scheme(scheme, dt=dt, kT=KT, **words)
        C = theory.linear_scheme_stationary(M, N)
        # the Lyapunov equation has a condition number of about 1 / (gamma dt): 2e3 at most here
        close(theory.position_variance_ratio(scheme, dt=dt, **words), C[0, 0] * STIFFNESS / KT, 1e-11)
        close(theory.velocity_variance_ratio(scheme, dt=dt, **words), C[1, 1] * MASS / KT, 1e-11)
        np.testing.assert_allclose(np.linalg.solve(np.eye(2) - M, b), [1.0 / STIFFNESS, 0.0], rtol=0.0, atol=1e-12)
        n = np.array([0, 1, 2, 7, 1000])
        by_power = [(np.linalg.matrix_power(M, lag) @ C)[0, 0] for lag in n]
        acf = theory.discrete_acf(n, scheme, dt=dt, kT=KT, **words)
        np.testing.assert_allclose(acf, by_power, rtol=0.0, atol=1e-11)
    if np.isfinite(limit):
        for factor, stable in ((1 - 1e-6, True), (1 + 1e-6, False)):
            M = theory.linear_scheme(scheme, dt=factor * limit, kT=KT, **words)[0]
            assert (np.max(np.abs(np.linalg.eigvals(M))) < 1.0) == stable


@pytest.mark.parametrize("friction", [1e-3, 0.7, 4.1])
@pytest.mark.parametrize("scheme", [*UNDERDAMPED, "exact_ou"])
def test_free_kernel_displacement(scheme, friction):
    """MSD against the covariance carried step by step; its slope is the diffusion, the drift its own."""
    dt, steps = 0.6, 60
    free = {"mass": MASS, "friction": friction, "dt": dt}
    M, N, b = theory.linear_scheme(scheme, kT=KT, stiffness=0.0, **free)
    C = np.diag([0.0, theory.velocity_variance_ratio(scheme, **free) * KT / MASS])
    z, msd = np.zeros(2), [0.0]
    for _ in range(steps):
        C = M @ C @ M.T + N @ N.T
        z = M @ z + 0.8 * b
        msd.append(C[0, 0])
    close(theory.discrete_msd(np.arange(steps + 1), scheme, kT=KT, **free), msd)
    if friction == 0.7:
        late = theory.discrete_msd([100_000, 200_000], scheme, kT=KT, **free)
        slope = np.diff(late)[0] / (2.0 * 100_000 * dt) * friction / KT
        close(slope, theory.diffusion_ratio(scheme, **free), 1e-11)
        for _ in range(200):
            before, z = z, M @ z + 0.8 * b
        close((z - before)[0] / dt * friction / 0.8, theory.drift_ratio(scheme, **free))


@pytest.mark.parametrize("scheme", OVERDAMPED)
def test_overdamped_schemes(scheme):
    """Variances against the Lyapunov solution, MSD, ACF, stability, and the table of closed forms."""
    words = {"friction": FRICTION, "stiffness": STIFFNESS}
    limit = theory.stability_limit(scheme, **words)
    assert limit == (np.inf if scheme == "exact_ou" else pytest.approx(2.0 * FRICTION / STIFFNESS, rel=1e-15))
    for dt in (0.01, 0.3, 0.6):
        kappa = STIFFNESS * dt / FRICTION
        M, N, b = theory.linear_scheme(scheme, dt=dt, kT=KT, **words)
        C = theory.linear_scheme_stationary(M, N)
        ratio = theory.position_variance_ratio(scheme, dt=dt, **words)
        close(ratio, C[0, 0] * STIFFNESS / KT)
        expected = {
            "euler_maruyama": 1.0 / (1.0 - kappa / 2.0),
            "heun": (1.0 - kappa / 2.0) / (1.0 - kappa / 2.0 + kappa**2 / 4.0),
        }
        close(ratio, expected.get(scheme, 1.0))
        close(np.linalg.solve(np.eye(len(M)) - M, b)[0], 1.0 / STIFFNESS)
        n = np.array([0, 1, 2, 9])
        by_power = [(np.linalg.matrix_power(M, lag) @ C)[0, 0] for lag in n]
        close(theory.discrete_acf(n, scheme, dt=dt, kT=KT, **words), by_power)
    steps = np.array([0, 1, 5])
    shift = 0.5 if scheme == "leimkuhler_matthews" else 0.0
    expected = 2.0 * KT / FRICTION * 0.3 * np.maximum(steps - shift, 0.0)
    close(theory.discrete_msd(steps, scheme, friction=FRICTION, kT=KT, dt=0.3), expected)
    assert theory.diffusion_ratio(scheme, friction=FRICTION, dt=0.3) == 1.0
    assert theory.drift_ratio(scheme, friction=FRICTION, dt=0.3) == 1.0
    M, N, _ = theory.linear_scheme(scheme, friction=FRICTION, kT=KT, stiffness=0.0, dt=0.3)
    # the noise of one step of a free particle is 2 D dt, shared by Leimkuhler-Matthews between two steps
    if scheme == "leimkuhler_matthews":
        close(N[0, 0] ** 2 + M[0, 1] ** 2, KT / FRICTION * 0.3)
    else:
        close(N @ N.T, 2.0 * KT / FRICTION * 0.3)


def test_exact_values_of_the_recurrence():
    """Normalised discrete autocorrelation of the kernel, 21 lags, and many lags at once."""
    golden = DATA["one_step_golden"]["harmonic_discrete_acf"]
    given = {WORDS[key]: golden["params"][key] for key in ("m", "lam", "k", "kT")}
    for scheme, name in (("baoab", "baoab"), ("gjf", "gj1"), ("gj2", "gj2")):
        acf = theory.discrete_acf(np.arange(21), scheme, dt=golden["params"]["h"], **given)
        close(acf / acf[0], golden["values"][name], 1e-12)
    # for dt -> 0 it is the continuous one; the lags are shaped as they come
    n = np.array([[0, 1000], [2000, 10_000]])
    acf = theory.discrete_acf(n, "gjf", dt=1e-3, kT=KT, **TRAP)
    np.testing.assert_allclose(acf, theory.harmonic_acf(n * 1e-3, kT=KT, **TRAP), rtol=0.0, atol=1e-6)
    acf = theory.discrete_acf(n, "exact_ou", dt=1e-3, kT=KT, **TRAP)
    np.testing.assert_allclose(acf, theory.harmonic_acf(n * 1e-3, kT=KT, **TRAP), rtol=0.0, atol=1e-12)


def test_discrete_kubo_theorem():
    """Step response = (f/kT) [C(0) - C(n)] at any step for baoab, gjf, gj2, exact; not for obabo."""
    n = np.arange(1, 40)
    for scheme in ("baoab", "gjf", "gj2", "exact_ou", "obabo"):
        words = {"kT": KT, "dt": 0.5, **TRAP}
        M, _, b = theory.linear_scheme(scheme, **words)
        z, response = np.zeros(2), []
        for _ in n:
            z = M @ z + b
            response.append(z[0])
        acf = theory.discrete_acf(np.append(0, n), scheme, **words)
        violation = np.max(np.abs(response - (acf[0] - acf[1:]) / KT)) * STIFFNESS
        assert violation > 0.1 if scheme == "obabo" else violation < EXACT


def test_half_step_velocity_and_limits_of_the_kernel():
    """Maxwellian v_half; gjf diffuses exactly at any step; gj2 becomes Leimkuhler-Matthews; broadcasting."""
    dt = np.array([0.01, 0.5, 1.5])
    for scheme in ("baoab", "gjf", "gj2"):
        half = theory.velocity_variance_ratio(scheme, dt=dt, half=True, **TRAP)
        assert np.array_equal(half, np.ones(3))
        close(theory.velocity_variance_ratio(scheme, dt=0.5, **TRAP),
              {"gj2": 0.8996439247066019}.get(scheme, 0.8990384615384615))  # fmt: skip
    # the half-step velocity itself, from M and N: v_half = c (v - h k x / 2m) + sqrt((kT/m)(1 - c^2)) xi
    c = (1.0 - 0.5 * FRICTION * 0.5 / MASS) / (1.0 + 0.5 * FRICTION * 0.5 / MASS)
    C = theory.linear_scheme_stationary(*theory.linear_scheme("gjf", dt=0.5, kT=KT, **TRAP)[:2])
    kick = np.array([-0.5 * STIFFNESS / (2.0 * MASS), 1.0])
    close(c**2 * kick @ C @ kick + KT / MASS * (1.0 - c**2), KT / MASS)
    wide = theory.discrete_msd(1000, "gj2", mass=1e-9, friction=FRICTION, kT=KT, dt=0.1)
    close(wide, 2.0 * KT / FRICTION * 0.1 * 999.5)
    close(theory.stability_limit("gj2", mass=1e-9, friction=FRICTION, stiffness=STIFFNESS), 2.0 * FRICTION / STIFFNESS)
    assert theory.stability_limit("gjf", mass=MASS, friction=FRICTION, stiffness=0.0) == np.inf
    close(theory.stability_limit("euler_maruyama", mass=MASS, friction=FRICTION, stiffness=0.0), 2.0 * MASS / FRICTION)
    ratio = theory.diffusion_ratio("baoab", mass=np.array([[1.3], [2.6]]), friction=FRICTION, dt=dt)
    a = FRICTION * dt / np.array([[1.3], [2.6]])
    # 1 + a^2/12 - a^4/720
    np.testing.assert_allclose(ratio - 1.0 - a**2 / 12.0 + a**4 / 720.0, 0.0, rtol=0.0, atol=1e-5)
    table = theory.discrete_msd(np.array([3, 50]), "gjf", mass=MASS, friction=FRICTION, kT=KT, dt=dt[:, None])
    assert table.shape == (3, 2)
    # the msd of gjf has exactly the continuous asymptote 2 D t - 2 D / gamma
    late = theory.discrete_msd(4000, "gjf", mass=MASS, friction=FRICTION, kT=KT, dt=0.5)
    close(late, 2.0 * KT / FRICTION * (2000.0 - MASS / FRICTION))


def test_gaussian_target_of_the_unadjusted_algorithm():
    """Stationary covariance kT [A (1 - tau A/2)]^-1 in three dimensions."""
    value, given, _ = known("ula_gaussian_cov")
    A, tau, kT = np.array(given["A"]), given["tau"], given["kT"]
    C = theory.linear_scheme_stationary(np.eye(3) - tau * A, np.sqrt(2.0 * tau * kT) * np.eye(3))
    close(C, value)
    with pytest.raises(ValueError, match="unit circle"):
        theory.linear_scheme_stationary(np.eye(3) - 3.0 * A, np.eye(3))


# ---------------------------------------------------------------------------------------------------------------- exact


def _oscillator_covariance(mp, dt, mass, friction, kT, stiffness):
    """Sigma of the damped oscillator from its closed-form impulse response, in mpmath."""
    g = friction / mass
    s = mp.sqrt(mp.mpc(g * g / 4 - stiffness / mass))

    def kick(t):
        return (mp.exp(-g * t / 2) * (mp.sinh(s * t) / s if s != 0 else t)).real

    def speed(t):
        return (mp.exp(-g * t / 2) * (mp.cosh(s * t) - g / 2 * (mp.sinh(s * t) / s if s != 0 else t))).real

    q = 2 * friction * kT / mass**2
    xx = q * mp.quad(lambda t: kick(t) ** 2, [0, dt])
    xv = kick(dt) ** 2 * q / 2
    vv = q * mp.quad(lambda t: speed(t) ** 2, [0, dt])
    return np.array([[float(xx), float(xv)], [float(xv), float(vv)]])


@pytest.mark.parametrize("unit", [1.0, 1e-6])
@pytest.mark.parametrize("stiffness", [0.0, STIFFNESS, FRICTION**2 / (4 * MASS), 1e-3])
@pytest.mark.parametrize("steps", [1e-9, 1e-6, 1e-2, 1.0, 9.0])
def test_exact_ou_keeps_relative_accuracy(steps, stiffness, unit):
    """Sigma_xx ~ dt^3 to 1e-12 at dt = 1e-9 relaxation times, free and in traps, in two units of time."""
    mp = pytest.importorskip("mpmath")
    with mp.workdps(40):
        m, lam, kT, k = (mp.mpf(value) for value in (MASS, FRICTION, KT, stiffness))
        dt = mp.mpf(steps * MASS / FRICTION)
        expected = _oscillator_covariance(mp, dt, m, lam, kT, k) * [[1.0, 1.0 / unit], [1.0 / unit, 1.0 / unit**2]]
    A = np.array([[0.0, 1.0], [-stiffness / MASS / unit**2, -FRICTION / MASS / unit]])
    Q = np.diag([0.0, 2.0 * FRICTION * KT / MASS**2 / unit**3])
    M, Sigma = theory.exact_ou(A, Q, float(dt) * unit)
    # Sigma_xv passes through zero beyond one turn: there the yardstick is sqrt(Sigma_xx Sigma_vv)
    yardstick = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.all(np.abs(Sigma - expected) <= EXACT * np.abs(expected) + 1e-15 * yardstick * (steps > 1e-2))
    assert np.array_equal(Sigma, Sigma.T)
    if stiffness > 0:
        words = {"mass": MASS, "friction": FRICTION, "kT": KT, "stiffness": stiffness}
        rho = theory.harmonic_acf(float(dt), **words) * stiffness / KT
        np.testing.assert_allclose(M[0, 0], rho, rtol=0.0, atol=1e-14)
        slope = -theory.harmonic_cross_correlation(float(dt), **words) * MASS / KT
        np.testing.assert_allclose(M[0, 1], slope * unit, rtol=1e-12, atol=1e-14 * unit)
    else:
        close(Sigma[0, 0], theory.free_variance_given_velocity(float(dt), mass=MASS, friction=FRICTION, kT=KT))


def test_exact_ou_reaches_the_stationary_state():
    """Two temperatures, an active particle, a memory kernel and a magnetic field, from one function."""
    value, g, _ = known("gyrator_od")
    A = -np.array([[g["k"], g["u"]], [g["u"], g["k"]]]) / g["lam"]
    C = theory.exact_ou(A, 2.0 / g["lam"] * np.diag([g["kT1"], g["kT2"]]), 60.0)[1]
    close([C[0, 0], C[1, 1], C[0, 1]], [value["xx"], value["yy"], value["xy"]])
    value, g, _ = known("gyrator_ud")
    K = np.array([[g["k"], g["u"]], [g["u"], g["k"]]]) / g["m"]
    A = np.block([[np.zeros((2, 2)), np.eye(2)], [-K, -g["lam"] / g["m"] * np.eye(2)]])
    C = theory.exact_ou(A, 2.0 * g["lam"] / g["m"] ** 2 * np.diag([0.0, 0.0, g["kT1"], g["kT2"]]), 300.0)[1]
    close([C[0, 0], C[1, 1], C[0, 1], C[2, 2], C[3, 3], C[0, 3]],
          [value[key] for key in ("xx", "yy", "xy", "vxvx", "vyvy", "x_vy")])  # fmt: skip
    value, g, _ = known("aoup_trap")
    A = [[-g["k"] / g["lam"], 1.0 / g["lam"]], [0.0, -1.0 / g["tau_a"]]]
    C = theory.exact_ou(A, np.diag([2.0 * g["kT"] / g["lam"], 2.0 * g["f0"] ** 2 / g["tau_a"]]), 60.0)[1]
    close(C[0, 0], value)
    value, g, _ = known("gle_exponential")
    m, lam, kT, tau = g["m"], g["lam"], g["kT"], g["tau_k"]
    A = [[0.0, -1.0 / m], [lam / tau, -1.0 / tau]]
    Q = np.diag([0.0, 2.0 * lam * kT / tau**2])
    C = theory.exact_ou(A, Q, 300.0)[1]
    vacf = [(theory.exact_ou(A, Q, t)[0] @ C)[0, 0] for t in g["t"]]
    # at t = 6 the VACF crosses zero: rounding is measured by kT/m
    np.testing.assert_allclose(vacf, value["vacf"], rtol=0.0, atol=1e-14)
    value, g, _ = known("magnetic")
    rate = g["lam"] / g["m"]
    A = np.array([[-rate, g["omega_c"]], [-g["omega_c"], -rate]])
    Q = 2.0 * rate * g["kT"] / g["m"] * np.eye(2)
    for t, vxx, vxy in zip(g["t"], value["vxx"], value["vxy"], strict=True):
        M, Sigma = theory.exact_ou(A, Q, t)
        np.testing.assert_allclose(M[:, 0] * g["kT"] / g["m"], [vxx, vxy], rtol=0.0, atol=1e-14)
        close(np.diag(Sigma), g["kT"] / g["m"] * -np.expm1(-2.0 * rate * t))


def test_affine_ou():
    """Shift of a free particle, of a trap, and of an unstable direction, at tiny and long steps."""
    for dt in (1e-9, 0.3, 50.0):
        A, b = np.array([[0.0, 1.0], [0.0, -FRICTION / MASS]]), np.array([0.0, 0.8 / MASS])
        M, shift, _ = theory.affine_ou(A, b, np.diag([0.0, 1.0]), dt)
        close(shift[0], theory.free_drift(dt, force=0.8, mass=MASS, friction=FRICTION))
        close(shift[1], -0.8 / FRICTION * np.expm1(-FRICTION / MASS * dt))
        close(M[0, 1], theory.free_mean_given_velocity(dt, velocity=1.0, mass=MASS, friction=FRICTION))
        A[1, 0] = -STIFFNESS / MASS
        _, shift, _ = theory.affine_ou(A, b, np.diag([0.0, 1.0]), dt)
        close(shift[0], theory.harmonic_step_response(dt, force=0.8, **TRAP))
    M, shift, Sigma = theory.affine_ou([[0.7]], [0.4], [[1.3]], 2.0)
    close([M[0, 0], shift[0], Sigma[0, 0]], [np.exp(1.4), 0.4 / 0.7 * np.expm1(1.4), 1.3 / 1.4 * np.expm1(2.8)])
    M, shift, Sigma = theory.affine_ou(np.zeros((2, 2)), [0.4, 0.0], np.eye(2), 0.5)
    assert np.array_equal(M, np.eye(2))
    assert np.array_equal(Sigma, 0.5 * np.eye(2))
    assert shift.tolist() == [0.2, 0.0]


# ----------------------------------------------------------------------------------------------------------- bad input


def _bad_calls():
    U = double_well(2.0, 1.2)
    trap = {"friction": FRICTION, "kT": KT, "stiffness": STIFFNESS}
    well = {"barrier": 2.0, "well_curvature": 8.0, "barrier_curvature": 4.0}
    path = {"friction": FRICTION, "kT": KT}
    wave = {"period": 2.0, **path}
    step = {"stiffness": STIFFNESS, "dt": 0.1}
    square = ((0.0, 1.0), (0.0, 1.0))
    t = theory
    return [
        ("mass.*-1.3", lambda: t.free_msd(1.0, mass=-1.3, friction=FRICTION, kT=KT)),
        ("t must.*>= 0.*-1", lambda: t.free_msd([1.0, -1.0], mass=MASS, friction=FRICTION, kT=KT)),
        ("kT.*nan", lambda: t.free_msd(1.0, mass=MASS, friction=FRICTION, kT=np.nan)),
        ("friction must be finite and > 0, got 0", lambda: t.diffusion(friction=0.0, kT=KT)),
        ("mass.*> 0.*got 0", lambda: t.free_vacf(1.0, mass=0.0, friction=FRICTION, kT=KT)),
        ("mass.*> 0", lambda: t.free_mean_given_velocity(1.0, velocity=0.4, mass=0.0, friction=FRICTION)),
        ("kT", lambda: t.free_variance_given_velocity(1.0, mass=MASS, friction=FRICTION, kT=-KT)),
        ("force.*inf", lambda: t.free_drift(1.0, force=np.inf, friction=FRICTION)),
        ("friction.*'thick'", lambda: t.diffusion(friction="thick", kT=KT)),
        ("friction.*None", lambda: t.diffusion(friction=None, kT=KT)),
        ("stiffness", lambda: t.harmonic_acf(1.0, friction=FRICTION, kT=KT, stiffness=0.0)),
        ("mass", lambda: t.harmonic_vacf(1.0, mass=0.0, **trap)),
        ("t must be finite", lambda: t.harmonic_cross_correlation(np.nan, mass=MASS, **trap)),
        ("stiffness", lambda: t.harmonic_relaxation_time(friction=FRICTION, stiffness=-2.1)),
        ("t must", lambda: t.harmonic_step_response(-1.0, force=1.0, friction=FRICTION, stiffness=STIFFNESS)),
        ("omega", lambda: t.harmonic_psd(np.nan, **trap)),
        ("friction", lambda: t.harmonic_susceptibility(1.0, friction=0.0, stiffness=STIFFNESS)),
        ("dt", lambda: t.aliased_psd(1.0, dt=0.0, **trap)),
        ("acf must hold", lambda: t.expected_periodogram([], dt=0.1)),
        ("acf must be finite", lambda: t.expected_periodogram([1.0, np.nan], dt=0.1)),
        ("duration", lambda: t.sample_variance(0.0, **trap)),
        ("velocity", lambda: t.dragged_work_mean(1.0, velocity=np.nan, friction=FRICTION, stiffness=STIFFNESS)),
        ("kT", lambda: t.dragged_work_variance(1.0, velocity=0.9, friction=FRICTION, kT=0.0, stiffness=STIFFNESS)),
        ("kT", lambda: t.partition_function(U, kT=0.0)),
        ("kT must be one number", lambda: t.partition_function(U, kT=[0.9, 1.0])),
        ("must confine", lambda: t.partition_function(lambda x: 0.0 * x, kT=KT)),
        ("must confine", lambda: t.partition_function(lambda x: x, kT=KT)),
        ("exclude each other", lambda: t.free_energy(U, kT=KT, period=2.0, support=(0.0, 1.0))),
        ("support.*a < b", lambda: t.boltzmann_moment(2, U, kT=KT, support=(1.0, 0.0))),
        ("n must be a whole number", lambda: t.boltzmann_moment(1.5, U, kT=KT)),
        ("period must be a period", lambda: t.partition_function(U, kT=KT, period=1.0)),
        ("got nan at x = 0.0", lambda: t.boltzmann_density(0.1, lambda x: np.where(x == 0, np.nan, x**2), kT=KT)),
        ("same shape", lambda: t.boltzmann_cdf(0.1, lambda x: np.ones(3), kT=KT)),
        ("f must be a number", lambda: t.boltzmann_average(lambda x: np.nan * x, U, kT=KT)),
        ("finite somewhere", lambda: t.partition_function(lambda x: np.inf + 0 * x, kT=KT, support=(0.0, 1.0))),
        ("too rough", lambda: t.partition_function(lambda x: x**2 + 0.1 * np.sin(1e12 * x), kT=KT)),
        (r"p must be in \[0, 1\]", lambda: t.boltzmann_quantile(1.1, U, kT=KT)),
        ("box", lambda: t.boltzmann_average_2d(np.add, np.add, kT=KT, box=((0.0, 1.0), (1.0, 0.0)))),
        ("energy must be finite", lambda: t.boltzmann_average_2d(np.add, lambda x, y: np.nan * x, kT=KT, box=square)),
        ("nodes a side", lambda: t.boltzmann_average_2d(np.add, lambda x, y: 9.0 * (x > y), kT=KT, box=square)),
        ("start must be one", lambda: t.mfpt(U, [0.0, 1.0], 1.2, **path)),
        ("wall", lambda: t.mfpt(U, 0.0, 1.2, wall=0.5, **path)),
        ("must confine", lambda: t.mfpt(lambda x: x, 0.0, 1.2, **path)),
        (r"got \+inf", lambda: t.mfpt(lambda x: np.where(x > 1.0, np.inf, x**2), 0.0, 1.2, **path)),
        ("barrier", lambda: t.kramers_rate(**{**well, "barrier": -1.0}, **path)),
        ("well_curvature", lambda: t.kramers_rate(**{**well, "well_curvature": 0.0}, **path)),
        ("period must be a period", lambda: t.lifson_jackson(U, **wave)),
        ("period must be a period", lambda: t.stratonovich_velocity(lambda x: x, force=1.0, **wave)),
        ("force", lambda: t.reimann_diffusion(np.cos, force=np.nan, **wave)),
        ("friction must be one", lambda: t.lifson_jackson(np.cos, period=2.0, friction=[1.0, 2.0], kT=KT)),
        ("baoab, euler.*got 'verlet'", lambda: t.stability_limit("verlet", mass=MASS, friction=1.0, stiffness=1.0)),
        ("for overdamped dynamics.*'gjf'", lambda: t.diffusion_ratio("gjf", friction=1.0, dt=0.1)),
        ("for underdamped dynamics.*'heun'", lambda: t.diffusion_ratio("heun", mass=MASS, friction=1.0, dt=0.1)),
        ("mass must be > 0 everywhere", lambda: t.drift_ratio("exact_ou", mass=[0.0, 1.3], friction=1.0, dt=0.1)),
        ("stability limit", lambda: t.position_variance_ratio("gjf", mass=MASS, friction=1.0, stiffness=2.1, dt=1.6)),
        ("stability limit", lambda: t.discrete_msd(3, "euler_maruyama", mass=MASS, friction=1.0, kT=KT, dt=2.7)),
        ("half", lambda: t.velocity_variance_ratio("obabo", mass=MASS, friction=1.0, half=True, **step)),
        ("n must be a whole number >= 0, got -1", lambda: t.discrete_acf(-1, "heun", friction=1.0, kT=KT, **step)),
        ("friction must be one number", lambda: t.linear_scheme("heun", friction=[1.0, 2.0], kT=KT, **step)),
        ("dt", lambda: t.linear_scheme("heun", friction=1.0, kT=KT, stiffness=1.0, dt=-0.1)),
        (r"M must be \(d, d\)", lambda: t.linear_scheme_stationary([[0.5, 0.0]], [[1.0]])),
        ("same shape", lambda: t.lag_covariance(np.eye(2), np.eye(3), 1)),
        ("A must be square", lambda: t.exact_ou(np.ones((2, 3)), np.eye(2), 0.1)),
        ("Q must be of shape", lambda: t.exact_ou(np.eye(2), np.eye(3), 0.1)),
        ("Q must be symmetric", lambda: t.exact_ou(np.eye(2), [[1.0, 0.5], [0.0, 1.0]], 0.1)),
        ("Q must be symmetric", lambda: t.exact_ou([[1.0]], [[-1.0]], 0.1)),
        ("dt", lambda: t.exact_ou([[1.0]], [[1.0]], 0.0)),
        ("overflows", lambda: t.exact_ou([[1.0]], [[1.0]], 1e4)),
        ("b must be of shape", lambda: t.affine_ou([[1.0]], [1.0, 2.0], [[1.0]], 0.1)),
    ]  # fmt: skip


@pytest.mark.parametrize(("message", "call"), _bad_calls())
def test_bad_input_names_the_value_and_what_is_allowed(message, call):
    """ValueError, with the name of what was wrong."""
    with pytest.raises(ValueError, match=message):
        call()


def test_every_public_name_is_documented_and_tested_here():
    """Each has parameters, returns, raises, a source and an example, and appears in this file."""
    here = "".join(path.read_text() for path in sorted(Path(__file__).parent.glob("test_theory*.py")))
    for name in theory.__all__:
        text = getattr(theory, name).__doc__
        for part in ("Parameters\n", "Returns\n", "Raises\n", "Notes\n", "Source: ", "Examples\n", ">>> "):
            assert part in text, f"{name}: {part.strip()}"
        assert f"theory.{name}(" in here or f"t.{name}(" in here or f"theory.{name}," in here, name

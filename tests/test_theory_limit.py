"""The limit m -> 0 on one Wiener path: closed forms, the compiled schemes, and what becomes of them at a fixed dt.

That GJ2 at m = 1e-12 is Leimkuhler-Matthews in a double well stands in test_integrators.py; here: how fast, under which
convention for the first noise, and what GJF does instead.
"""

import pathlib

import numpy as np
import pytest
from conftest import STANDARD_ERRORS, standard_errors
from scipy.linalg import block_diag, solve_continuous_lyapunov

import brownian as bn
from brownian import theory
from brownian.integrators.probe import affine_probe
from brownian.scripts import load

MASS, FRICTION, KT, STIFFNESS = 1.3, 0.7, 0.9, 2.1
MASSES = np.array([1.3, 0.13, 0.013, 0.0013])
BATH = {"friction": FRICTION, "kT": KT}
EPS = 2.0**-52
ROOT = pathlib.Path(__file__).parent.parent


def _probe(integrator, dynamics, dt, stiffness=0.0, kernel=None):
    potential = bn.Harmonic(stiffness) if stiffness else bn.Free()
    kernel = kernel or integrator.kernel(dynamics, dt, 1, potential)
    return affine_probe(kernel, potential, len(dynamics.slots), integrator.facts_for(dynamics).normals, 1, dt)


def _joint(*probes):
    """Matrix and noise of several schemes driven by one normal; the first coordinate of each is its position."""
    return block_diag(*(p.matrix for p in probes)), np.vstack([p.noise for p in probes])


def _apart(covariance):
    """E (x - y)^2 of an underdamped x and an overdamped y."""
    return covariance[0, 0] + covariance[2, 2] - 2.0 * covariance[0, 2]


def _run(integrator, dynamics, dt, steps, *, potential=None, particles=2000, seed=11, every=None, **more):
    simulation = bn.Simulation(
        potential=potential or bn.Free(), dynamics=dynamics, integrator=integrator, dt=dt, particles=particles,
        seed=seed, **more,
    )  # fmt: skip
    return simulation.run(steps=steps, every=every, dtype=np.float64, threads=1)


# -------------------------------------------------------------------------------------------------- in continuous time


def test_known_answers(known):
    free, trap = (np.array(known[f"mass_to_zero_{name}"]["value"]) for name in ("free", "harmonic"))
    assert np.allclose(theory.mass_to_zero_free(2.0, mass=MASSES, **BATH), free, rtol=1e-14, atol=0.0)
    found = theory.mass_to_zero_harmonic(mass=MASSES, stiffness=STIFFNESS, **BATH)
    assert np.allclose(found, trap, rtol=1e-9, atol=0.0)  # the table's values carry ten digits


@pytest.mark.parametrize("m", MASSES)
def test_closed_forms_are_the_solution_of_the_joint_equations(m):
    """(x_m, v, x_0) under one noise: Lyapunov's equation in the trap, the exact law after a time when free."""
    noise = np.array([0.0, np.sqrt(2.0 * FRICTION * KT) / m, np.sqrt(2.0 * KT / FRICTION)])
    drift = np.array([[0.0, 1.0, 0.0], [-STIFFNESS / m, -FRICTION / m, 0.0], [0.0, 0.0, -STIFFNESS / FRICTION]])
    covariance = solve_continuous_lyapunov(drift, -np.outer(noise, noise))
    # rounding of the solution, relative to kT / k and at most the ratio of rates (gamma lambda / k) times as large
    bound = 100.0 * EPS * KT / STIFFNESS * max(1.0, FRICTION**2 / (m * STIFFNESS))
    assert abs(_apart(covariance) - theory.mass_to_zero_harmonic(mass=m, stiffness=STIFFNESS, **BATH)) < bound
    assert covariance[0, 0] == pytest.approx(covariance[2, 2], rel=1e-10)  # averages of one time don't differ
    free = np.array([[0.0, 1.0, 0.0], [0.0, -FRICTION / m, 0.0], [0.0, 0.0, 0.0]])
    for t in (0.01, 0.5, 2.0):
        M, sigma = theory.exact_ou(free, np.outer(noise, noise), t)
        covariance = M @ np.diag([0.0, KT / m, 0.0]) @ M.T + sigma
        expected = theory.mass_to_zero_free(t, mass=m, **BATH)
        assert abs(_apart(covariance) - expected) < 100.0 * EPS * covariance[2, 2] * max(1.0, FRICTION * t / m)
        assert theory.free_msd(t, **BATH) - theory.free_msd(t, mass=m, **BATH) == pytest.approx(expected, rel=1e-11)


def test_rates():
    """The strong error is of order 1/2 in m, the difference of averages of order 1."""
    light = np.array([1e-5, 1e-6])
    for squares in (
        theory.mass_to_zero_free(2.0, mass=light, **BATH),
        theory.mass_to_zero_harmonic(mass=light, stiffness=STIFFNESS, **BATH),
    ):
        # the next term of the trap is smaller by km / 2 lambda^2 = 2e-5
        assert np.log10(np.sqrt(squares[0] / squares[1])) == pytest.approx(0.5, abs=2e-5)


def test_broadcasting_and_bad_input():
    assert theory.mass_to_zero_free([[0.1], [2.0]], mass=MASSES, **BATH).shape == (2, 4)
    assert theory.mass_to_zero_free(0.0, mass=MASS, **BATH) == 0.0
    words = {"mass": 0.013, "dt": 0.05, **BATH}
    assert theory.discrete_mass_to_zero_free([0, 1, 5], "gj2", path="leimkuhler_matthews", **words)[0] == 0.0
    assert np.shape(theory.discrete_mass_to_zero_free(np.arange(3), "gjf", **words | {"dt": np.ones((2, 1))})) == (2, 3)
    with pytest.raises(ValueError, match="mass must be finite and > 0, got 0"):
        theory.mass_to_zero_free(1.0, mass=0.0, **BATH)
    with pytest.raises(ValueError, match="t must be finite and >= 0, got -1"):
        theory.mass_to_zero_free(-1.0, mass=MASS, **BATH)
    with pytest.raises(ValueError, match="stiffness must be finite and > 0, got 0"):
        theory.mass_to_zero_harmonic(mass=MASS, stiffness=0.0, **BATH)
    with pytest.raises(ValueError, match="scheme must be one of gjf, gj2, got 'baoab'"):
        theory.discrete_mass_to_zero_free(3, "baoab", **words)
    with pytest.raises(ValueError, match="path must be one of wiener, leimkuhler_matthews, got 'heun'"):
        theory.discrete_mass_to_zero_free(3, "gjf", path="heun", **words)
    with pytest.raises(ValueError, match="n must be a whole number >= 0, got -2"):
        theory.discrete_mass_to_zero_free(-2, "gjf", **words)


# ------------------------------------------------------------------------------------------- the compiled schemes at dt


def test_free_gjf_and_euler_maruyama_share_the_wiener_path():
    """lambda (x_m - x_0) = -m (v - v(0)) for every particle, at any dt: the same seed is the same path, to rounding."""
    for m, dt in ((1.3, 0.5), (0.13, 0.01)):
        heavy = _run(bn.GJF(), bn.Langevin(m, **BATH), dt, 200, every=dt)
        without = _run(bn.EulerMaruyama(), bn.Overdamped(**BATH), dt, 200, every=dt)
        x, v = heavy.positions[:, :, 0], heavy.velocities[:, :, 0]
        rest = FRICTION * (x - without.positions[:, :, 0]) + m * (v - v[0])
        bound = 8.0 * 200 * EPS * (FRICTION * np.abs(x).max() + m * np.abs(v).max())  # eight roundings a step
        assert np.abs(rest).max() < bound
        other = _run(bn.EulerMaruyama(), bn.Overdamped(**BATH), dt, 200, every=dt, seed=12)  # another path
        assert np.abs(FRICTION * (x - other.positions[:, :, 0]) + m * (v - v[0])).max() > 1e10 * bound


def test_free_gj2_shares_it_with_a_factor_of_its_own():
    """x_m - x_0 = -(h_e / 2) (1 + c) / (1 - c) (v - v(0)): which is m / lambda in the limit dt -> 0 alone."""
    m, dt, steps = 0.13, 0.1, 400
    without = _run(bn.EulerMaruyama(), bn.Overdamped(**BATH), dt, steps).positions[-1, :, 0]
    heavy = _run(bn.GJ2(), bn.Langevin(m, **BATH), dt, steps)
    x, v = heavy.positions[-1, :, 0], heavy.velocities[:, :, 0]
    half = FRICTION * dt / m / 2.0
    rest = x - without + dt / 2.0 / np.sqrt(half * np.tanh(half)) * (v[-1] - v[0])
    assert np.abs(rest).max() < 8.0 * steps * EPS * np.abs(x).max()


@pytest.mark.parametrize("m", [1.3, 0.13])
def test_trap_by_simulation_from_the_joint_stationary_law(m):
    """5 standard errors over particles, at lambda dt / m <= 0.02, where dt itself changes less than a tenth of one."""
    dt, particles = 0.02 * min(m, 0.13) / FRICTION, 4000
    light, heavy = bn.Overdamped(**BATH), bn.Langevin(m, **BATH)
    matrix, noise = _joint(_probe(bn.GJF(), heavy, dt, STIFFNESS), _probe(bn.Heun(), light, dt, STIFFNESS))
    law = theory.linear_scheme_stationary(matrix, noise)
    start = np.linalg.cholesky(law) @ np.random.default_rng(3).normal(size=(3, particles))
    words = {"potential": bn.Harmonic(STIFFNESS), "particles": particles}
    x = _run(bn.GJF(), heavy, dt, 150, start=(start[0][:, None], start[1][:, None]), **words).positions[-1, :, 0]
    y = _run(bn.Heun(), light, dt, 150, start=start[2], **words).positions[-1, :, 0]
    exact = theory.mass_to_zero_harmonic(mass=m, stiffness=STIFFNESS, **BATH)
    assert abs(standard_errors((x - y) ** 2, exact)) < STANDARD_ERRORS
    assert abs(_apart(law) - exact) < 0.1 * np.std((x - y) ** 2) / np.sqrt(particles)
    y = _run(bn.Heun(), light, dt, 150, start=start[2], seed=12, **words).positions[-1, :, 0]  # another path
    assert abs(standard_errors((x - y) ** 2, exact)) > STANDARD_ERRORS


@pytest.mark.parametrize("m", MASSES)
def test_the_step_changes_the_trap_s_value_by_little_and_to_second_order(m):
    """Joint Lyapunov equation of the two compiled kernels: no random numbers, every mass."""

    def bias(dt):
        probes = (
            _probe(bn.GJF(), bn.Langevin(m, **BATH), dt, STIFFNESS),
            _probe(bn.Heun(), bn.Overdamped(**BATH), dt, STIFFNESS),
        )
        law = theory.linear_scheme_stationary(*_joint(*probes))
        return _apart(law) / theory.mass_to_zero_harmonic(mass=m, stiffness=STIFFNESS, **BATH) - 1.0

    dt = 0.1 * min(m, 0.13) / FRICTION
    coarse, fine = bias(dt), bias(dt / 2.0)
    assert abs(coarse) < (FRICTION * dt / m) ** 2 + (STIFFNESS * dt / FRICTION) ** 2
    assert np.log2(abs(coarse / fine)) == pytest.approx(2.0, abs=0.25)


def test_a_noise_one_percent_too_strong_is_seen_by_a_light_particle():
    """1 % of the path does not vanish with the mass: planted in GJF's kernel, it is a tenth of it."""
    m, dt, steps = 0.0013, 0.1 * 0.0013 / FRICTION, 10_000
    dynamics = bn.Langevin(m, **BATH)
    kernel = bn.GJF().kernel(dynamics, dt, 1, bn.Free())
    found = []
    for factor in (1.0, 1.01):
        heavy = _probe(bn.GJF(), dynamics, dt, kernel=kernel._replace(spread=factor * kernel.spread))
        matrix, noise = _joint(heavy, _probe(bn.EulerMaruyama(), bn.Overdamped(**BATH), dt))
        covariance = np.diag([0.0, KT / m, 0.0])
        for _ in range(steps):
            covariance = matrix @ covariance @ matrix.T + noise @ noise.T
        found.append(_apart(covariance))
    exact = theory.discrete_mass_to_zero_free(steps, "gjf", mass=m, dt=dt, **BATH)
    assert abs(found[0] - exact) < 4.0 * steps * EPS * covariance[2, 2]  # rounding of the sums
    assert found[1] / exact - 1.0 > STANDARD_ERRORS * np.sqrt(2.0 / 10_000)  # seen with ten thousand particles


# ------------------------------------------------------------------------------------------------------ at a fixed step


@pytest.mark.parametrize("scheme", ["gjf", "gj2"])
@pytest.mark.parametrize("path", ["wiener", "leimkuhler_matthews"])
@pytest.mark.parametrize("m", [1.3, 0.13, 0.02, 0.005])
def test_discrete_closed_form_is_the_covariance_carried_step_by_step(scheme, path, m):
    """From the probes of both kernels; the kept normal of Leimkuhler-Matthews is the one that v_0 still holds."""
    integrator, dt = {"gjf": bn.GJF(), "gj2": bn.GJ2()}[scheme], 0.05
    other = {"wiener": bn.EulerMaruyama(), "leimkuhler_matthews": bn.LeimkuhlerMatthews()}[path]
    heavy, light = _probe(integrator, bn.Langevin(m, **BATH), dt), _probe(other, bn.Overdamped(**BATH), dt)
    matrix, noise = _joint(heavy, light)
    covariance = np.zeros(matrix.shape)
    covariance[1, 1] = KT / m
    if path == "leimkuhler_matthews":
        covariance[3, 3] = 1.0
        covariance[1, 3] = covariance[3, 1] = heavy.noise[1, 0]
    for n in range(1, 12):
        covariance = matrix @ covariance @ matrix.T + noise @ noise.T
        expected = theory.discrete_mass_to_zero_free(n, scheme, mass=m, dt=dt, path=path, **BATH)
        assert abs(_apart(covariance) - expected) < 50.0 * n * EPS * max(covariance[0, 0], covariance[2, 2])


def _given(steps, particles):
    return bn.Given(np.random.default_rng(5).normal(size=(steps, 1, particles, 1)), 0)


@pytest.mark.filterwarnings("ignore:gamma dt")
@pytest.mark.parametrize("potential", [bn.Harmonic(STIFFNESS), bn.DoubleWell(2.0, 1.2)], ids=["trap", "well"])
def test_gj2_reaches_leimkuhler_matthews_exponentially(potential):
    """The same normals through Simulation: from the end of GJ2's step 0, whose normal is the one that is kept.

    The distance falls like e^-a until it is rounding; a path begun one normal off stays sqrt(tau kT) away.
    """
    dt, steps, particles = 0.04, 30, 200
    words = {"potential": potential, "particles": particles, "noise": _given(steps + 2, particles)}
    distances, masses = [], FRICTION * dt / np.array([6.0, 9.0, 12.0])
    for m in (*masses, 1e-9, 1e-12, 1e-15):
        start = np.full((particles, 1), 0.9), np.zeros((particles, 1))
        light = _run(bn.GJ2(), bn.Langevin(m, **BATH), dt, steps + 1, every=dt, start=start, **words).positions
        limit = _run(bn.LeimkuhlerMatthews(), bn.Overdamped(**BATH), dt, steps, every=dt, start=light[1], **words)
        difference = (light[1:] - limit.positions)[:, :, 0]
        distances.append(np.sqrt(np.mean(difference**2)))
        if m < 1e-6:
            # a step rounds eight times; what it does to an earlier difference is at most 1 + tau |U''| <= 1.4
            assert np.abs(difference).max() < 8.0 * EPS * 1.4**steps * np.abs(light).max()
    slopes = np.diff(np.log(distances[:3])) / 3.0
    assert slopes == pytest.approx([-1.0, -1.0], abs=0.05)
    off = _run(
        bn.LeimkuhlerMatthews(), bn.Overdamped(**BATH), dt, steps, every=dt, start=light[1], first_step=1, **words
    )
    assert np.sqrt(np.mean((light[1:] - off.positions) ** 2)) > 0.5 * np.sqrt(dt / FRICTION * KT)


@pytest.mark.filterwarnings("ignore:gamma dt")
def test_gjf_goes_to_the_wiener_path_instead():
    """c -> -1: free, it is the Euler-Maruyama path of the same normals, tau kT away from Leimkuhler-Matthews."""
    dt, steps, particles, m = 0.05, 40, 4000, 1e-12
    words = {"particles": particles, "noise": _given(steps + 1, particles)}
    x = _run(bn.GJF(), bn.Langevin(m, **BATH), dt, steps + 1, every=dt, **words).positions[:, :, 0]
    moved = x[-1] - x[1]
    wiener, limit = (
        _run(scheme, bn.Overdamped(**BATH), dt, steps, first_step=first, **words).positions[-1, :, 0]
        for scheme, first in ((bn.EulerMaruyama(), 1), (bn.LeimkuhlerMatthews(), 0))
    )
    # -m (v - v_0) / lambda: at most twice the 7.6 standard deviations that a normal of this package can have
    assert np.abs(moved - wiener).max() < 2.0 * 7.7 * np.sqrt(m * KT) / FRICTION
    tau = dt / FRICTION
    assert abs(standard_errors((moved - limit) ** 2, tau * KT)) < STANDARD_ERRORS
    assert theory.discrete_mass_to_zero_free(
        steps, "gjf", mass=m, dt=dt, path="leimkuhler_matthews", **BATH
    ) == pytest.approx(tau * KT, rel=1e-9)
    # at a = 2 it passes through: c = 0, and GJF is Leimkuhler-Matthews
    x = _run(bn.GJF(), bn.Langevin(FRICTION * dt / 2.0, **BATH), dt, steps + 1, every=dt, **words).positions[:, :, 0]
    assert np.abs(x[-1] - x[1] - limit).max() < 8.0 * steps * EPS * np.abs(limit).max()


def test_gjf_in_a_trap_has_no_such_limit():
    """It is unstable for m < k dt^2 / 4, and refused; GJ2 is stable there as Leimkuhler-Matthews is."""
    dt = 0.05
    critical = STIFFNESS * dt**2 / 4.0
    for factor, stable in ((0.99, False), (1.01, True)):
        matrix = _probe(bn.GJF(), bn.Langevin(factor * critical, **BATH), dt, STIFFNESS).matrix
        assert (np.abs(np.linalg.eigvals(matrix)).max() < 1.0) == stable
    with pytest.raises(ValueError, match="unstable"):
        _run(bn.GJF(), bn.Langevin(0.99 * critical, **BATH), dt, 1, potential=bn.Harmonic(STIFFNESS))
    matrix = _probe(bn.GJ2(), bn.Langevin(1e-12, **BATH), dt, STIFFNESS).matrix
    assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(1.0 - STIFFNESS * dt / FRICTION, rel=1e-9)


def test_scenario(tmp_path):
    """The script at a smaller size agrees with theory and draws its picture."""
    script = load(ROOT / "scenarios" / "overdamped_limit.py")
    result = script.run(particles=400, decades=2, out=tmp_path)
    assert result.agrees, str(result)
    assert (tmp_path / "overdamped_limit.png").stat().st_size > 10_000

"""Published tables of what a scheme is worth as a sampler: bias, autocorrelation, gradients to an error, acceptance.

Every number comes from the compiled kernel: its affine probe, its transfer operator, or runs.  The closed forms of
variances, step matrices, diffusion and drift at other steps, and the double well to ten digits, stand in
test_integrators.py (from the kernels) and test_theory.py (from matrices).  Parameters are scaled so that none is 1:
z = k dt / lambda, h = Omega dt and g = gamma / Omega are those of the tables.
"""

from typing import NamedTuple

import numpy as np
import pytest
from conftest import STANDARD_ERRORS, standard_errors
from scipy.stats import norm

import brownian as bn
from brownian import theory
from brownian.caching import compiled_for
from brownian.integrators.integrator import load_position, one_normal, store_position
from brownian.integrators.moves import HEUN
from brownian.integrators.operator import StationaryLaw
from brownian.integrators.probe import affine_probe
from brownian.integrators.scheme import begin, step

MASS, FRICTION, STIFFNESS, KT = 1.3, 0.7, 2.1, 0.9
TRAP, OVERDAMPED = bn.Harmonic(STIFFNESS), bn.Overdamped(FRICTION, KT)
SCHEMES = {
    "euler_maruyama": bn.EulerMaruyama(),
    "leimkuhler_matthews": bn.LeimkuhlerMatthews(),
    "heun": bn.Heun(),
    "exact_ou": bn.ExactOU(),
}


def _begin(kernel, potential, s, work, z, n, t):
    begin(kernel, potential, s, work, z, n, t)


def _step(kernel, potential, s, work, z, n, t, t_next):
    step(kernel, potential, s, work, z, n, t, t_next)


def _probe(integrator, dynamics, dt, potential=TRAP):
    """The affine step of the compiled kernel."""
    kernel = integrator.kernel(dynamics, dt, 1, potential)
    take = compiled_for(_begin, kernel, potential), compiled_for(_step, kernel, potential)
    return affine_probe(kernel, potential, len(dynamics.slots), integrator.facts_for(dynamics).normals, 1, dt, take)


def _overdamped_probe(scheme, z):
    return _probe(SCHEMES[scheme], OVERDAMPED, z * FRICTION / STIFFNESS)


# ----------------------------------------------------------------------------- overdamped, in a trap, z = k dt / lambda

VARIANCES = {
    "euler_maruyama": {0.1: 1.052632, 0.2: 1.111111, 0.5: 1.333333, 1.0: 2.0},
    "leimkuhler_matthews": dict.fromkeys((0.1, 0.2, 0.5, 1.0), 1.0),
    "heun": {0.1: 0.997375, 0.2: 0.989011, 0.5: 0.923077, 1.0: 0.666667},
    "exact_ou": dict.fromkeys((0.1, 0.2, 0.5, 1.0), 1.0),
}


@pytest.mark.parametrize("scheme", VARIANCES)
def test_stationary_variances(scheme):
    """k <x^2> / kT of the kernel: the table's six digits, the closed form to 1e-10, and its order in z."""
    for z, expected in VARIANCES[scheme].items():
        ratio = _overdamped_probe(scheme, z).stationary_covariance()[0, 0] * STIFFNESS / KT
        assert ratio == pytest.approx(expected, abs=5.1e-7)
        closed = theory.position_variance_ratio(
            scheme, friction=FRICTION, stiffness=STIFFNESS, dt=z * FRICTION / STIFFNESS
        )
        assert ratio == pytest.approx(closed, rel=1e-10)
    if scheme in ("euler_maruyama", "heun"):
        bias = [_overdamped_probe(scheme, z).stationary_covariance()[0, 0] * STIFFNESS / KT - 1.0 for z in (2e-3, 1e-3)]
        assert np.log2(bias[0] / bias[1]) == pytest.approx({"euler_maruyama": 1, "heun": 2}[scheme], abs=0.01)


class NoiseAfterDriftKernel(NamedTuple):
    """A mistake met in practice: the deterministic Heun step of the drift, and the noise added after it."""

    tau: np.ndarray
    half_tau: np.ndarray
    spread: np.ndarray

    order = HEUN
    keeps_noise = False
    load, store, normals = load_position, store_position, one_normal

    def coefficients(self, d):
        return self.tau[d], self.half_tau[d], self.spread[d]

    def predict(self, c, q, f, xi):
        return q[0] + c[0] * f

    def correct(self, c, q, f, g, xi):
        return (q[0] + c[1] * (f + g) + c[2] * xi[0],)


@pytest.mark.parametrize(("z", "expected"), [(0.1, 1.105125), (0.2, 1.221001), (0.5, 1.641026), (1.0, 2.666667)])
def test_noise_added_after_the_drift_is_caught(z, expected):
    """The planted scheme has twice Euler-Maruyama's bias: 1 / [(1 - z/2) (1 - z/2 + z^2/4)]."""
    kernel = NoiseAfterDriftKernel(*bn.Heun().kernel(OVERDAMPED, z * FRICTION / STIFFNESS, 1, TRAP))
    probe = affine_probe(kernel, TRAP, 1, 1, 1, z * FRICTION / STIFFNESS)
    ratio = probe.stationary_covariance()[0, 0] * STIFFNESS / KT
    assert ratio == pytest.approx(expected, abs=5.1e-7)
    assert abs(ratio - VARIANCES["heun"][z]) > 0.1


@pytest.mark.parametrize("z", [0.1, 0.5, 1.0, 1.6])
def test_autocorrelations(z):
    """rho_n of the kernel and its sums: the closed forms of each scheme, written here, and those of the library."""
    n = np.arange(12)
    rates = {"euler_maruyama": 1.0 - z, "heun": 1.0 - z + z**2 / 2.0, "exact_ou": np.exp(-z)}
    expected = {scheme: rate**n for scheme, rate in rates.items()}
    expected["leimkuhler_matthews"] = np.where(n > 0, (1.0 - z / 2.0) * (1.0 - z) ** np.maximum(n - 1, 0), 1.0)
    for scheme, rho in expected.items():
        probe = _overdamped_probe(scheme, z)
        covariance = probe.stationary_covariance()
        by_power = theory.lag_covariance(probe.matrix, covariance, n)[:, 0, 0] / covariance[0, 0]
        assert np.abs(by_power - rho).max() < 1e-12
        long = theory.lag_covariance(probe.matrix, covariance, np.arange(1, 800))[:, 0, 0] / covariance[0, 0]
        assert theory.autocorrelation_time(scheme, z) == pytest.approx(1.0 + 2.0 * long.sum(), rel=1e-11)
        squares = 1.0 + 2.0 * (long**2).sum()
        assert theory.autocorrelation_time(scheme, z, square=True) == pytest.approx(squares, rel=1e-11)
    assert theory.autocorrelation_time("euler_maruyama", z) == pytest.approx((2.0 - z) / z, rel=1e-14)
    assert theory.autocorrelation_time("leimkuhler_matthews", z) == pytest.approx(2.0 / z, rel=1e-14)
    assert theory.autocorrelation_time("leimkuhler_matthews", z, square=True) == pytest.approx(1 / z + 0.5, rel=1e-14)
    assert theory.autocorrelation_time("exact_ou", z) == pytest.approx(1.0 / np.tanh(z / 2.0), rel=1e-14)


def test_distances_of_the_stationary_law():
    """W_2 and Kullback-Leibler of Euler-Maruyama: the table, and both by quadrature of quantiles and densities."""
    z = np.array([0.1, 0.2, 0.5, 1.0])
    scale = np.sqrt(3 * KT / STIFFNESS)
    distance = theory.wasserstein_to_target("euler_maruyama", z, kT=KT, stiffness=STIFFNESS, dimension=3) / scale
    assert distance == pytest.approx([0.025978, 0.054093, 0.154701, 0.414214], abs=5.1e-7)
    divergence = theory.kl_to_target("euler_maruyama", z)
    assert divergence == pytest.approx([0.000669, 0.002875, 0.022826, 0.153426], abs=5.1e-7)
    x, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = weight / np.sqrt(2.0 * np.pi)
    for step_z, w, kl in zip(z, distance, divergence, strict=True):
        spread = np.sqrt(_overdamped_probe("euler_maruyama", step_z).stationary_covariance()[0, 0] * STIFFNESS / KT)
        assert w == pytest.approx(np.sqrt(weight @ (spread * x - x) ** 2), rel=1e-10)  # the monotone coupling
        log_ratio = -np.log(spread) - x**2 / 2.0 + (spread * x) ** 2 / 2.0
        assert kl == pytest.approx(weight @ log_ratio, rel=1e-9)
    assert theory.kl_to_target("leimkuhler_matthews", 1.3) == 0.0
    assert theory.wasserstein_to_target("exact_ou", 5.0, kT=KT, stiffness=STIFFNESS) == 0.0


GRADIENTS = {
    "euler_maruyama": {0.05: 2122, 0.1: 1225, 0.143: 1077, 0.2: 1470, 0.24: 6866, 0.248: np.inf, 0.3: np.inf},
    "leimkuhler_matthews": {0.5: 250, 1.0: 150, 1.5: 117},
}


@pytest.mark.parametrize("scheme", GRADIENTS)
def test_gradients_to_low_error(scheme):
    """The table counts r^2 T / [error - (r - 1)^2 / 2]; the exact number is less by what the chain's ends save.

    Var of the mean of n is (Var / n) [T - 2 sum k rho_k^2 / n]: between n - (2 / T) sum k rho_k^2 - 1 and n.
    """
    for z, expected in GRADIENTS[scheme].items():
        exact = theory.gradients_to_error(scheme, z)
        if np.isinf(expected):
            assert np.isinf(exact)
            continue
        ratio = VARIANCES[scheme].get(z, 1.0 / (1.0 - z / 2.0) if scheme == "euler_maruyama" else 1.0)
        room = 0.01 - (ratio - 1.0) ** 2 / 2.0
        time = theory.autocorrelation_time(scheme, z, square=True)
        assert round(ratio**2 * time / room) == pytest.approx(expected, abs=1)
        k = np.arange(1, 2000)
        acf = theory.discrete_acf(k, scheme, friction=FRICTION, kT=KT, stiffness=1.0, dt=z * FRICTION) / (KT * ratio)
        saved = 2.0 / time * (k * acf**2).sum()
        assert ratio**2 * time / room - 2.0 * saved - 1.0 < exact <= ratio**2 * time / room + 1.0
        assert theory.squared_error(scheme, z, exact) < 0.01 <= theory.squared_error(scheme, z, exact - 1)


def test_best_steps_and_the_factor_between_schemes():
    """Euler-Maruyama at its best step, 1074 at z = 0.14, against 150 of Leimkuhler-Matthews at z = 1: a factor of 7."""
    z = np.linspace(0.05, 0.24, 200)
    gradients = theory.gradients_to_error("euler_maruyama", z)
    assert gradients.min() == theory.gradients_to_error("euler_maruyama", 0.143)
    assert z[gradients.argmin()] == pytest.approx(0.143, abs=0.005)
    assert gradients.min() / theory.gradients_to_error("leimkuhler_matthews", 1.0) == pytest.approx(7.16, abs=0.01)
    heun = theory.gradients_to_error("heun", np.linspace(0.05, 0.55, 200)).min()
    assert heun == pytest.approx(gradients.min() / 2.0, rel=0.01)  # two a step, but a far longer one
    assert theory.gradients_to_error("leimkuhler_matthews", 1.0, [0.01, 0.001]).tolist() == [150.0, 1500.0]


@pytest.mark.parametrize(
    ("scheme", "z"),
    [("euler_maruyama", 0.143), ("euler_maruyama", 0.2), ("leimkuhler_matthews", 1.0), ("leimkuhler_matthews", 0.5),
     ("heun", 0.44)],
)  # fmt: skip
def test_squared_error_by_simulation(scheme, z):
    """b^2 of 2000 chains from the scheme's own stationary law, at the number of steps that the theory asks for."""
    gradients, chains = theory.gradients_to_error(scheme, z), 2000
    steps = int(gradients / {"heun": 2}.get(scheme, 1))
    dt = z * FRICTION / STIFFNESS
    simulation = bn.Simulation(
        potential=TRAP, dynamics=OVERDAMPED, integrator=SCHEMES[scheme], dt=dt, particles=chains, seed=19
    )
    x = simulation.run(steps=steps, every=dt, dtype=np.float64, threads=1).positions[1:, :, 0]
    squares = ((x**2).mean(axis=0) - KT / STIFFNESS) ** 2 / (2.0 * (KT / STIFFNESS) ** 2)
    assert abs(standard_errors(squares, theory.squared_error(scheme, z, steps))) < STANDARD_ERRORS
    half = steps // 2  # and half of the steps are not enough
    squares = ((x[:half] ** 2).mean(axis=0) - KT / STIFFNESS) ** 2 / (2.0 * (KT / STIFFNESS) ** 2)
    assert standard_errors(squares, 0.01) > STANDARD_ERRORS


# ----------------------------------------------------------------------------------------------------------- Metropolis

ACCEPTANCE = {1: (0.993, 0.972, 0.921, 0.785), 10: (0.972, 0.891, 0.700, 0.289), 100: (0.911, 0.657, 0.215, 0.001)}


@pytest.mark.parametrize("dimension", ACCEPTANCE)
def test_acceptance_on_a_gaussian(dimension):
    """Published Monte-Carlo values, to the 0.002 that is stated for them; one dimension by quadrature as well."""
    z = np.array([0.1, 0.25, 0.5, 1.0])
    assert np.abs(theory.mala_acceptance(z, dimension) - ACCEPTANCE[dimension]).max() < 2.5e-3
    if dimension == 1:
        assert theory.mala_acceptance(z) == pytest.approx(2.0 / np.pi * np.arctan((2.0 / z) ** 1.5), rel=1e-13)
        grid = np.linspace(-9.0, 9.0, 2001)
        x, xi = np.meshgrid(grid, grid, indexing="ij")
        weight = np.exp(-(x**2 + xi**2) / 2.0)
        for step_z, expected in zip(z, theory.mala_acceptance(z), strict=True):
            y = (1.0 - step_z) * x + np.sqrt(2.0 * step_z) * xi
            accepted = np.minimum(1.0, np.exp(step_z / 4.0 * (x**2 - y**2)))
            # trapezoid: the kink of the minimum costs the square of the grid's spacing, 8e-5
            assert (weight * accepted).sum() / weight.sum() == pytest.approx(expected, abs=8.1e-5)


def test_acceptance_in_many_dimensions():
    """2 Phi(-sqrt(d z^3 / 8)) at a fixed d z^3, 0.574 where a step is worth most: missed by less than 1 / d."""
    for dimension in (10_000, 1_000_000):
        scaled = np.array([0.5, 2.53, 6.0])
        found = theory.mala_acceptance((scaled / dimension) ** (1.0 / 3.0), dimension)
        assert np.abs(found - 2.0 * norm.cdf(-np.sqrt(scaled / 8.0))).max() < 1.0 / dimension
    assert found[1] == pytest.approx(0.574, abs=1e-3)


@pytest.mark.parametrize(("z", "dimension"), [(0.5, 1), (1.7, 1), (0.6, 5)])
def test_acceptance_of_the_compiled_algorithm(z, dimension):
    """What `MALA` accepts from a stationary start, counted from repeated positions, per chain."""
    dt = z * FRICTION / STIFFNESS
    simulation = bn.Simulation(
        potential=TRAP, dynamics=OVERDAMPED, integrator=bn.MALA(), dt=dt, particles=4000, dimension=dimension, seed=23
    )
    x = simulation.run(steps=40, every=dt, dtype=np.float64, threads=1).positions
    moved = np.any(x[1:] != x[:-1], axis=2).mean(axis=0)
    assert abs(standard_errors(moved, theory.mala_acceptance(z, dimension))) < STANDARD_ERRORS
    assert abs(standard_errors(moved, theory.mala_acceptance(1.1 * z, dimension))) > STANDARD_ERRORS


# -------------------------------------------------------------- underdamped, in a trap: h = Omega dt, g = gamma / Omega


@pytest.mark.parametrize("g", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("h", [0.25, 0.5, 1.0])
def test_underdamped_variances_and_diffusion(g, h):
    """k <x^2> / kT, m <v^2> / kT and D lambda / kT of the splittings, whose table holds for any friction."""
    omega = np.sqrt(STIFFNESS / MASS)
    dynamics, dt = bn.Langevin(MASS, g * omega * MASS, KT), h / omega
    kernel = {"positions": 1.0, "velocities": 1.0 - h**2 / 4.0}
    slow = g * h / 2.0 / np.tanh(g * h / 2.0)
    table = {
        bn.BAOAB(): kernel | {"diffusion": slow},
        bn.GJF(): kernel | {"diffusion": 1.0},
        bn.OBABO(): {"positions": 1.0 / (1.0 - h**2 / 4.0), "velocities": 1.0, "diffusion": slow},
        bn.ExactOU(): {"positions": 1.0, "velocities": 1.0, "diffusion": 1.0},
        # GJ2 is BAOAB at a step shorter by sqrt(tanh(gh/2) / (gh/2))
        bn.GJ2(): {"positions": 1.0, "velocities": 1.0 - h**2 / slow / 4.0, "diffusion": 1.0},
    }
    for integrator, expected in table.items():
        covariance = _probe(integrator, dynamics, dt).stationary_covariance()
        assert covariance[0, 0] * STIFFNESS / KT == pytest.approx(expected["positions"], rel=1e-10)
        assert covariance[1, 1] * MASS / KT == pytest.approx(expected["velocities"], rel=1e-10)
        assert _diffusion(integrator, dynamics, dt) == pytest.approx(expected["diffusion"], rel=1e-10)


def _diffusion(integrator, dynamics, dt):
    """D lambda / kT: all that the noise of one step ever moves x."""
    free = _probe(integrator, dynamics, dt, bn.Free())
    through = free.noise[0] + free.matrix[0, 1] / (1.0 - free.matrix[1, 1]) * free.noise[1]
    return through @ through / (2.0 * dt) * dynamics.friction / KT


def test_diffusion_of_the_splittings_at_large_friction():
    """(gh/2) coth(gh/2): the table's digits, up to 2.5 times too fast; GJF and GJ2 are right."""
    table = [(0.25, 1.0052, 4), (0.5, 1.0207, 4), (1.0, 1.0820, 4), (2.0, 1.3130, 4), (5.0, 2.534, 3)]
    for friction_step, expected, digits in table:
        dynamics = bn.Langevin(MASS, FRICTION, KT)
        dt = friction_step * MASS / FRICTION
        for integrator in (bn.BAOAB(), bn.OBABO()):
            assert _diffusion(integrator, dynamics, dt) == pytest.approx(expected, abs=0.51 * 10.0**-digits)
        for integrator in (bn.GJF(), bn.GJ2()):
            assert _diffusion(integrator, dynamics, dt) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(("h", "positions", "velocities"), [(0.25, 1.35673, 1.49708), (0.5, 2.15385, 2.46154)])
def test_underdamped_euler_maruyama_is_the_bad_example(h, positions, velocities):
    omega = np.sqrt(STIFFNESS / MASS)
    dynamics = bn.Langevin(MASS, omega * MASS, KT)  # g = 1
    covariance = _probe(bn.EulerMaruyama(), dynamics, h / omega).stationary_covariance()
    assert covariance[0, 0] * STIFFNESS / KT == pytest.approx(positions, abs=5.1e-6)
    assert covariance[1, 1] * MASS / KT == pytest.approx(velocities, abs=5.1e-6)
    assert _probe(bn.EulerMaruyama(), dynamics, 1.0 / omega).stationary_covariance() is None


# -------------------------------------------------------------------------- the double well U = kT (y^2 - 1)^2, x = w y

WIDTH = 1.2
WELL = bn.DoubleWell(barrier=KT, width=WIDTH)
UNBIASED = 0.83274549
BIAS = {  # of <y^2>, at the step of y, (kT / w^2) tau
    ("euler_maruyama", 0.01): (-6.93e-3, 5e-6), ("euler_maruyama", 0.02): (-1.45e-2, 5e-5),
    ("euler_maruyama", 0.04): (-3.27e-2, 5e-5),
    ("leimkuhler_matthews", 0.01): (-2.2e-5, 5e-7), ("leimkuhler_matthews", 0.02): (-9.3e-5, 5e-7),
    ("leimkuhler_matthews", 0.04): (-4.75e-4, 5e-7),
    ("heun", 0.01): (-7.7e-4, 5e-6), ("heun", 0.02): (-3.55e-3, 5e-6), ("heun", 0.04): (-1.77e-2, 5e-5),
}  # fmt: skip


def _well_step(tau):
    """The dt that is the step tau of y."""
    return tau * WIDTH**2 * FRICTION / KT


def _predicted(scheme, tau):
    law = StationaryLaw(SCHEMES[scheme], OVERDAMPED, _well_step(tau), WELL, -3.0 * WIDTH, 3.0 * WIDTH, nodes=100)
    return law.average(np.square) / WIDTH**2


def test_double_well_unbiased():
    exact = theory.boltzmann_average(np.square, WELL.profile, kT=KT) / WIDTH**2
    assert exact == pytest.approx(UNBIASED, abs=5.1e-9)


@pytest.mark.parametrize(("scheme", "tau"), BIAS, ids=lambda value: f"{value}")
def test_bias_in_a_double_well(scheme, tau):
    """The transfer operator of the compiled step gives the table's digits."""
    bias, half_a_digit = BIAS[scheme, tau]
    assert _predicted(scheme, tau) - UNBIASED == pytest.approx(bias, abs=1.02 * half_a_digit)


@pytest.mark.parametrize("scheme", ["euler_maruyama", "leimkuhler_matthews", "heun"])
def test_bias_in_a_double_well_by_simulation(scheme):
    """5 standard errors of the predicted bias; where the scheme has one, Boltzmann's own value is excluded."""
    dt = _well_step(0.04)
    simulation = bn.Simulation(
        potential=WELL, dynamics=OVERDAMPED, integrator=SCHEMES[scheme], dt=dt, particles=8000, seed=29
    )
    x = simulation.run(steps=1500, every=10 * dt, dtype=np.float64, threads=1).positions[25:, :, 0]
    squares = ((x / WIDTH) ** 2).mean(axis=0)
    assert abs(standard_errors(squares, _predicted(scheme, 0.04))) < STANDARD_ERRORS
    if scheme != "leimkuhler_matthews":
        assert abs(standard_errors(squares, UNBIASED)) > STANDARD_ERRORS


# ------------------------------------------------------------------------------------------------------------ bad input


def test_bad_input_and_broadcasting():
    with pytest.raises(ValueError, match=r"z must be below 2, the stability limit of heun, got .*2\."):
        theory.autocorrelation_time("heun", [0.1, 2.0])
    with pytest.raises(ValueError, match=r"for overdamped dynamics.*got 'gjf'"):
        theory.kl_to_target("gjf", 0.1)
    with pytest.raises(ValueError, match="z must be finite and > 0, got 0"):
        theory.mala_acceptance(0.0)
    with pytest.raises(ValueError, match=r"dimension must be a whole number >= 0, got 1\.5"):
        theory.mala_acceptance(0.1, 1.5)
    with pytest.raises(ValueError, match="dimension must be finite and > 0, got 0"):
        theory.wasserstein_to_target("heun", 0.1, kT=KT, stiffness=STIFFNESS, dimension=0)
    with pytest.raises(ValueError, match=r"kT must be finite and > 0, got -0\.9"):
        theory.wasserstein_to_target("heun", 0.1, kT=-KT, stiffness=STIFFNESS)
    with pytest.raises(ValueError, match="error must be finite and > 0, got 0"):
        theory.gradients_to_error("heun", 0.1, 0.0)
    with pytest.raises(ValueError, match="n must be finite and > 0, got 0"):
        theory.squared_error("heun", 0.1, 0)
    z = np.array([[0.1], [0.3]])
    assert theory.squared_error("euler_maruyama", z, [10, 20, 30]).shape == (2, 3)
    assert theory.gradients_to_error("euler_maruyama", z, [0.01, 0.02, 0.05]).shape == (2, 3)
    assert theory.mala_acceptance(z, [1, 2, 3]).shape == (2, 3)
    assert theory.wasserstein_to_target("heun", z, kT=KT, stiffness=[1.0, 2.0]).shape == (2, 2)

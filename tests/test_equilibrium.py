"""Temperatures, densities, profiles and the cut before the stationary state, against exact values of each scheme."""

import tracemalloc
from typing import NamedTuple

import numpy as np
import pytest
from recorded import calibrated, part, record, replicas

import brownian as bn
from brownian import theory
from brownian.analysis.densities import density, free_energy_profile
from brownian.analysis.equilibrium import (
    average,
    configurational_temperature,
    expected_kinetic_temperature,
    kinetic_temperature,
    time_averages,
    virial_temperature,
)
from brownian.analysis.stationarity import relaxation
from brownian.analysis.statistics import TooFewData

MASS, FRICTION, KT, STIFFNESS, DT = 1.3, 0.7, 0.9, 2.1, 0.5
LANGEVIN = {"mass": MASS, "friction": FRICTION, "kT": KT}
WELL = bn.DoubleWell(barrier=2.0, width=1.2)
PARTICLES, REPLICAS = 24, 150


@pytest.fixture(scope="module")
def trap():
    """GJF at Omega dt = 0.64, where the on-step velocity is 10 % cold; two dimensions."""
    simulation = bn.Simulation(
        potential=bn.Harmonic(STIFFNESS), dynamics=bn.Langevin(**LANGEVIN), dt=DT,
        particles=PARTICLES * REPLICAS, dimension=2, seed=41,
    )  # fmt: skip
    return simulation.run(steps=300, every=DT)


@pytest.fixture(scope="module")
def well():
    """GJF in the double well at dt = 0.2, from Boltzmann: half of the run is left out by the tests."""
    simulation = bn.Simulation(potential=WELL, dynamics=bn.Langevin(**LANGEVIN), dt=0.2, particles=4000, seed=42)
    return simulation.run(steps=2000, every=1.0)


def agree(estimate, expected, errors=5.0):
    """Assert agreement within standard errors."""
    z = estimate.z(expected)
    assert np.all(np.abs(z) < errors), z


# --------------------------------------------------------------------------------------------------------- temperatures


def test_temperatures_in_a_trap_are_the_scheme_s(trap):
    cold = KT * (1.0 - STIFFNESS / MASS * DT**2 / 4.0)
    assert expected_kinetic_temperature(trap) == pytest.approx(cold)
    assert expected_kinetic_temperature(trap, half=True) == pytest.approx(KT)
    agree(kinetic_temperature(trap), cold)
    agree(kinetic_temperature(trap, half=True), KT)
    agree(configurational_temperature(trap), KT)
    agree(virial_temperature(trap), KT)
    # the on-step velocity taken for the one at the half step, and the reverse, are seen
    assert kinetic_temperature(trap).z(KT) < -5
    assert kinetic_temperature(trap, half=True).z(cold) > 5


def test_temperatures_by_component(trap):
    for function, expected in (
        (kinetic_temperature, KT * (1 - STIFFNESS / MASS * DT**2 / 4)),
        (virial_temperature, KT),
    ):
        each = function(trap, each="component")
        assert each.value.shape == each.error.shape == (2,)
        agree(each, expected)
        assert each.value.mean() == pytest.approx(function(trap).value)
        with pytest.raises(ValueError, match="each = 'particle'"):
            function(trap, each="particle")


def test_half_step_velocity_is_inverted_exactly(trap):
    """v_half = v - dt F / 2m, and the kernel made x from it: x = x_mid + dt v_half / 2."""
    some = part(trap, slice(0, 20))
    x, v = (np.asarray(array) for array in (some.positions, some.velocities))
    half = v[1:] + DT / (2 * MASS) * STIFFNESS * x[1:]
    middle = x[:-1] + DT / 2 * (v[:-1] - DT / (2 * MASS) * STIFFNESS * x[:-1])
    np.testing.assert_allclose(x[1:], middle + DT / 2 * half, atol=1e-14)
    measured = kinetic_temperature(some, half=True, start=1)
    assert measured.value == pytest.approx(MASS * (half**2).mean(), rel=1e-12)


def test_temperatures_in_the_double_well(well, known):
    """The exact invariant measure of the scheme at this dt, from its transfer operator."""
    table = known["integrators_double_well"]["table"]
    exact, half = table["GJ-I_h0.2"], table["BAOA_h0.2"]["v2"] * KT  # GJ-I differs from it in the seventh digit
    cold = kinetic_temperature(well, start=100)
    agree(cold, exact["v2"] * KT)
    assert cold.z(KT) < -20
    agree(kinetic_temperature(well, half=True, start=100), half)
    assert expected_kinetic_temperature(well, half=True) == KT
    # leading order in dt with the measured curvature: off by 7e-4
    assert expected_kinetic_temperature(well, start=100) == pytest.approx(exact["v2"] * KT, rel=1.5e-3)
    agree(average(well, lambda x, v: x[..., 0] ** 2, start=100), exact["x2"])
    agree(average(well, lambda x, v: WELL.profile(x[..., 0]), start=100), exact["U"])


def test_configurational_temperature_sees_the_bias_of_a_scheme():
    """Euler-Maruyama in a trap: k <x^2> = kT / (1 - k tau / 2), and so is the configurational temperature."""
    simulation = bn.Simulation(
        potential=bn.Harmonic(STIFFNESS), dynamics=bn.Overdamped(friction=FRICTION, kT=KT), dt=0.07,
        particles=400, seed=43,
    )  # fmt: skip
    run = simulation.run(steps=500, every=0.07)
    warm = KT / (1.0 - STIFFNESS * 0.07 / FRICTION / 2.0)
    for found in (configurational_temperature(run), virial_temperature(run)):
        agree(found, warm)
        assert found.z(KT) > 5


def test_errors_are_calibrated(trap):
    parts = replicas(trap, REPLICAS, PARTICLES)
    assert calibrated([kinetic_temperature(one, half=True).z(KT) for one in parts], PARTICLES)
    assert calibrated([configurational_temperature(one).z(KT) for one in parts], PARTICLES)
    assert calibrated([virial_temperature(one).z(KT) for one in parts], PARTICLES)


def test_errors_of_few_particles_come_from_blocks(trap):
    """One particle of 8000 frames: velocities forget after a few, positions after 4."""
    x, v = (np.asarray(array).transpose(1, 0, 2) for array in (trap.positions, trap.velocities))
    joined = [[np.concatenate(a[27 * k : 27 * k + 27])[:, np.newaxis] for a in (x, v)] for k in range(100)]
    one = [record(single, DT, speed, trap.description) for single, speed in joined]
    found = [kinetic_temperature(single, half=True) for single in one]
    assert min(estimate.samples for estimate in found) >= 32
    assert calibrated([estimate.z(KT) for estimate in found], np.mean([estimate.samples for estimate in found]))
    found = [configurational_temperature(single) for single in one]
    assert calibrated([estimate.z(KT) for estimate in found], np.mean([estimate.samples for estimate in found]))
    with pytest.raises(TooFewData, match="no error can be read off"):
        average(part(trap, slice(0, 1), slice(0, 150)), lambda x, v: np.cumsum(x[..., 0], axis=0))


def test_averages_are_those_of_all_frames(trap):
    some = part(trap, slice(0, 30))
    x = np.asarray(some.positions)
    found = time_averages(some, lambda x, v: x[..., 0] ** 2, start=11)
    np.testing.assert_allclose(found[0], (x[11:, :, 0] ** 2).mean(axis=0), rtol=1e-12)
    few = part(trap, slice(0, 3))
    found = time_averages(few, lambda x, v: np.stack([x[..., 0], v[..., 1]], axis=2), start=1)
    assert found.shape == (300, 3, 2)
    np.testing.assert_array_equal(found[:, :, 0], few.positions[1:, :, 0])


def test_an_offset_does_not_matter(trap):
    some = part(trap, slice(0, 50), change=lambda x: np.round(x * 2**20) / 2**20)
    far = part(some, slice(0, 50), change=lambda x: x + 1e6)
    moved = virial_temperature(far, potential=bn.potential(Moved)(STIFFNESS, 1e6))
    still = virial_temperature(some)
    assert moved.value == pytest.approx(still.value, rel=1e-9)
    assert moved.error == pytest.approx(still.error, rel=1e-9)


def test_a_file_larger_than_the_slab_is_streamed(tmp_path):
    simulation = bn.Simulation(
        potential=bn.Harmonic(STIFFNESS), dynamics=bn.Langevin(**LANGEVIN), dt=DT, particles=5000, dimension=2, seed=44
    )
    file = simulation.run(steps=2500, every=DT, dtype=np.float32, velocities=False, out=tmp_path / "trap.h5md")
    with file:
        assert file.positions.nbytes > 10**8
        average(file, lambda x, v: x[..., 0], start=2499)  # compiled and opened
        tracemalloc.start()
        found = average(file, lambda x, v: x[..., 0] ** 2)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 5 * 2**25
        agree(found, KT / STIFFNESS)


# ------------------------------------------------------------------------------------------------------------ densities


def test_density_and_profile_are_boltzmann_s(trap):
    edges, estimate = density(trap, np.linspace(-2.0, 2.0, 21), component=1)
    exact = np.diff(theory.boltzmann_cdf(edges, bn.Harmonic(STIFFNESS).profile, kT=KT)) / np.diff(edges)
    agree(estimate, exact)
    x = np.asarray(trap.positions[:, :, 1]).ravel()
    np.testing.assert_allclose(estimate.value, np.histogram(x, edges)[0] / x.size / 0.2, rtol=1e-10)
    centres, profile = free_energy_profile(trap, edges, component=1)
    expected = -KT * np.log(exact)
    difference = profile.value - expected
    shift = np.average(difference, weights=profile.error**-2)
    assert np.all(np.abs(difference - shift) < 5 * profile.error)
    assert profile.value.min() == 0.0
    np.testing.assert_allclose(centres, (edges[1:] + edges[:-1]) / 2)
    # within a bin of 0.2 the profile is the potential
    near = np.abs(centres) < 1.2
    np.testing.assert_allclose((profile.value - shift)[near], (expected)[near], atol=0.02)


def test_density_errors_are_calibrated(trap):
    edges = np.array([-1.5, -0.5, 0.0, 0.5, 1.5])
    exact = np.diff(theory.boltzmann_cdf(edges, bn.Harmonic(STIFFNESS).profile, kT=KT)) / np.diff(edges)
    parts = replicas(trap, REPLICAS, PARTICLES)
    assert calibrated([density(one, edges)[1].z(exact) for one in parts], PARTICLES)
    few = [density(part(one, slice(0, 8)), edges)[1] for one in parts]
    assert few[0].samples == 32
    assert calibrated([one.z(exact) for one in few], 32)


def test_density_counts_what_it_should(trap):
    some = part(trap, slice(0, 20))
    edges, whole = density(some, 30)
    assert len(edges) == 31
    assert (whole.value * np.diff(edges)).sum() == pytest.approx(1.0)  # the least and the largest position are inside
    _, chunked = density(some, edges, memory=1000)
    np.testing.assert_allclose(chunked.value, whole.value, rtol=1e-10)
    np.testing.assert_allclose(chunked.error, whole.error, rtol=1e-9)
    _, narrow = density(some, [0.0, 0.1])
    assert narrow.value[0] * 0.1 < 0.1  # positions outside count in the total
    _, profile = free_energy_profile(some, [-0.5, 0.5, 50.0, 60.0])
    assert np.isposinf(profile.value[2])
    assert np.isnan(profile.error[2])
    edge = record(np.full((40, 16, 1), 0.25) * np.arange(16)[:, np.newaxis])
    _, closed = density(edge, [0.0, 1.0, 3.75])
    np.testing.assert_allclose(closed.value * [1.0, 2.75], [4 / 16, 12 / 16])


# ------------------------------------------------------------------------------------------------- the stationary state


def test_the_start_is_recognised(trap, well):
    found = relaxation(trap)
    assert found.frames == 0
    assert "starts stationary" in found.note
    assert found.time == pytest.approx(2 * MASS / FRICTION)
    cold = bn.Simulation(
        potential=bn.Harmonic(STIFFNESS), dynamics=bn.Langevin(**LANGEVIN), dt=DT, particles=PARTICLES * REPLICAS,
        dimension=2, seed=45, start="rest",
    ).run(steps=150, every=DT)  # fmt: skip
    found = relaxation(cold)
    assert found.frames == np.ceil(10 * 2 * MASS / FRICTION / DT)
    agree(configurational_temperature(cold, start=found.frames), KT)
    assert configurational_temperature(cold).z(KT) < -5
    free = part(trap, slice(0, 20))
    assert relaxation(free, potential=bn.Free()).time == pytest.approx(MASS / FRICTION)


def test_relaxation_of_a_double_well_is_measured(well, known):
    """The slowest mode of the scheme relaxes at a known rate; positions are nine tenths of it, and faster modes."""
    found = relaxation(part(well, slice(0, 1000)))
    slowest = 1.0 / known["integrators_double_well"]["table"]["GJ-I_h0.2"]["rate"]
    assert 0.8 * slowest < found.time < 1.1 * slowest
    assert found.frames == np.ceil(10 * found.time)
    assert "second half" in found.note
    assert relaxation(part(well, slice(0, 1000)), multiple=3.0).frames == np.ceil(3 * found.time)
    with pytest.raises(TooFewData, match=r"40 relaxation times of .* a run of .* or more is needed"):
        relaxation(part(well, slice(0, 1000)), multiple=40.0)
    with pytest.raises(TooFewData, match=r"50 frames in 1000 columns are too few"):
        relaxation(part(well, slice(0, 1000), slice(0, 100)))


def test_relaxation_of_a_file_that_says_nothing():
    noise = np.random.default_rng(9).normal(size=(400, 16, 1))
    nameless = record(noise)
    assert relaxation(nameless).frames <= 20
    assert relaxation(nameless, mass=4.0, friction=0.5).time == 16.0
    # an amplitude that is remembered for 10 frames, though the sign is not
    amplitude = np.repeat(np.random.default_rng(10).gamma(2.0, size=(40, 16, 1)), 10, axis=0)
    assert relaxation(record(np.sign(noise) * amplitude)).time > 1.0


# ------------------------------------------------------------------------------------------------------------ bad input


class Score(NamedTuple):
    """A force without an energy, and without a Laplacian."""

    strength: float

    def component_force(self, x, d, t):
        """Return -s x."""
        return -self.strength * x


class Moved(NamedTuple):
    """A trap elsewhere."""

    strength: float
    centre: float

    def component_energy(self, x, d, t):
        """Return s (x - c)^2 / 2."""
        return self.strength * (x - self.centre) ** 2 / 2.0

    def component_force(self, x, d, t):
        """Return -s (x - c)."""
        return -self.strength * (x - self.centre)


class Breathing(NamedTuple):
    """A trap that changes with time."""

    strength: float

    def component_energy(self, x, d, t):
        """Return s (1 + t) x^2 / 2."""
        return self.strength * (1.0 + t) * x * x / 2.0

    def component_force(self, x, d, t):
        """Return -s (1 + t) x."""
        return -self.strength * (1.0 + t) * x


def test_bad_input_is_named(trap):
    some = part(trap, slice(0, 20))
    with pytest.raises(TypeError, match="Score states no Laplacian"):
        configurational_temperature(some, potential=bn.potential(Score)(STIFFNESS))
    agree(virial_temperature(trap, potential=bn.potential(Score)(STIFFNESS)), KT)  # a force is enough
    with pytest.raises(ValueError, match="Breathing depends on time"):
        virial_temperature(some, potential=bn.potential(Breathing)(STIFFNESS))
    still = record(np.asarray(some.positions), DT, description=some.description)
    with pytest.raises(ValueError, match="no velocities are stored"):
        kinetic_temperature(still)
    nameless = record(np.asarray(some.positions), DT, np.asarray(some.velocities))
    with pytest.raises(ValueError, match="mass is not known"):
        kinetic_temperature(nameless)
    assert kinetic_temperature(nameless, mass=MASS).value == pytest.approx(kinetic_temperature(some).value)
    for function in (virial_temperature, configurational_temperature):
        with pytest.raises(ValueError, match="potential is not known"):
            function(nameless)
    with pytest.raises(ValueError, match="mass = -1"):
        kinetic_temperature(nameless, mass=-1.0)
    with pytest.raises(ValueError, match="scheme = 'obabo', but a half-step velocity"):
        kinetic_temperature(some, half=True, scheme="obabo")
    with pytest.raises(ValueError, match="known for linear forces only"):
        expected_kinetic_temperature(some, scheme="euler_maruyama", potential=WELL)
    assert expected_kinetic_temperature(some, scheme="obabo", potential=WELL) == KT
    for function in (kinetic_temperature, virial_temperature, configurational_temperature, relaxation):
        with pytest.raises(ValueError, match="1 frame from frame 0 on"):
            function(one_frame(some))


def one_frame(trajectory):
    """Return the first frame alone."""
    x, v = np.asarray(trajectory.positions[:1]), np.asarray(trajectory.velocities[:1])
    return record(x, DT, v, trajectory.description)


def test_frames_that_are_not_finite_are_named(trap):
    def spoil(x):
        x[200, 5] = np.nan
        return x

    broken = part(trap, slice(0, 20), change=spoil)
    for function in (virial_temperature, configurational_temperature, density, kinetic_temperature):
        with pytest.raises(ValueError, match=r"positions of particle 5 in frame 200 are \[nan, nan\]"):
            function(broken)
    agree(virial_temperature(broken, start=201), KT)


@pytest.mark.parametrize(
    ("edges", "word"),
    [([1.0, 0.0], "ascend"), ([1.0], "2 or more finite"), (0, "whole number of bins"), ([0.0, np.inf], "finite")],
)
def test_edges_are_checked(trap, edges, word):
    with pytest.raises(ValueError, match=word):
        density(part(trap, slice(0, 20)), edges)


def test_other_bad_input_of_densities(trap):
    some = part(trap, slice(0, 20))
    with pytest.raises(ValueError, match="component = 2, but 0 to 1"):
        density(some, component=2)
    with pytest.raises(ValueError, match="no position lies between"):
        free_energy_profile(some, [50.0, 60.0])
    with pytest.raises(ValueError, match="all positions are 3"):
        density(record(np.full((40, 16, 1), 3.0)))

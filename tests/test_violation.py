"""Heat from fluctuation and response: it closes on the gyrator, vanishes in equilibrium, is the ledger's."""

import math

import numpy as np
import pytest
from conftest import STANDARD_ERRORS

import brownian as bn
from brownian.analysis import harada_sasa, violation

STIFFNESS, COUPLING, FRICTION, HOT, COLD, MASS = 2.1, 0.9, 0.7, 1.4, 0.6, 1.3
TRAP = bn.Quadratic([[STIFFNESS, COUPLING], [COUPLING, STIFFNESS]])
GYRATOR = {"stiffness": STIFFNESS, "coupling": COUPLING, "friction": FRICTION}


def gyrator(kT=(HOT, COLD), *, mass=0.0, potential=TRAP, **changes):
    """A gyrator of either form."""
    dynamics = bn.Langevin(mass, FRICTION, kT) if mass else bn.Overdamped(FRICTION, kT)
    arguments = {"dt": 0.05 if mass else 0.005, "dimension": 2, "particles": 800, "seed": 7}
    return bn.Simulation(potential=potential, dynamics=dynamics, **arguments | changes)


def heat_of_the_scheme(simulation):
    """-<(F_n + F_n+1) dx / 2> / dt by component, heat into the system along the chords of the scheme; no sampling."""
    from brownian.integrators.probe import affine_probe

    probe = affine_probe(simulation.kernel, simulation.potential, 1, 1, 2, simulation.dt)
    here = probe.stationary_covariance()
    ahead = probe.matrix @ here  # <x_n+1 x_n>; of (x_n + x_n+1) (x_n+1 - x_n) only the cross terms are left
    return np.diag(simulation.potential.stiffness @ (ahead.T - ahead)) / (2.0 * simulation.dt)


@pytest.fixture(scope="module")
def found():
    """The gyrator's, for the tests that look at one result."""
    return harada_sasa(gyrator(), time=100.0, window=2000)


def test_it_closes_on_the_gyrator(known, found):
    """The known heat into the hot bath to a few per cent, and its negative into the cold one; not another value."""
    entry = known["harada_sasa_gyrator"]
    assert [entry["params"][name] for name in ("k", "u", "lam", "kT1", "kT2")] == [2.1, 0.9, 0.7, 1.4, 0.6]
    expected = entry["value"] * np.array([1.0, -1.0])
    assert np.all(abs(found.rate.z(expected)) < STANDARD_ERRORS)
    assert np.all(found.rate.error < 0.04 * abs(entry["value"]))
    assert np.all(abs(found.rate.z(1.3 * expected)) > STANDARD_ERRORS)
    assert np.all(abs(found.rate.z(0.0)) > STANDARD_ERRORS)


def test_the_scheme_itself_gives_the_heat_of_its_chords():
    """At a large step: the value of Euler-Maruyama at this dt, which is 5 % from the limit."""
    simulation = gyrator(dt=0.04, particles=8000)
    exact = heat_of_the_scheme(simulation)
    assert abs(exact[0] / bn.theory.gyrator(**GYRATOR, kT1=HOT, kT2=COLD).heat - 1.0) > 0.05
    rate = harada_sasa(simulation, time=100.0, window=250).rate
    assert np.all(abs(rate.z(-exact)) < STANDARD_ERRORS)


def test_it_agrees_with_the_ledger(found):
    """-Q / t of a run of its own with ``bookkeeping=True``."""
    energies = gyrator(particles=4000, bookkeeping=True, seed=8).run(time=20.0).energies
    ledger = bn.analysis.mean(-energies.heat[-1] / 20.0)
    assert np.all(abs(found.rate.value - ledger.value) < STANDARD_ERRORS * np.hypot(found.rate.error, ledger.error))


@pytest.mark.parametrize("dt", [0.04, 0.01, 0.0025])
def test_in_equilibrium_nothing_is_left_at_any_step(dt):
    """The terms of order 1/dt are gone, from the mean and from the error."""
    rate = harada_sasa(gyrator(HOT, dt=dt, particles=400), time=50.0, window=round(5.0 / dt)).rate
    assert np.all(abs(rate.z(0.0)) < STANDARD_ERRORS)
    assert np.all(rate.error < 0.01 * HOT * STIFFNESS / FRICTION)


def test_frequency_by_frequency(found):
    """The violation of each component has the closed form: chi-square of all frequencies that dt and window resolve."""
    few = slice(3, 60)
    omega = found.frequencies[few]
    forward = bn.theory.gyrator_violation(omega, **GYRATOR, kT1=HOT, kT2=COLD)
    for d, sign in ((0, 1.0), (1, -1.0)):
        z = (found.violation.value[few, d] - sign * forward) / found.violation.error[few, d]
        assert abs((z**2).mean() - 1.0) < STANDARD_ERRORS * math.sqrt(2.0 / z.size)
        assert (found.violation.value[few, d] ** 2 / found.violation.error[few, d] ** 2).mean() > 10.0


def test_the_response_is_the_scheme_s_own(found):
    """2 kT Re chi of the linear scheme, weighted over lags, to the rounding of x; its integral is kT / lambda dt."""
    dt, window = 0.005, 2000
    hop = np.eye(2) - dt / FRICTION * TRAP.stiffness
    answers = np.zeros((window, 2))
    power = np.eye(2)
    for n in range(1, window):  # x_n+1 - x_n, after a push at step 0 has moved x by dt / lambda
        answers[n] = np.diag((hop - np.eye(2)) @ power) / FRICTION
        power = hop @ power
    answers[0] = 1.0 / FRICTION
    answers[1:] = (answers[1:] + answers[:-1]) / 2.0
    answers[0] /= 2.0
    weights = 1.0 - np.arange(window)[:, np.newaxis] / window
    exact = 2.0 * np.array([HOT, COLD]) * np.fft.rfft(answers * weights, axis=0).real
    push = 0.05 * COLD / 0.9  # at least: the positions spread by 0.63 and 0.88
    rounding = 2.0 * HOT * window * 4.0 * 2.0**-53 * 4.0 / (push * dt)  # of second differences of |x| < 4, over f dt
    assert np.abs(found.response.value - exact).max() < rounding < 1e-4
    whole = np.r_[found.response.value, found.response.value[-2:0:-1]].sum(axis=0) / (window * dt)
    assert np.abs(whole - np.array([HOT, COLD]) / (FRICTION * dt)).max() < rounding / dt


def test_the_other_pairing_is_caught(monkeypatch):
    """A velocity one frame later than the push: wrong by about kT U'' / lambda, in equilibrium too."""
    on_frame = violation._on_frame
    monkeypatch.setattr(violation, "_on_frame", lambda answers: np.roll(on_frame(answers), -1, axis=0))
    rate = harada_sasa(gyrator(HOT), time=20.0, window=1000).rate
    assert np.all(abs(rate.z(0.0)) > 10.0 * STANDARD_ERRORS)


def test_a_wrong_temperature_is_caught():
    """One per cent, believed of one bath: off by 2 kT / lambda per frequency there, and not in the other."""
    rate = harada_sasa(gyrator(HOT), time=20.0, window=1000, kT=(1.01 * HOT, HOT)).rate
    assert abs(rate.z(0.0)[0]) > 10.0 * STANDARD_ERRORS
    assert abs(rate.z(0.0)[1]) < STANDARD_ERRORS


@pytest.mark.parametrize("scheme", [bn.GJF(), bn.OBABO()])
def test_with_inertia(known, scheme):
    """The gyrator with mass, whose heat is another; zero in equilibrium; a wrong temperature."""
    value = known["gyrator_ud"]["value"]["heat12"]
    simulation = gyrator(mass=MASS, integrator=scheme, particles=2000)
    rate = harada_sasa(simulation, time=100.0, window=400).rate
    assert np.all(abs(rate.z([-value, value])) < STANDARD_ERRORS)
    assert np.all(rate.error < 0.05 * value)
    assert np.all(abs(harada_sasa(gyrator(HOT, mass=MASS), time=50.0, window=400).rate.z(0.0)) < STANDARD_ERRORS)
    wrong = harada_sasa(simulation, time=100.0, window=400, kT=(1.1 * HOT, COLD)).rate
    assert abs(wrong.z(-value)[0]) > STANDARD_ERRORS


def test_a_nonlinear_equilibrium_and_the_force_of_a_ratchet():
    """A double well with itself at rest: the response has errors then; a tilted cosine: <F v> goes into the bath."""
    well = bn.Simulation(
        potential=bn.DoubleWell(1.0, 1.2), dynamics=bn.Overdamped(FRICTION, 0.9), dt=0.002, particles=400, seed=7
    )
    found = harada_sasa(well, time=20.0, window=1000, discard=2.0)
    assert abs(found.rate.z(0.0)[0]) < STANDARD_ERRORS
    assert found.response.error.max() > 0.0
    tilted = bn.Simulation(
        potential=bn.Cosine(amplitude=0.5, period=2.0) + bn.ConstantForce(1.5), dynamics=bn.Overdamped(FRICTION, 0.9),
        dt=0.002, particles=400, seed=7, start="minimum",
    )  # fmt: skip
    rate = harada_sasa(tilted, time=20.0, window=1000, discard=4.0).rate
    x = tilted.run(time=24.0, every=[4.0, 24.0]).positions.astype(float)
    power = bn.analysis.mean(1.5 * (x[-1] - x[-2])[:, 0] / 20.0)  # what the tilt puts in
    assert power.value > 50.0 * power.error
    assert abs(rate.value[0] - power.value) < STANDARD_ERRORS * math.hypot(rate.error[0], power.error)


def test_portions_and_threads_change_nothing(monkeypatch):
    """Particles in portions, and threads: to the rounding of sums in another order."""
    simulation = gyrator(particles=40)
    whole = harada_sasa(simulation, time=2.0, window=100, threads=1)
    monkeypatch.setattr(violation, "MEMORY", 8 * violation.COPIES * 100 * 2 * 16)
    portions = harada_sasa(simulation, time=2.0, window=100, threads=2)
    assert np.array_equal(whole.response.value, portions.response.value)
    assert np.allclose(whole.spectrum.value, portions.spectrum.value, rtol=1e-12)
    assert np.allclose(whole.rate.value, portions.rate.value, rtol=0.0, atol=1e-10 * HOT / 0.005)


def test_bad_input():
    simulation = gyrator(particles=4)
    moving = bn.Moving(bn.Harmonic(2.1), velocity=[0.3, 0.0])
    for wrong, message in (
        (gyrator(integrator=bn.Heun()), "Overdamped with Heun, but it must be one of: Overdamped with EulerMaruyama"),
        (gyrator(mass=MASS, integrator=bn.EulerMaruyama(), dt=0.01), "Langevin with EulerMaruyama"),
        (gyrator(potential=moving), "moves with time"),
        (gyrator(potential=TRAP + moving), "moves with time"),
        (gyrator(potential=bn.Expression("k*x**2 + y**2 + 0.1*x*cos(t)", k=1.0)), "moves with time"),
        (gyrator(stop=bn.EnterBall([3.0, 0.0], radius=0.1)), "must not stop"),
        (gyrator(start=np.zeros((800, 2))), "both must be named"),
        (gyrator(particles=1), "at least 2"),
        (gyrator((HOT, 0.0), start="minimum"), "kT > 0"),
    ):
        with pytest.raises(ValueError, match=message):
            harada_sasa(wrong, time=1.0)
    with pytest.raises(TypeError, match="simulation must be a Simulation"):
        harada_sasa("run.h5md", time=1.0)
    for options, message in (
        ({"time": -1.0}, "time must be > 0, got -1.0"),
        ({"time": 1.0, "window": 7}, "window = 7, but it must be at least 8"),
        ({"time": 1.0, "window": 200}, "window = 200 steps, but at most 199"),
        ({"time": 1.0, "trials": 1}, "trials = 1"),
        ({"time": 1.0, "discard": -0.5}, "discard = -0.5"),
        ({"time": 1.0, "kT": (1.0, -1.0)}, "kT = "),
        ({"time": 1.0, "kT": (1.0, 2.0, 3.0)}, "or 2 of them"),
    ):
        with pytest.raises(ValueError, match=message):
            harada_sasa(simulation, **options)

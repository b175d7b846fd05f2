"""What is said before a run: every warning comes true, and none is given where nothing is wrong."""

import warnings

import numpy as np
import pytest
from conftest import STANDARD_ERRORS, standard_errors

import brownian as bn
from brownian.advice import drawn_noise, overlap, pilot
from brownian.advice.piloting import forecast_along
from brownian.advice.reuse import Drawn
from brownian.advice.walls import escape

BATH = {"friction": 1.3, "kT": 0.9}
QUARTIC = bn.Expression("x**4 / 4")


def made(potential=None, dynamics=None, dt=0.01, *, particles=500, dimension=1, **more):
    """A simulation; by default one that nothing is wrong with."""
    return bn.Simulation(
        potential=bn.Harmonic(2.1) if potential is None else potential,
        dynamics=bn.Overdamped(**BATH) if dynamics is None else dynamics,
        dt=dt, particles=particles, dimension=dimension, seed=more.pop("seed", 7), **more,
    )  # fmt: skip


def said(simulation, **run):
    """What is said before a run, and the run."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trajectory = simulation.run(**{"steps": 300} | run)
    return [str(one.message) for one in caught if issubclass(one.category, bn.Advice)], trajectory


def along_pilot(simulation, steps=300):
    """The forecast of a run."""
    return forecast_along(simulation, pilot(simulation, simulation.initial_state()[0], steps))


@pytest.mark.parametrize(
    "simulation",
    [
        made(),
        made(dimension=3),
        made(dynamics=bn.Langevin(mass=0.8, **BATH), dt=0.1),
        made(bn.DoubleWell(barrier=2.0, width=1.2), dt=0.001),
        made(dt=0.5, integrator=bn.LeimkuhlerMatthews()),
        made(dt=2.0, integrator=bn.MALA()),
        made(bn.Free(), dt=50.0),
        made(bn.Expression("exp(x) - x"), dt=0.02),
        made(dynamics=bn.Overdamped(friction=1.3, kT=0.0), dt=0.5),
        made(dynamics=bn.Overdamped(friction=1.3, kT=1.8), particles=60, tempering=bn.Tempering([1.8, 2.0], every=5)),
        made(annealing=bn.Annealing([2.0, 0.9], [10])),
        made(bookkeeping=True),
        made(stop=bn.CrossLevel(3.1)),
    ],
)
def test_nothing_is_said_where_nothing_is_wrong(simulation):
    assert said(simulation, every=simulation.dt, dtype=np.float32)[0] == []


@pytest.mark.parametrize(("k", "friction"), [(2.1, 0.7), (5.3, 1.9)])
def test_a_biased_step_is_named_with_its_bias_and_what_helps(k, friction):
    simulation = made(bn.Harmonic(k), bn.Overdamped(friction=friction, kT=0.9), dt=0.2 * friction / k, particles=20000)
    (text,), trajectory = said(simulation)
    assert "tau k = 0.2 (mean curvature along a pilot" in text
    assert "EulerMaruyama() will be 11 % too hot" in text
    assert "LeimkuhlerMatthews() has less than 1 % at this step" in text
    excess = k * trajectory.positions[-1] ** 2 / 0.9 - 1.0
    assert abs(standard_errors(excess, 1.0 / 0.9 - 1.0)) < STANDARD_ERRORS
    assert abs(standard_errors(excess, 0.0)) > STANDARD_ERRORS
    better = float(text.split("needs dt <= ")[1].split()[0])
    tau_k = better / friction * k
    assert 0.009 < tau_k / 2.0 / (1.0 - tau_k / 2.0) <= 0.01


def test_velocities_of_a_coarse_step_are_too_cold():
    dynamics = bn.Langevin(mass=0.8, friction=0.7, kT=0.9)
    simulation = made(dynamics=dynamics, dt=0.6 / (2.1 / 0.8) ** 0.5, particles=20000)
    (text,), trajectory = said(simulation)
    assert "Omega dt = 0.6" in text
    assert "velocities of GJF() will be 9 % too cold" in text
    assert "positions" not in text
    kinetic = 0.8 * trajectory.velocities[-1] ** 2 / 0.9
    assert abs(standard_errors(kinetic, 0.91)) < STANDARD_ERRORS
    assert abs(standard_errors(kinetic, 1.0)) > STANDARD_ERRORS


def test_each_component_has_its_own_bath():
    dynamics = bn.Overdamped(friction=(1.0, 2.0), kT=(0.9, 0.4))
    forecast = along_pilot(made(bn.Harmonic([2.1, 40.0]), dynamics, dimension=2))
    np.testing.assert_allclose(forecast.excess, [1.0 / (1.0 - k / 2.0) - 1.0 for k in (0.021, 0.2)], rtol=1e-6)


@pytest.mark.parametrize("dt", [0.01, 0.02])
def test_the_forecast_of_a_well_is_the_virial_bias_of_its_run(dt):
    """To first order in the step: <x . grad U> / kT - 1 = tau <U''> / 2, in a well that is not harmonic."""
    simulation = made(bn.DoubleWell(barrier=3.0, width=1.2), dt=dt, particles=300000)
    trajectory = said(simulation, steps=150)[1]
    x = trajectory.positions[-1]
    virial = -x * simulation.potential.force(x) / 0.9 - 1.0
    expected = along_pilot(simulation, 10**6).bias
    assert abs(standard_errors(virial, 0.0)) > STANDARD_ERRORS
    # 128 correlated looks know <U''> to some 6 %, and the second order in tau is of the forecast's own size squared
    assert abs(standard_errors(virial, expected)) < STANDARD_ERRORS + (0.2 * expected + expected**2) / (
        virial.std() / len(virial) ** 0.5
    )


def test_a_curvature_met_on_the_way_for_which_the_step_is_unstable():
    texts, _ = said(made(QUARTIC, dt=0.2))
    assert any("dt = 0.2 is unstable where the curvature is" in text for text in texts)
    k = float(texts[0].split("curvature is ")[1].split(",")[0])
    assert 2.0 * 1.3 / k < 0.2
    assert f"needs dt < {2.0 * 1.3 / k:.3g} there" in texts[0]


@pytest.mark.parametrize("dt", [0.8, 1.5, 5.0])
def test_a_pilot_that_blows_up_says_so(dt):
    """The worst of steps is not the one of which nothing is said; the run then stops with the particle's address."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(bn.NotFinite, match="step"):
            made(QUARTIC, dt=dt).run(steps=10_000)
    (one,) = [one for one in caught if issubclass(one.category, bn.Advice)]
    assert f"dt = {dt:g}: a pilot of " in str(one.message)
    assert "did not stay finite" in str(one.message)
    assert f"try dt = {dt / 4.0:.1g}"[:-1] in str(one.message)


def test_advice_points_at_the_line_that_asked_for_the_run():
    """Whichever way through the package led there."""
    runs = {
        "run": lambda: made(QUARTIC, dt=0.2).run(steps=10),
        "sample": lambda: bn.sample(QUARTIC, tau=0.2, steps=10, chains=50, seed=7, dimension=1),
        "gamma dt": lambda: made(dynamics=bn.Langevin(mass=0.1, **BATH), dt=0.4),
    }
    for name, act in runs.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            act()
        assert caught, name
        assert {one.filename for one in caught} == {__file__}, name


@pytest.mark.parametrize("dt", [0.25, 0.3])
def test_walls_throw_out_as_many_as_was_said(dt):
    """Against the same step in plain NumPy, from the law without walls after a while."""
    simulation = made(QUARTIC, dt=dt)
    distance, rate = escape(simulation, pilot(simulation, simulation.initial_state()[0], 5))
    tau = dt / 1.3
    assert distance == pytest.approx((2.0 / tau) ** 0.5, abs=0.2)  # |x - tau x^3| = |x|; the pilot's middle is not 0
    rng, steps = np.random.default_rng(20261126), 60
    x = simulation.initial_state()[0][0, :, 0][rng.integers(500, size=10**6)]
    lost = 0
    for step in range(20 + steps):
        x = x - tau * x**3 + (2.0 * tau * 0.9) ** 0.5 * rng.normal(size=len(x))
        out = np.abs(x) > 1.05 * distance
        lost += int(out.sum()) if step >= 20 else 0
        x = x[~out]
    expected = rate * steps * len(x)
    # what is 5 % beyond the wall is lost for good, what is just beyond may be kicked back: a few per cent
    assert abs(lost - expected) < STANDARD_ERRORS * expected**0.5 + 0.1 * expected
    assert lost > 100


def test_a_run_that_will_lose_particles_is_told_so():
    simulation = made(bn.Expression("x**6 / 6"), dt=0.1, particles=10**6)
    texts, _ = said(made(bn.Expression("x**6 / 6"), dt=0.02, particles=1000))
    assert not any("walls" in text for text in texts)
    seen = pilot(simulation, simulation.initial_state()[0], 20)
    wall = escape(simulation, seen)
    assert wall is not None
    from brownian.advice.advising import unstable

    calm = type(seen)(seen.steps, seen.looks, seen.positions, np.zeros((4, 1)))
    text = unstable(simulation, calm, 10**9)
    assert "too long for the walls of the expression 'x**6/6'" in text
    assert unstable(simulation, calm, 1) is None or wall[1] * 10**6 > 0.01


def test_a_wall_on_one_side_throws_nobody_out():
    """Of exp(x) - x the other side is soft: who is thrown across comes back."""
    simulation = made(bn.Expression("exp(x) - x"), dt=0.2)
    assert escape(simulation, pilot(simulation, simulation.initial_state()[0], 100)) is None


def test_frames_too_coarse_for_the_motion_between_them():
    start = np.full((500, 1), 1e6)
    texts, trajectory = said(made(bn.Free(), dt=0.01, start=start), every=0.01, dtype=np.float32)
    (text,) = texts
    assert "positions reach 1e+06, where numbers of float32 are 0.062 apart" in text
    percent = float(text.split("rounding adds ")[1].split()[0])
    squares = np.diff(trajectory.positions[:].astype(float), axis=0) ** 2
    exact = 2.0 * 0.9 / 1.3 * 0.01
    assert abs(standard_errors(squares.mean(axis=0), exact * (1.0 + percent / 100.0))) < STANDARD_ERRORS
    assert abs(standard_errors(squares.mean(axis=0), exact)) > STANDARD_ERRORS
    assert said(made(bn.Free(), dt=0.01, start=start), every=0.01, dtype=np.float64)[0] == []
    assert said(made(bn.Free(), dt=0.01, start=start), dtype=np.float32, steps=10**5)[0] == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_run_that_goes_on_by_hand_with_the_same_noise(dtype, tmp_path):
    first = said(made(particles=40), every=0.03, dtype=dtype, out=tmp_path / "first.h5md")[1]
    end = first.positions[-1]
    (text,), _ = said(made(particles=40, start=end))
    assert "starts where one with seed 7 ended" in text
    assert "steps 0 ... 300 again" in text
    assert "first_step=300 goes on" in text
    assert said(made(particles=40, start=end, first_step=300))[0] == []
    assert said(made(particles=40, start=end, seed=8))[0] == []
    assert said(made(particles=40, start=end, noise="float32"))[0] == []
    # and it matters: the same noise gives the same displacements in the limit of a free particle
    free = said(made(bn.Free(), particles=40))[1].positions[-1]
    twice = said(made(bn.Free(), particles=40, start=free))[1].positions[-1]
    np.testing.assert_allclose(twice, 2.0 * free, rtol=1e-4)


def test_noise_overlaps_by_seed_kind_particles_and_steps():
    one = Drawn(7, "Philox", (10, 20), (100, 200))
    assert overlap(one, Drawn(7, "Philox", (19, 30), (199, 300)))
    for other in (
        Drawn(8, "Philox", (10, 20), (100, 200)),
        Drawn(7, "PhiloxFloat32", (10, 20), (100, 200)),
        Drawn(7, "Philox", (20, 30), (100, 200)),
        Drawn(7, "Philox", (10, 20), (200, 300)),
    ):
        assert not overlap(one, other)


def test_what_runs_draw_is_collected():
    with drawn_noise() as drawn:
        made(particles=3, first_particle=5, first_step=40).run(steps=10)
        made(particles=3).run(steps=10)
        made(particles=3).run(steps=10)
    assert list(drawn) == [Drawn(7, "Philox", (5, 8), (40, 50)), Drawn(7, "Philox", (0, 3), (0, 10))]


def test_the_pilot_changes_no_bit():
    with_pilot = said(made(particles=70), every=0.03)[1].positions[:]
    without = made(particles=70)
    engine = without.engine()
    engine.load(without.initial_state()[0])
    engine.advance(0, 300)
    np.testing.assert_array_equal(engine.unload()[0].astype(np.float32), with_pilot[-1])

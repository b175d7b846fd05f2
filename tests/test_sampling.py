"""The machine-learning form: the mapping, bit for bit; temperatures; what is predicted, refused and reported."""

import numpy as np
import pytest
from conftest import STANDARD_ERRORS

import brownian as bn
from brownian.integrators.operator import StationaryLaw
from brownian.noise import normals_at
from brownian.running import NotFinite
from brownian.sampling import forecast, open_direction

WELL = bn.DoubleWell(barrier=1.7, width=1.2, tilt=0.3)
TAU = 0.03


def sample(target=WELL, **changes):
    arguments = dict(tau=TAU, steps=60, chains=300, seed=7, dimension=1) | changes
    return bn.sample(target, **arguments)


def physics(friction, kT=1.0, potential=WELL, dt=None, **changes):
    arguments = dict(particles=300, seed=7, start="normal") | changes
    return bn.Simulation(
        potential=potential, dynamics=bn.Overdamped(friction=friction, kT=kT), dt=TAU * friction if dt is None else dt,
        **arguments,
    )  # fmt: skip


@pytest.mark.parametrize("integrator", [bn.EulerMaruyama(), bn.LeimkuhlerMatthews(), bn.MALA(), bn.Heun()], ids=repr)
@pytest.mark.parametrize("friction", [2.0, 0.5, 3.0])
def test_physics_and_machine_learning_are_the_same_numbers(integrator, friction):
    """tau = dt / lambda is all that enters: (lambda, dt), (2 lambda, 2 dt) and tau give equal bits."""
    ours = sample(integrator=integrator).trajectory.positions[:]
    simulation = physics(friction, integrator=integrator)
    if simulation.dt / friction != TAU:  # 3 * 0.03 / 3 is another number than 0.03
        ours = sample(integrator=integrator, tau=simulation.dt / friction).trajectory.positions[:]
    run = simulation.run(steps=60, every=simulation.dt)
    assert np.array_equal(run.positions[:], ours)
    twice = physics(2.0 * friction, integrator=integrator, dt=2.0 * simulation.dt)
    assert np.array_equal(twice.run(steps=60, every=twice.dt).positions[:], ours)
    other = sample(integrator=integrator, tau=TAU * (1.0 + 1e-12)).trajectory.positions[:]
    assert not np.array_equal(other, ours)


def test_the_step_is_the_formula():
    run = sample(steps=1)
    x = run.trajectory.positions[0]
    noise = normals_at(run.simulation.noise, 0, 1, first_particle=0, particles=300, dimension=1)[0, 0]
    expected = x + TAU * WELL.force(x) + np.sqrt(2.0 * TAU) * noise
    np.testing.assert_allclose(run.trajectory.positions[1], expected, rtol=1e-14, atol=1e-15)


def test_another_temperature_is_the_energy_over_it():
    """U at kT is U / kT with tau_ML = tau kT: to rounding, over a time in which it does not grow."""
    kT = 0.7
    same = bn.DoubleWell(barrier=1.7 / kT, width=1.2, tilt=0.3 / kT)
    run = physics(0.5, kT=kT).run(steps=10, every=0.5 * TAU)
    ours = sample(same, tau=TAU * kT, steps=10)
    growth = 1e2  # an unstable direction doubles a difference in a few steps
    np.testing.assert_allclose(ours.trajectory.positions[:], run.positions[:], rtol=growth * 1e-15, atol=growth * 1e-15)


@pytest.mark.parametrize("sigma", [0.8, 4.1])
def test_sigma_sets_the_temperature_that_is_sampled(sigma):
    samples = sample(
        bn.Harmonic(2.1), sigma=sigma, tau=0.1, steps=400, every=20, chains=4000, integrator=bn.LeimkuhlerMatthews()
    )
    kT = 0.1 * sigma**2 / 2.0
    assert samples.kT_eff == kT
    found = bn.analysis.mean((samples.draws**2).mean(axis=(0, 2)))
    assert abs(found.z(kT / 2.1)) < STANDARD_ERRORS
    assert abs(found.z(1.0 / 2.1)) > STANDARD_ERRORS


def test_a_sigma_kept_while_tau_vanishes_freezes():
    """kT_eff = tau sigma^2 / 2 goes with tau; only sigma = sqrt(2 / tau) is fluctuation and dissipation."""
    frozen = [sample(bn.Harmonic(2.1), sigma=2.0, tau=tau).kT_eff for tau in (0.2, 0.02, 0.002)]
    np.testing.assert_allclose(frozen, [0.4, 0.04, 0.004], rtol=1e-15)


def test_a_schedule_of_sigma_is_annealing():
    sigma = np.r_[np.full(25, 12.0), np.full(15, 9.0), np.full(20, np.sqrt(2.0 / TAU))]
    by_step = sample(sigma=sigma)
    levels = bn.Annealing(tuple(TAU * s**2 / 2.0 for s in (12.0, 9.0, np.sqrt(2.0 / TAU))), (25, 15))
    by_level = sample(annealing=levels)
    assert by_step.simulation.annealing == levels
    assert np.array_equal(by_step.trajectory.positions[:], by_level.trajectory.positions[:])
    assert by_step.discard == 40
    assert by_step.kT_eff == pytest.approx(1.0)


def test_langevin_dynamics_samples_too():
    samples = sample(
        bn.Harmonic(2.1), integrator=bn.GJF(), mass=1.3, friction=0.7, tau=0.4, steps=400, every=20, chains=4000
    )
    assert samples.simulation.dt == 0.4 * 0.7
    found = bn.analysis.mean((samples.draws**2).mean(axis=(0, 2)))
    assert abs(found.z(1.0 / 2.1)) < STANDARD_ERRORS


@pytest.mark.parametrize("integrator", [bn.EulerMaruyama(), bn.Heun(), bn.LeimkuhlerMatthews(), bn.MALA()], ids=repr)
def test_the_forecast_is_met_in_a_trap(integrator):
    """Exact for a harmonic target, in every direction; Euler-Maruyama: 1 / (1 - k tau / 2)."""
    target = bn.Quadratic([[2.1, 0.4], [0.4, 0.9]])
    samples = sample(target, dimension=2, integrator=integrator, tau=0.35, steps=300, every=20, chains=4000)
    assert abs(samples.bias.z(samples.forecast.bias)) < STANDARD_ERRORS
    if isinstance(integrator, bn.EulerMaruyama):
        k = np.linalg.eigvalsh([[2.1, 0.4], [0.4, 0.9]])
        np.testing.assert_allclose(samples.forecast.excess, 1.0 / (1.0 - k * 0.35 / 2.0) - 1.0, rtol=1e-9)
        assert abs(samples.bias.z(0.0)) > STANDARD_ERRORS  # a forecast of nothing would be caught


def test_the_forecast_of_a_well_is_the_limit_of_low_temperature():
    """The scheme's own law over the whole well, by the operator, tends to the minimum's as kT falls."""
    integrator, far = bn.EulerMaruyama(), []
    for kT in (0.02, 0.005):
        dynamics = bn.Overdamped(friction=1.0, kT=kT)
        well = bn.DoubleWell(barrier=1.7, width=1.2, tilt=1.0)  # one deep minimum is populated
        law = StationaryLaw(integrator, dynamics, TAU, well, 0.9, 1.9)
        center = law.average(lambda x: x)
        exact = law.average(lambda x: -(x - center) * well.force(x)) / kT - 1.0  # noqa: B023
        far.append(abs(forecast(well, integrator, dynamics, TAU, 1).bias / exact - 1.0))
    assert far[1] < far[0] < 0.2


def test_where_no_minimum_is_known_one_is_looked_for():
    target = bn.Expression("a*(x - 3)**2/2 + b*(y + x)**2/2", a=2.1, b=0.9, dimension=2)
    dynamics = bn.Overdamped(friction=1.0, kT=1.0)
    found = forecast(target, bn.EulerMaruyama(), dynamics, 0.1, 2)
    k = np.linalg.eigvalsh([[3.0, 0.9], [0.9, 0.9]])
    np.testing.assert_allclose(found.curvatures, k, rtol=1e-6)
    with pytest.raises(ValueError, match=r"tau = 0.7 is unstable: EulerMaruyama\(\) needs tau < 0.60007"):
        sample(target, dimension=2, tau=0.7)


def test_what_does_not_confine_is_warned_of():
    with pytest.warns(UserWarning, match=r"x\*\*2/2' does not confine.*\[0.0, 1.0\]"):
        sample(bn.Expression("x**2/2", dimension=2), dimension=2)
    for target, dimension in [
        (WELL, 3),
        (bn.MuellerBrown(scale=0.05), 2),
        (bn.Funnel(), 5),
        (bn.Ring(stiffness=20.0, radius=2.0), 2),
        (bn.Expression("2*log(1 + x**2)", dimension=1), 1),  # Student's t: a force that falls off as 1/r is enough
    ]:
        assert open_direction(target, dimension) is None
    assert open_direction(bn.Expression("0.5*log(1 + x**2)", dimension=1), 1) is not None  # 1/r: not normalisable
    assert open_direction(bn.Cosine(amplitude=1.0, period=2.0), 1) is not None


def test_chains_that_diverge_are_reported():
    quartic = bn.Expression("x**4/4", dimension=1)
    with pytest.raises(NotFinite, match=r"particle \d+ .*and \d+ more"):
        sample(quartic, tau=0.4, start=np.linspace(-6.0, 6.0, 300)[:, np.newaxis], steps=50)


def test_chains_that_stand_still_are_counted():
    samples = sample(integrator=bn.MALA(), tau=50.0, chains=20, start="minimum", steps=10)
    assert len(samples.stuck)
    assert f"{len(samples.stuck)} chains stand still" in str(samples)


def test_the_report_says_what_was_done():
    samples = sample(integrator=bn.MALA(), steps=400, chains=64)
    text = str(samples)
    assert "201 draws of 64 chains in 1 dimension: MALA(), tau = 0.03, 200 steps discarded, 401 gradients" in text
    assert "kT_eff = 1: the density sampled is exp(-U)" in text
    assert f"accepted: {100 * samples.acceptance.mean():.1f} %" in text
    assert "R-hat" in text
    hot = sample(tempering=bn.Tempering((1.0, 2.0, 4.0), every=5), steps=400, chains=64)
    assert hot.draws.shape == (201, 64, 1)
    assert hot.gradients == 3 * 400
    assert (hot.exchange_rates > 0.2).all()
    assert "exchanged between neighbouring temperatures" in str(hot)


def test_samples_are_a_trajectory_like_any_other(tmp_path):
    path = tmp_path / "samples.h5md"
    samples = sample(integrator=bn.LeimkuhlerMatthews(), out=path)
    with bn.open(path) as trajectory:
        assert np.array_equal(trajectory.positions[:], samples.trajectory.positions[:])
        again = trajectory.simulation().run(steps=60, every=TAU)
        assert np.array_equal(again.positions[:], trajectory.positions[:])
        assert not [line for line in bn.validate(trajectory, averages=False).lines if line.verdict == "fail"]


def test_a_score_is_enough():
    @bn.potential
    class Score(bn.Harmonic):
        pass

    from typing import NamedTuple

    @bn.potential
    class NormalScore(NamedTuple):
        precision: float

        def add_force(self, x, t, f):
            for d in range(x.shape[0]):
                for i in range(x.shape[1]):
                    f[d, i] -= self.precision * x[d, i]

    samples = sample(NormalScore(2.1), dimension=2)
    harmonic = sample(bn.Harmonic(2.1), dimension=2)
    np.testing.assert_allclose(samples.draws, harmonic.draws, rtol=1e-12, atol=1e-12)
    assert samples.energy is None
    assert samples.names == ["x", "y"]
    assert abs(samples.forecast.bias - harmonic.forecast.bias) < 1e-9
    with pytest.raises(TypeError, match="NormalScore gives a force only"):
        sample(NormalScore(2.1), dimension=2, integrator=bn.MALA())


@pytest.mark.parametrize(
    ("target", "dimension", "kT"),
    [(bn.Quadratic([[2.1, 0.4], [0.4, 0.9]]), 2, 0.7), (WELL, 2, 0.7), (bn.Banana(), 2, 1.0), (bn.Funnel(), 3, 1.0)],
)
def test_exact_draws(target, dimension, kT):
    x = bn.draw(target, 20_000, seed=7, kT=kT, dimension=dimension)
    few = bn.draw(target, 10, seed=7, kT=kT, dimension=dimension)
    np.testing.assert_allclose(few, x[:10], rtol=1e-12)
    virial = -((x - x.mean(axis=0)) * target.force(x)).sum(axis=1)  # no moment of a funnel's tails is needed
    assert abs(bn.analysis.mean(np.clip(virial, -50, 50)).value / (dimension * kT) - 1.0) < 0.1
    energies = bn.analysis.mean(target.energy(x))
    if isinstance(target, bn.Quadratic | bn.Banana):
        assert abs(energies.z(dimension * kT / 2.0)) < STANDARD_ERRORS


def test_what_is_refused():
    with pytest.raises(ValueError, match="can live in any: give dimension"):
        bn.sample(WELL, tau=0.1, steps=5, chains=2, seed=7)
    with pytest.raises(ValueError, match="sigma and annealing are given"):
        sample(sigma=2.0, annealing=bn.Annealing((2.0, 1.0), 5))
    with pytest.raises(ValueError, match=r"sigma has shape \(3,\)"):
        sample(sigma=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="sigma = -1"):
        sample(sigma=-1.0)
    with pytest.raises(TypeError, match="sigma = 'hot'"):
        sample(sigma="hot")
    with pytest.raises(ValueError, match="discard = 61"):
        sample(discard=61)
    with pytest.raises(ValueError, match=r"tau = 0\.3 is unstable"):
        sample(tau=0.3)
    with pytest.raises(TypeError, match="a potential is needed"):
        sample(lambda x: -x)
    with pytest.raises(ValueError, match="start: positions of shape"):
        sample(start=np.zeros((4, 1)))

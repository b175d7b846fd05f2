"""Temperatures that change: annealing by levels, and parallel tempering."""

import numpy as np
import pytest
from conftest import STANDARD_ERRORS
from recorded import interrupted

import brownian as bn
from brownian.potentials.definition import energy

WELL = bn.DoubleWell(barrier=7.0, width=1.2, tilt=0.4)
KT, FRICTION, DT = 0.9, 0.7, 0.006
LEVELS = bn.Annealing((5.0, 2.3, KT), (7, 11))
LADDER = bn.Tempering((KT, 2.1, 5.2), every=6)


def simulation(**changes):
    arguments = dict(
        potential=WELL, dynamics=bn.Overdamped(friction=FRICTION, kT=KT), dt=DT, particles=300, seed=7, start="minimum"
    )
    return bn.Simulation(**(arguments | changes))


def langevin(**changes):
    return simulation(dynamics=bn.Langevin(mass=1.3, friction=FRICTION, kT=KT), dt=5 * DT, **changes)


@pytest.mark.parametrize("integrator", [bn.EulerMaruyama(), bn.LeimkuhlerMatthews(), bn.MALA()], ids=repr)
def test_annealing_is_a_chain_of_runs(integrator):
    """Each level is a run of its own, from where the last one ended, on the same noise."""
    whole = simulation(integrator=integrator, annealing=LEVELS).run(steps=30, every=DT)
    x, first = whole.positions[0], 0
    for kT, steps in zip(LEVELS.kT, (7, 11, 12), strict=True):
        part = simulation(
            integrator=integrator, dynamics=bn.Overdamped(friction=FRICTION, kT=kT), start=x, first_step=first
        ).run(steps=steps, every=DT)
        assert np.array_equal(part.positions[:], whole.positions[first : first + steps + 1])
        x, first = part.positions[-1], first + steps


@pytest.mark.parametrize("kind", [{"annealing": LEVELS}, {"tempering": LADDER}, {"tempering": LADDER, "mala": True}])
def test_threads_interrupts_and_rebuilding_change_no_bit(kind, tmp_path, monkeypatch):
    changes = {key: value for key, value in kind.items() if key != "mala"}
    changes |= {"integrator": bn.MALA()} if "mala" in kind else {}
    run = dict(steps=50, every=5 * DT, dtype=np.float64)
    whole = simulation(**changes).run(**run, threads=1)
    assert np.array_equal(simulation(**changes).run(**run, threads=2).positions[:], whole.positions[:])
    path = tmp_path / "run.h5md"
    interrupted(monkeypatch, simulation(**changes), path, interrupts=3, steps_each=4, **run)
    parts = simulation(**changes).run(out=path, resume=True, **run)
    assert np.array_equal(parts.positions[:], whole.positions[:])
    if whole.columns:
        assert np.array_equal(parts.tallies[:], whole.tallies[:])
    again = bn.open(path).simulation().run(**run)
    assert np.array_equal(again.positions[:], whole.positions[:])


def exchanges_by_hand(levels, steps):
    """Tempering written again: runs of every level between exchanges, exchanges in NumPy."""
    from brownian.noise import EXCHANGE, uniforms_at

    chains, count = 100, len(levels.kT)
    x = simulation(tempering=levels).run(steps=1).positions[0].reshape(count, chains, 1).astype(float)
    accepted = np.zeros((count, chains))
    for first in range(0, steps, levels.every):
        for k, kT in enumerate(levels.kT):
            part = simulation(
                dynamics=bn.Overdamped(friction=FRICTION, kT=kT), particles=chains, first_particle=k * chains,
                first_step=first, start=x[k],
            )  # fmt: skip
            x[k] = part.run(steps=levels.every, every=DT).positions[-1]
        u = np.array([energy(WELL, level) for level in x])
        for k in range((first // levels.every + 1) % 2, count - 1, 2):
            ratio = np.exp((1 / levels.kT[k] - 1 / levels.kT[k + 1]) * (u[k] - u[k + 1]))
            chance = uniforms_at(7, first_particle=k * chains, particles=chains, component=0, purpose=EXCHANGE,
                                 step=first + levels.every)[:, 0]  # fmt: skip
            swap = chance <= ratio
            x[k, swap], x[k + 1, swap] = x[k + 1, swap].copy(), x[k, swap].copy()
            accepted[k] += swap
    return x, accepted


def test_tempering_is_runs_and_exchanges():
    steps = 5 * LADDER.every
    run = simulation(tempering=LADDER).run(steps=steps + 1, every=DT, dtype=np.float64)
    x, accepted = exchanges_by_hand(LADDER, steps)
    # the frame after the last exchange: one step on from x
    again = simulation(particles=100, first_step=steps, start=x[0]).run(steps=1)
    assert np.array_equal(again.positions[-1], run.positions[steps + 1][:100].astype(again.positions.dtype))
    assert np.array_equal(run.tallies[steps + 1][:, 0].reshape(3, 100), accepted)
    assert accepted[:2].sum() > 50


def test_replicas_are_a_permutation_of_every_chain():
    run = simulation(tempering=LADDER).run(steps=60, every=10 * DT)
    for frame in run.tallies[:]:
        replicas = frame[:, -1].reshape(3, 100).astype(int)
        assert np.array_equal(np.sort(replicas, axis=0) % 100, np.tile(np.arange(100), (3, 1)))
    assert (run.tallies[-1][:, -1] != np.arange(300)).any()


@pytest.mark.parametrize("make", [simulation, langevin], ids=["overdamped", "langevin"])
def test_every_level_has_its_own_boltzmann_distribution(make):
    """Wells exchange slowly at kT, fast on top of the ladder; the tilted well has uneven populations."""
    levels = bn.Tempering((KT, 1.5, 2.5, 4.0), every=10)
    integrator = bn.LeimkuhlerMatthews() if make is simulation else bn.GJF()
    run = make(tempering=levels, particles=4000, integrator=integrator).run(steps=4000, every=None)
    x = np.asarray(run.positions[-1], dtype=np.float64).reshape(4, 1000)
    for k, kT in enumerate(levels.kT):
        expected = bn.theory.boltzmann_average(lambda x: x > 0.0, WELL.profile, kT=kT)
        assert abs(bn.analysis.mean(x[k] > 0.0).z(expected)) < STANDARD_ERRORS


def test_without_exchange_the_cold_level_stays_where_it_was():
    """What tempering is for: the same run without it has not left its well."""
    run = simulation(particles=1000, integrator=bn.LeimkuhlerMatthews()).run(steps=4000, every=None)
    start = simulation(particles=1000).run(steps=1).positions[0]
    assert np.mean(np.sign(run.positions[-1]) == np.sign(start)) > 0.9


def test_what_is_refused():
    with pytest.raises(ValueError, match="must be at least 0"):
        bn.Annealing((1.0, -0.5), 10)
    with pytest.raises(ValueError, match="3 numbers of steps for 2 levels"):
        bn.Annealing((2.0, 1.0), (10, 10, 10))
    with pytest.raises(TypeError, match="two or more"):
        bn.Annealing((1.0,), 10)
    with pytest.raises(ValueError, match="last level is kT = 1,"):
        simulation(annealing=bn.Annealing((2.0, 1.0), 10))
    with pytest.raises(ValueError, match="ascending"):
        bn.Tempering((2.0, 1.0), 10)
    with pytest.raises(ValueError, match="need a multiple"):
        simulation(tempering=LADDER, particles=100)
    with pytest.raises(ValueError, match="can't be combined"):
        simulation(tempering=LADDER, annealing=LEVELS)
    with pytest.raises(ValueError, match="bookkeeping or stop"):
        simulation(annealing=LEVELS, bookkeeping=True)
    with pytest.raises(TypeError, match="Annealing"):
        simulation(annealing=5.0)
    with pytest.raises(ValueError, match="exchanged"):
        bn.validate(simulation(tempering=LADDER).run(steps=20, every=DT))
    with pytest.raises(ValueError, match="one positive kT"):
        simulation(integrator=bn.MALA(), annealing=bn.Annealing((0.0, KT), 5))


def test_the_verdict_is_on_the_last_level():
    run = simulation(annealing=LEVELS, particles=100).run(steps=500, every=DT)
    verdict = bn.validate(run, averages=False)
    assert "annealed" in str(verdict)
    assert not [line for line in verdict.lines if line.verdict == "fail"]


@pytest.mark.parametrize("make", [simulation, langevin], ids=["overdamped", "langevin"])
def test_every_level_starts_in_its_own_stationary_state(make):
    levels = (KT, 2.5, 6.0)
    parts = {"particles": 3 * 4000, "start": "stationary"}
    start = make(tempering=bn.Tempering(levels, every=10), **parts).initial_state()[0]
    for k, kT in enumerate(levels):
        x = start[0, k * 4000 : (k + 1) * 4000, 0]
        expected = bn.theory.boltzmann_average(np.square, WELL.profile, kT=kT)
        assert abs(bn.analysis.mean(x**2).z(expected)) < STANDARD_ERRORS
        if make is langevin:
            v = start[1, k * 4000 : (k + 1) * 4000, 0]
            assert abs(bn.analysis.mean(langevin().dynamics.mass * v**2).z(kT)) < STANDARD_ERRORS
    alone = make(**parts).initial_state()[0]
    assert np.array_equal(start[: len(alone), :4000], alone[:, :4000])

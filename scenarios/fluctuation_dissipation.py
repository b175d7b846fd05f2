"""The whole fluctuation-dissipation verdict, on a trap and on a double well, beside three planted violations.

    m dv = -lambda v dt - grad U dt + eta dt,    <eta(t) eta(t')> = 2 lambda kT delta(t - t')

Expected: both good runs pass, with R = <eta eta> / (2 lambda kT) = 1 inside its exact interval; a noise 1 % too strong,
a noise shared by pairs of particles, and a friction 5 % off in the scheme each fail.
"""

import sys

import brownian as bn


def run(*, mass=1.3, friction=0.7, kT=0.9, dt=0.1, steps=10000, particles=200, seed=7,
        out=None, resume=False, overwrite=False):  # fmt: skip
    """Judge five runs, draw the verdicts; the good run in the double well is kept."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    dynamics = bn.Langevin(mass=mass, friction=friction, kT=kT)

    def simulation(potential, **changes):
        arguments = {"dynamics": dynamics, "integrator": bn.GJF(), "dt": dt, "particles": particles, "seed": seed}
        return bn.Simulation(potential=potential, **arguments | changes)

    well = bn.DoubleWell(barrier=2.0, width=1.2)
    good = simulation(well)
    kept = good.run(
        steps=steps,
        every=dt,
        **scenario.keeping("trajectory.h5md"),
        progress=True,
    )
    verdicts = {
        "double well": bn.validate(kept),
        "trap": bn.validate(simulation(bn.Harmonic(2.1)).run(steps=steps, every=dt)),
    }
    strong = simulation(well, dynamics=bn.Langevin(mass=mass, friction=friction, kT=1.01 * kT))
    verdicts["noise 1 % strong"] = _judged_as(good, strong.run(steps=steps, every=dt))
    half = simulation(well, particles=particles // 2)
    verdicts["noise shared in pairs"] = _judged_as(good, _twice(half.run(steps=steps, every=dt)))
    slow = simulation(well, dynamics=bn.Langevin(mass=mass, friction=1.05 * friction, kT=kT))
    verdicts["friction 5 % off"] = _judged_as(good, slow.run(steps=steps, every=dt))

    for name, verdict in verdicts.items():
        sound = name in ("double well", "trap")
        scenario.check(f"{name}: passes (1) or fails (0)", float(verdict.verdict == "pass"), float(sound), 0.0)
        if sound:
            low, high = verdict.headline.interval
            scenario.check(f"{name}: R", verdict.headline.ratio, 1.0, (high - low) / 6.6)
    with bn.plotting.style():
        axes = bn.plotting.verdict(verdicts)
    scenario.save(axes[0].figure, "verdict.png")
    print(verdicts["double well"], file=sys.stderr)
    return scenario.result("Fluctuation-dissipation relation")


def _judged_as(claimed, trajectory):
    """The verdict on a trajectory that claims to be a run of this simulation, from its numbers alone."""
    return bn.validate(trajectory, simulation=claimed, seeded=False)


def _twice(trajectory):
    """Every particle twice: what a generator shared by two particles makes."""
    x, v = (values[:].repeat(2, axis=1) for values in (trajectory.positions, trajectory.velocities))
    return bn.from_arrays(trajectory.steps, trajectory.times, x, v)


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

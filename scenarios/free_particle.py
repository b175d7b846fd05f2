"""A free particle, from ballistic to diffusive motion.

    m dv = -lambda v dt + sqrt(2 lambda kT) dW,    dx = v dt

Expected (Uhlenbeck and Ornstein 1930), per component, started from Maxwell velocities, with D = kT / lambda and
gamma = lambda / m:

    <|x(t) - x(0)|^2> = 2 D [t - (1 - exp(-gamma t)) / gamma]
"""

import sys

import brownian as bn


def run(*, mass=1.3, friction=0.7, kT=0.9, dt=0.05, steps=4000, particles=20000, dimension=3, seed=7,
        out=None, resume=False, overwrite=False):  # fmt: skip
    """Simulate, compare the mean squared displacement with theory, plot."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    simulation = bn.Simulation(
        potential=bn.Free(),
        dynamics=bn.Langevin(mass=mass, friction=friction, kT=kT),
        integrator=bn.GJF(),
        dt=dt,
        particles=particles,
        dimension=dimension,
        seed=seed,
    )
    trajectory = simulation.run(
        steps=steps,
        every=bn.logarithmic_times(dt, steps * dt, per_decade=8),
        **scenario.keeping("trajectory.h5md"),
        progress=True,
    )
    times, msd = bn.analysis.displacement_msd(trajectory)
    expected = bn.theory.free_msd(times, mass=mass, friction=friction, kT=kT)
    steps_taken = (times / dt).round().astype(int)
    discrete = bn.theory.discrete_msd(steps_taken, "gjf", mass=mass, friction=friction, kT=kT, dt=dt)
    for k in range(0, len(times), max(1, len(times) // 6)):
        scenario.check(f"MSD at t = {times[k]:g}, exact for this dt", msd.value[k], discrete[k], msd.error[k])
    scenario.check("MSD at the end, Uhlenbeck-Ornstein", msd.value[-1], expected[-1], msd.error[-1])

    with bn.plotting.style():
        figure, axes = bn.plotting.figure()
        bn.plotting.msd(times, msd, ax=axes, expected=expected, mass=mass, friction=friction, kT=kT)
        axes.set_title("A free particle: ballistic, then diffusive")
    scenario.save(figure, "msd.png")
    return scenario.result("Free particle")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

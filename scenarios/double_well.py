"""One energy, both forms of the dynamics: a quartic double well.

    U = barrier ((x / width)^2 - 1)^2
    underdamped  m dv = -lambda v dt - U' dt + sqrt(2 lambda kT) dW
    overdamped   x' = x - tau U' + sqrt(2 tau kT) eps,  tau = dt / lambda

Expected: the Boltzmann density exp(-U / kT) / Z, up to each scheme's bias at finite dt.  For the overdamped schemes the
bias is computed exactly (the transfer operator of one step); GJF at this dt is compared with Boltzmann.
"""

import sys

import numpy as np

import brownian as bn
from brownian.integrators.operator import StationaryLaw


def run(*, barrier=2.0, width=1.2, mass=1.3, friction=0.7, kT=0.9, tau=0.04, dt=0.05, particles=20000, time=40.0,
        seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Sample with three schemes, compare density and <x^2> with their exact values, plot."""
    scenario = bn.Scenario(__file__, out)
    potential = bn.DoubleWell(barrier=barrier, width=width)
    overdamped, langevin = bn.Overdamped(friction=friction, kT=kT), bn.Langevin(mass=mass, friction=friction, kT=kT)
    schemes = {
        "Euler-Maruyama": (overdamped, bn.EulerMaruyama(), tau * friction),
        "Leimkuhler-Matthews": (overdamped, bn.LeimkuhlerMatthews(), tau * friction),
        "GJF": (langevin, bn.GJF(), dt),
    }
    boltzmann = bn.theory.boltzmann_average(np.square, potential.profile, kT=kT)
    edges = np.linspace(-2.2 * width, 2.2 * width, 61)
    figure, (left, right) = bn.plotting.figure(columns=2)
    for k, (name, (dynamics, integrator, step)) in enumerate(schemes.items()):
        simulation = bn.Simulation(
            potential=potential, dynamics=dynamics, integrator=integrator, dt=step, particles=particles, seed=seed + k
        )
        total = round(time / step) // 40 * 40
        trajectory = simulation.run(
            steps=total,
            every=total // 40 * step,
            out=scenario.path(f"{integrator!r}".removesuffix("()") + ".h5md"),
            resume=resume,
            overwrite=overwrite,
            progress=True,
        )
        x = trajectory.positions[len(trajectory) // 2 :, :, 0].astype(float)
        square = bn.statistics.mean((x**2).mean(axis=0))
        expected = boltzmann
        if dynamics is overdamped:
            reach = 2.6 * width
            expected = StationaryLaw(integrator, dynamics, step, potential, -reach, reach).average(np.square)
        scenario.check(f"<x^2>, {name}, dt = {step:g}", square.value, expected, square.error)
        bn.plotting.density(edges, bn.statistics.histogram(x, edges), ax=left, label=name)
        right.errorbar([k], [square.value / boltzmann - 1], [square.error / boltzmann], fmt="o", label=name)
        right.plot([k - 0.25, k + 0.25], [expected / boltzmann - 1] * 2, **bn.plotting.THEORY)
    bn.plotting.boltzmann(np.linspace(edges[0], edges[-1], 400), potential, kT, ax=left)
    left.legend()
    left.set_title("One energy, both forms")
    right.set_xticks(range(len(schemes)), schemes)
    right.set(ylabel=r"bias of $\langle x^2\rangle$, relative to Boltzmann", title="Bias: measured, and exact (dashed)")
    right.axhline(0.0, color="#94a4a2", lw=0.8)
    scenario.save(figure, "density.png")
    return scenario.result("Double well")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

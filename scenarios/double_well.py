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
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    potential = bn.DoubleWell(barrier=barrier, width=width)
    overdamped, langevin = bn.Overdamped(friction=friction, kT=kT), bn.Langevin(mass=mass, friction=friction, kT=kT)
    schemes = {
        "Euler-Maruyama": (overdamped, bn.EulerMaruyama(), tau * friction),
        "Leimkuhler-Matthews": (overdamped, bn.LeimkuhlerMatthews(), tau * friction),
        "GJF": (langevin, bn.GJF(), dt),
    }
    boltzmann = bn.theory.boltzmann_average(np.square, potential.profile, kT=kT)
    edges, densities, squares, exact = np.linspace(-2.2 * width, 2.2 * width, 45), {}, {}, {}
    for k, (name, (dynamics, integrator, step)) in enumerate(schemes.items()):
        simulation = bn.Simulation(
            potential=potential, dynamics=dynamics, integrator=integrator, dt=step, particles=particles, seed=seed + k
        )
        stride = max(1, round(time / 40 / step))
        trajectory = simulation.run(
            steps=40 * stride,
            every=stride * step,
            **scenario.keeping(f"{type(integrator).__name__}.h5md"),
            progress=True,
        )
        x = trajectory.positions[20:, :, 0].astype(float)  # the first half is for the start to be forgotten
        densities[name] = bn.analysis.histogram(x, edges)
        squares[name] = bn.analysis.mean((x**2).mean(axis=0))
        exact[name] = boltzmann
        if dynamics is overdamped:
            exact[name] = StationaryLaw(integrator, dynamics, step, potential, -2.6 * width, 2.6 * width).average(
                np.square
            )
        scenario.check(f"<x^2>, {name}, dt = {step:g}", squares[name].value, exact[name], squares[name].error)

    with bn.plotting.style():
        figure, (left, right) = bn.plotting.figure(columns=2)
        for k, (name, marker) in enumerate(zip(schemes, "osD", strict=True)):
            bn.plotting.density(edges, densities[name], ax=left, label=name, fmt=marker)
            bias, error = squares[name].value / boltzmann - 1.0, squares[name].error / boltzmann
            right.errorbar(k, 100.0 * bias, 100.0 * error, fmt=marker)
            right.plot([k - 0.25, k + 0.25], [100.0 * (exact[name] / boltzmann - 1.0)] * 2, **bn.plotting.THEORY)
        bn.plotting.boltzmann(np.linspace(edges[0], edges[-1], 400), potential, kT, ax=left)
        left.set(title="One energy, both forms", ylim=(0.0, 1.4 * densities["GJF"].value.max()))
        left.legend(loc="upper center", ncols=2)
        right.set_xticks(range(len(schemes)), [name.replace("-", "-\n") for name in schemes])
        right.set(ylabel=r"bias of $\langle x^2\rangle$ [%]", title="Bias at this dt: measured, and exact (dashed)")
    scenario.save(figure, "density.png")
    return scenario.result("Double well")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

"""The Brownian gyrator: one particle in the plane, x in a hot bath and y in a cold one, and a trap that couples them.

    U = k (x^2 + y^2) / 2 + u x y,    kT_x = kT_hot,  kT_y = kT_cold
    overdamped   lambda dx = -dU/dx dt + sqrt(2 lambda kT_x) dW,   and the same for y
    with mass    m dv_x = -lambda v_x dt - dU/dx dt + sqrt(2 lambda kT_x) dW

A steady state, but no equilibrium: the density is not Boltzmann's, the particle turns, and heat flows through it from the
hot bath to the cold one.  Expected in the overdamped limit (Filliger, Reimann, Phys. Rev. Lett. 99, 230602 (2007)):

    <x y> = -u (kT_hot + kT_cold) / [2 (k^2 - u^2)]          torque   <x v_y - y v_x> = -u (kT_hot - kT_cold) / (k lambda)
    heat J = u^2 (kT_hot - kT_cold) / (2 k lambda)           entropy production  J (1 / kT_cold - 1 / kT_hot)

The heat is measured twice: by the ledger of work and heat along every path, and, without knowing any force, from what
velocities lack of the fluctuation-dissipation theorem (Harada, Sasa, Phys. Rev. Lett. 95, 130602 (2005)):

    heat into the bath of x = lambda int dw/2pi [S_v(w) - 2 kT_x Re chi_v(w)]

which is negative for the hot bath, positive for the cold one, and zero in equilibrium.
"""

import sys

import numpy as np

import brownian as bn
from brownian.analysis.spectrum import blocked, logarithmic_blocks


def run(*, stiffness=2.1, coupling=0.9, friction=0.7, kT_hot=1.4, kT_cold=0.6, mass=1.3, dt=0.005, dt_mass=0.05,
        particles=4000, time=100.0, seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Run both forms, compare covariance, torque, heat and entropy with theory; draw the current and the violation."""
    scenario = bn.Scenario(__file__, out)
    kT, trap = (kT_hot, kT_cold), bn.Quadratic([[stiffness, coupling], [coupling, stiffness]])
    parameters = {"stiffness": stiffness, "coupling": coupling, "friction": friction, "kT1": kT_hot, "kT2": kT_cold}
    forms = {
        "overdamped": (bn.Overdamped(friction, kT), dt, bn.theory.gyrator(**parameters)),
        "with mass": (bn.Langevin(mass, friction, kT), dt_mass, bn.theory.gyrator(**parameters, mass=mass)),
    }
    runs, found = {}, {}
    for k, (form, (dynamics, step, exact)) in enumerate(forms.items()):
        system = {"potential": trap, "dynamics": dynamics, "dt": step, "dimension": 2, "particles": particles}
        trajectory = bn.Simulation(**system, bookkeeping=True, seed=seed + 10 * k).run(
            time=time, every=max(0.1, step), out=scenario.path(f"{form.replace(' ', '_')}.h5md"), resume=resume,
            overwrite=overwrite, progress=True,
        )  # fmt: skip
        x = trajectory.positions[:].astype(float)
        for (i, j), name, value in (((0, 0), "<x²>", exact.xx), ((1, 1), "<y²>", exact.yy), ((0, 1), "<xy>", exact.xy)):
            measured = bn.analysis.mean((x[..., i] * x[..., j]).mean(axis=0))
            scenario.check(f"{form}: {name}", measured.value, value, measured.error)
        torque = bn.analysis.mean(turning(trajectory, system, seed + 10 * k + 1))
        scenario.check(f"{form}: torque <x v_y - y v_x>", torque.value, exact.torque, torque.error)
        heat = trajectory.energies.heat[-1] / trajectory.times[-1]
        flow, sink = bn.analysis.mean(heat[:, 0]), bn.analysis.mean(-heat[:, 1])
        scenario.check(f"{form}: heat from the hot bath", flow.value, exact.heat, flow.error)
        scenario.check(f"{form}: heat into the cold bath", sink.value, exact.heat, sink.error)
        entropy = bn.analysis.entropy_production(heat, kT)
        scenario.check(f"{form}: entropy production / k_B", entropy.value, exact.entropy_production, entropy.error)
        simulation = bn.Simulation(**system, seed=seed + 10 * k + 2)
        violation = bn.analysis.harada_sasa(simulation, time=time / 2.0, window=round(10.0 / step), progress=True)
        for d, bath, value in ((0, "hot", -exact.heat), (1, "cold", exact.heat)):
            rate = violation.rate
            name = f"{form}: Harada-Sasa, into the {bath} bath"
            scenario.check(name, rate.value[d], value, rate.error[d])
        runs[form], found[form] = x, violation

    with bn.plotting.style():
        figure, axes = bn.plotting.figure(
            figsize=(11.0, 5.4), mosaic=[["plane", "spectra"], ["plane", "gap"]], width_ratios=[1.05, 1.0]
        )
    scenario.save(figure, "brownian_gyrator.png")
    return scenario.result("Brownian gyrator")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

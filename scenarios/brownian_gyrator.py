"""The Brownian gyrator: one particle in the plane, x in a hot bath and y in a cold one, and a trap that couples them.

    U = k (x^2 + y^2) / 2 + u x y,    kT_x = kT_hot,  kT_y = kT_cold
    overdamped   lambda dx = -dU/dx dt + sqrt(2 lambda kT_x) dW,   and the same for y
    with mass    m dv_x = -lambda v_x dt - dU/dx dt + sqrt(2 lambda kT_x) dW

A steady state, but no equilibrium: the density is not Boltzmann's, the particle turns, and heat flows through it from
the hot bath to the cold one.  Expected in the overdamped limit (Filliger, Reimann, Phys. Rev. Lett. 99, 230602 (2007)):

    <x y> = -u (kT_hot + kT_cold) / [2 (k^2 - u^2)]       torque  <x v_y - y v_x> = -u (kT_hot - kT_cold) / (k lambda)
    heat  J = u^2 (kT_hot - kT_cold) / (2 k lambda)       entropy production  J (1 / kT_cold - 1 / kT_hot)

The heat is measured twice: by the ledger of work and heat along every path, and, without knowing any force, from what
velocities lack of the fluctuation-dissipation theorem (Harada, Sasa, Phys. Rev. Lett. 95, 130602 (2005)):

    heat into the bath of x = lambda int dw/2pi [S_v(w) - 2 kT_x Re chi_v(w)]

which is negative for the hot bath, positive for the cold one, and zero in equilibrium.  All is compared with the limit
dt -> 0.  At these steps the schemes are off it by 0.1 % (Leimkuhler-Matthews, GJF) and, where the estimator of Harada
and Sasa asks for Euler-Maruyama, by 0.6 %: less than the standard errors.
"""

import sys

import numpy as np

import brownian as bn
from brownian.analysis.spectrum import blocked, logarithmic_blocks

HOT, COLD = "#bd1f01", "#3f90da"


def run(*, stiffness=2.1, coupling=0.9, friction=0.7, kT_hot=1.4, kT_cold=0.6, mass=1.3, dt=0.005, dt_mass=0.05,
        particles=4000, time=100.0, seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Run both forms, compare covariance, torque, heat and entropy with theory; draw the current and the violation."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    kT, trap = (kT_hot, kT_cold), bn.Quadratic([[stiffness, coupling], [coupling, stiffness]])
    bath = {"stiffness": stiffness, "coupling": coupling, "friction": friction, "kT1": kT_hot, "kT2": kT_cold}
    forms = {
        "overdamped": (bn.Overdamped(friction, kT), bn.LeimkuhlerMatthews(), dt, bn.theory.gyrator(**bath)),
        "with mass": (bn.Langevin(mass, friction, kT), bn.GJF(), dt_mass, bn.theory.gyrator(**bath, mass=mass)),
    }
    paths, violations = {}, {}
    for k, (form, (dynamics, scheme, step, exact)) in enumerate(forms.items()):
        system = {"potential": trap, "dynamics": dynamics, "dt": step, "dimension": 2, "particles": particles}
        seeds = seed + 10 * k + np.arange(3)
        trajectory = bn.Simulation(**system, integrator=scheme, seed=seeds[0]).run(
            time=time,
            every=20 * dt if k == 0 else 2 * dt_mass,
            **scenario.keeping(f"{form.replace(' ', '_')}.h5md"),
            progress=True,
        )
        x = paths[form] = trajectory.positions[:].astype(float)
        for name, i, j, value in (("<x^2>", 0, 0, exact.xx), ("<y^2>", 1, 1, exact.yy), ("<x y>", 0, 1, exact.xy)):
            measured = bn.analysis.mean((x[..., i] * x[..., j]).mean(axis=0))
            scenario.check(f"{form}: {name}", measured.value, value, measured.error)
        if form == "overdamped":  # the area that every step sweeps
            sweeping = bn.Simulation(**system, integrator=scheme, seed=seeds[1])
            x = sweeping.run(time=time / 20.0, every=step).positions[:]
            turning = (x[:-1, :, 0] * x[1:, :, 1] - x[:-1, :, 1] * x[1:, :, 0]) / step
        else:
            v = trajectory.velocities[:].astype(float)
            turning = x[..., 0] * v[..., 1] - x[..., 1] * v[..., 0]
        torque = bn.analysis.mean(turning.mean(axis=0))
        scenario.check(f"{form}: torque <x v_y - y v_x>", torque.value, exact.torque, torque.error)

        ledger = bn.Simulation(**system, integrator=scheme, bookkeeping=True, seed=seeds[0])  # of the same paths
        heat = ledger.run(time=time).energies.heat[-1] / time
        for name, d, sign in (("heat from the hot bath", 0, 1.0), ("heat into the cold bath", 1, -1.0)):
            measured = bn.analysis.mean(sign * heat[:, d])
            scenario.check(f"{form}: {name}, by the ledger", measured.value, exact.heat, measured.error)
        rate = bn.analysis.entropy_production(heat, kT)
        scenario.check(f"{form}: entropy production / k_B", rate.value, exact.entropy_production, rate.error)

        found = violations[form] = bn.analysis.harada_sasa(
            bn.Simulation(**system, seed=seeds[2]), time=time / 2.0, window=round(12.0 / step), progress=True
        )
        for name, d, sign in (("heat from the hot bath", 0, -1.0), ("heat into the cold bath", 1, 1.0)):
            value, error = sign * found.rate.value[d], found.rate.error[d]
            scenario.check(f"{form}: {name}, by Harada and Sasa", value, exact.heat, error)

    with bn.plotting.style():
        figure, (left, right) = bn.plotting.figure(columns=2, figsize=(11.2, 5.2), width_ratios=[1.0, 1.02])
        rows = right.get_subplotspec().subgridspec(2, 1, height_ratios=[1.0, 1.0])
        right.remove()
        above = figure.add_subplot(rows[0])
        below = figure.add_subplot(rows[1], sharex=above)
        _draw_current(left, paths["overdamped"], 20 * dt, forms["overdamped"][-1])
        _draw_violation(above, below, violations["overdamped"], friction, kT, bath)
    scenario.save(figure, "brownian_gyrator.png")
    return scenario.result("Brownian gyrator")


def _draw_current(ax, x, interval, exact):
    """Density, and the current j = <dx delta(midpoint - x)> / interval of a path as streamlines; theory: ellipses."""
    reach = 2.9 * np.sqrt([exact.xx, exact.yy]).max()
    edges = np.linspace(-reach, reach, 26)
    centres, fine = (edges[1:] + edges[:-1]) / 2.0, np.linspace(-reach, reach, 84)
    points = x.reshape(-1, 2)
    density = np.histogram2d(points[:, 0], points[:, 1], [fine, fine], density=True)[0]
    ax.pcolormesh(fine, fine, density.T, cmap="Blues", rasterized=True, vmax=1.15 * density.max())
    middle, step = ((x[1:] + x[:-1]) / 2.0).reshape(-1, 2), np.diff(x, axis=0).reshape(-1, 2)
    counts = np.histogram2d(middle[:, 0], middle[:, 1], [edges, edges])[0]
    flow = [np.histogram2d(middle[:, 0], middle[:, 1], [edges, edges], weights=step[:, d])[0].T for d in (0, 1)]
    seen = counts / counts.max() > 0.01
    cell = (edges[1] - edges[0]) ** 2 * len(step) * interval
    u, v = (np.where(seen.T, part / cell, np.nan) for part in flow)
    strength = np.hypot(u, v)
    width = 0.5 + 2.3 * np.nan_to_num(strength) / np.nanmax(strength)
    spread = np.linalg.cholesky([[exact.xx, exact.xy], [exact.xy, exact.yy]])
    ax.streamplot(centres, centres, u, v, color="#e76300", linewidth=width, density=1.15, arrowsize=1.1)
    angle = np.linspace(0.0, 2.0 * np.pi, 200)
    for k in (1.0, 2.0):
        line = k * spread @ [np.cos(angle), np.sin(angle)]
        ax.plot(*line, **bn.plotting.THEORY, label="theory, 1 and 2 standard deviations" if k == 1.0 else None)
    ax.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
    ax.set(
        xlabel="x, in the hot bath", ylabel="y, in the cold bath", title="Density (blue), and the current that turns"
    )
    ax.legend(loc="upper right")


def _draw_violation(above, below, found, friction, kT, bath):
    """S_v against 2 kT Re chi_v with the gap filled; below, the gap itself."""
    omega = found.frequencies[1:]
    blocks = logarithmic_blocks(omega, 14)
    counts, seen = np.diff(np.r_[blocks, len(omega)]), blocked(omega, blocks) < 26.0
    w = blocked(omega, blocks)[seen]
    smooth = np.linspace(0.01, 24.0, 300)
    lag = bath["stiffness"] - 1j * friction * smooth
    mobility = (-1j * smooth * lag / (lag**2 - bath["coupling"] ** 2)).real  # Re chi_v
    for d, (name, colour) in enumerate((("x, hot bath", HOT), ("y, cold bath", COLD))):
        swapped = bath if d == 0 else bath | {"kT1": bath["kT2"], "kT2": bath["kT1"]}
        gap = bn.theory.gyrator_violation(smooth, **swapped)
        error = np.sqrt(blocked(found.violation.error[1:, d] ** 2, blocks) / counts)[seen]
        spectrum, response, lacking = (
            blocked(part.value[1:, d], blocks)[seen] for part in (found.spectrum, found.response, found.violation)
        )
        above.plot(w, response, color=colour, lw=1.2)
        above.fill_between(w, response, spectrum, color=colour, alpha=0.3, lw=0.0)
        bn.plotting.with_errors(w, bn.analysis.Estimate(spectrum, error, 2), ax=above, label=name, color=colour)
        bn.plotting.theory(smooth, 2.0 * kT[d] * mobility + gap, ax=above, label=None)
        below.fill_between(smooth, gap, color=colour, alpha=0.25, lw=0.0)
        bn.plotting.with_errors(w, bn.analysis.Estimate(lacking, error, 2), ax=below, color=colour)
        bn.plotting.theory(smooth, gap, ax=below, label=None)
    above.set(ylabel="velocity spectrum", title=r"Points: $S_v$.  Lines: $2k_BT\,\mathrm{Re}\,\chi_v$.  Filled: heat")
    above.legend(loc="lower right")
    above.tick_params(labelbottom=False)
    below.axhline(0.0, color="#94a4a2", lw=0.8)
    below.set(xlabel=r"angular frequency $\omega$", ylabel=r"$S_v - 2k_BT\,\mathrm{Re}\,\chi_v$", xlim=(0.0, 24.0))


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

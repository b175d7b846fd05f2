"""Work and energy along single paths, and forces that have an energy or have none.

    first law        E_end - E_start = W + Q + W_shadow      each path, both forms of the dynamics
    work and energy  <F, s> = int F . dx = change of m v^2 / 2      without a bath, for any force
    F = -grad U      loop integral of F . dx = 0;  2 eps times the area for F = eps (-y, x), which has no energy

Expected: identities of the scheme, to rounding.  W is checked against the positions: U at fixed x when its parameters
move.  Without a bath (velocity Verlet) the sum over (F_n + F_n+1) . (x_n+1 - x_n) / 2 is the change of
m v^2 / 2 - dt^2 F^2 / 8 m.  In a trap with the turning force, W = 2 eps times the area that a path sweeps, and the heat
that leaves is 2 eps^2 kT / (k lambda) per time on average, times <x^2> k / kT of the scheme (Euler-Maruyama).
Source: K. Sekimoto, Stochastic Energetics (Springer, 2010), chapter 4.
"""

import sys

import numpy as np

import brownian as bn

EPS = 2.0**-52


def run(*, barrier=2.0, width=1.2, velocity=0.6, mass=1.3, friction=0.7, kT=0.9, dt=0.02, time=8.0, particles=20,
        scale=0.05, curl=0.8, stiffness=2.1, loops=24, beads=2000, seed=7, out=None, resume=False,
        overwrite=False):  # fmt: skip
    """Balance the energies of single paths, close loops, let a turning force heat the bath; plot."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    well = bn.Moving(bn.DoubleWell(barrier=barrier, width=width), velocity=velocity)
    forms = {
        "GJF": (bn.Langevin(mass, friction, kT), bn.GJF(), dt),
        "Heun": (bn.Overdamped(friction, kT), bn.Heun(), dt / 4.0),
    }
    paths = {}
    for name, (dynamics, integrator, step) in forms.items():
        simulation = bn.Simulation(potential=well, dynamics=dynamics, integrator=integrator, dt=step,
                                   particles=particles, seed=seed, bookkeeping=True)  # fmt: skip
        path = paths[name] = simulation.run(time=time, every=step, **scenario.keeping(f"{name}.h5md"))
        energies = path.energies
        rounding = 4 * len(path) * EPS * np.abs(path.energies.potential).max()
        scenario.check(
            f"{name}: max |ΔE - W - Q - W_shadow| (rounding)", np.abs(energies.first_law).max(), 0.0, rounding
        )
        error = np.abs(energies.work - _work(well, path)).max()
        scenario.check(f"{name}: W counted - W from the path (rounding)", error, 0.0, rounding)

    # Work and kinetic energy, without a bath, under a force that has no energy
    plane = bn.MuellerBrown(scale) + bn.Rotation(curl)
    minimum = np.tile(bn.MuellerBrown().minima()[1], (particles, 1))
    angles = 2.0 * np.pi * np.arange(particles) / particles
    thrown = np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.sqrt(2.0 * kT / mass)
    free = bn.Simulation(potential=plane, dynamics=bn.Langevin(mass, friction=0.0, kT=0.0), dt=dt / 4.0, dimension=2,
                         particles=particles, start=(minimum, thrown), seed=seed, bookkeeping=True)  # fmt: skip
    path = free.run(time=time / 4.0, every=dt / 4.0)
    force, along = _along(plane, path.positions)
    kinetic = path.energies.kinetic - (dt / 4.0) ** 2 / (8.0 * mass) * (force**2).sum(axis=2)
    rounding = 4 * len(path) * EPS * np.abs(path.energies.potential).max()
    error = np.abs(along - (kinetic - kinetic[0])).max()
    scenario.check("no bath: <F, s> - change of kinetic energy (rounding)", error, 0.0, rounding)
    scenario.check("no bath: heat", np.abs(path.energies.heat).max(), 0.0, 0.0)

    # Loops
    curves, areas = _loops(loops, seed)
    fields = {
        "Mueller-Brown": bn.MuellerBrown(scale),
        "trap": bn.Quadratic([[stiffness, 0.9], [0.9, stiffness]]),
        "Mueller-Brown + rotation": plane,
    }
    integrals = {name: np.array([_loop(field, *curve) for curve in curves]) for name, field in fields.items()}
    for name, values in integrals.items():
        expected = 2.0 * curl * areas if "rotation" in name else np.zeros(len(areas))
        size = max(np.abs(fields[name].force(x) * dx).sum(axis=1).max() for x, dx in curves)
        worst = np.abs(values - expected).argmax()
        scenario.check(
            f"loop integral, {name} (rounding)", values[worst], expected[worst], len(curves[0][0]) * EPS * size
        )

    # The turning force in a trap: work is area, and heats the bath
    trap = bn.Harmonic(stiffness) + bn.Rotation(curl)
    beaded = bn.Simulation(potential=trap, dynamics=bn.Overdamped(friction, kT), dt=dt,
                           particles=beads, dimension=2, seed=seed + 1, bookkeeping=True)  # fmt: skip
    path = beaded.run(steps=500, every=dt)
    x, y = path.positions[..., 0], path.positions[..., 1]
    swept = np.cumsum((x[:-1] * y[1:] - y[:-1] * x[1:]) / 2.0, axis=0)
    error = np.abs(path.energies.work[1:] - 2.0 * curl * swept).max()
    rounding = 4 * len(path) * EPS * np.abs(path.energies.work).max()
    scenario.check("trap and rotation: W - 2 eps area swept (rounding)", error, 0.0, rounding)
    heat = bn.analysis.mean(-path.energies.heat[-1].sum(axis=1) / path.times[-1])
    exact = bn.theory.curl_trap_heat(stiffness=stiffness, curl=curl, friction=friction, kT=kT).heat
    exact /= 1.0 - dt / friction * (stiffness**2 + curl**2) / (2.0 * stiffness)  # <x^2> of Euler-Maruyama at this dt
    scenario.check("trap and rotation: heat into the bath per time", heat.value, exact, heat.error)

    with bn.plotting.style():
        figure, (left, middle, right) = bn.plotting.figure(columns=3, figsize=(14.4, 4.4))
        figure.get_layout_engine().set(wspace=0.06)
        _balance(left, paths["GJF"])
        bn.plotting.landscape(fields["Mueller-Brown"], box=((-1.6, 1.3), (-0.6, 2.1)), kT=scale * 15.0, ax=middle)
        for (points, _), colour in zip(curves[:4], ("white", "#ffa90e", "#92dadd", "#e76300"), strict=True):
            middle.plot(*np.vstack([points, points[:1]]).T, color=colour, lw=1.6)
        middle.set_title("a few of the loops")
        for (name, values), marker in zip(integrals.items(), "osD", strict=True):
            right.plot(areas, values, marker, label=name, mfc="none" if marker == "s" else None,
                       ms=7 if marker == "s" else 4)  # fmt: skip
        span = np.array([areas.min(), areas.max()])
        bn.plotting.theory(span, 2.0 * curl * span, ax=right, label=r"$2\varepsilon\,\times$ area, and 0")
        right.plot(span, 0.0 * span, **bn.plotting.THEORY)
        right.set(xlabel="area enclosed (negative: clockwise)", ylabel=r"work around the loop, $\oint F\cdot dx$")
        right.set_title("a gradient closes every loop, a rotation none")
        right.legend(loc="upper left")
    scenario.save(figure, "work_energy.png")
    return scenario.result("Work and energy")


def _work(well, path):
    """Work of the moving wells from the positions: in the middle of each step (GJF), at its two ends in turn (Heun)."""
    x, t = path.positions[:, :, 0], path.times
    work = np.zeros(x.shape)
    for n in range(len(t) - 1):
        place = x[n + n % 2] if path.velocities is None else (x[n] + x[n + 1]) / 2.0
        work[n + 1] = work[n] + well.energy(place, t[n + 1]) - well.energy(place, t[n])
    return work


def _along(field, x):
    """Forces on all paths, and the line integral of F . dx from the start to each frame."""
    force = field.force(x.reshape(-1, 2)).reshape(x.shape)
    steps = (0.5 * (force[1:] + force[:-1]) * np.diff(x, axis=0)).sum(axis=2)
    return force, np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(steps, axis=0)])


def _loops(number, seed, points=512):
    """Smooth closed curves, random sums of three harmonics, as (points, dx) pairs; and their areas, in closed form."""
    generator = np.random.default_rng(seed)
    s = 2.0 * np.pi * np.arange(points) / points
    curves, areas = [], []
    for _ in range(number):
        a, b = generator.normal(size=(2, 3, 2)) * 0.32 / np.arange(1, 4)[:, np.newaxis] ** 2  # of cos(n s), sin(n s)
        n = np.arange(1, 4)
        cos, sin = np.cos(np.outer(s, n)), np.sin(np.outer(s, n))
        centre = generator.uniform([-0.9, 0.2], [0.5, 1.4])
        curves.append((centre + cos @ a + sin @ b, (cos * n @ b - sin * n @ a) * (2.0 * np.pi / points)))
        areas.append(np.pi * np.sum(n * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])))
    return curves, np.array(areas)


def _loop(field, x, dx):
    """Integral of F . dx around a closed curve: the trapezoid, exact to rounding for smooth periodic functions."""
    return (field.force(x) * dx).sum()


def _balance(ax, path):
    """The energies of one path against time."""
    energies = path.energies
    k = int(np.argsort(energies.work[-1])[len(energies.work[-1]) // 2])
    total = energies.kinetic[:, k] + energies.potential[:, k]
    parts = {
        "W (moving the wells)": energies.work[:, k],
        "Q (from the bath)": energies.heat[:, k].sum(axis=1),
        r"W$_{shadow}$ (of the scheme)": energies.shadow_work[:, k],
        "change of E": total - total[0],
    }
    for (name, values), colour in zip(parts.items(), ("#3f90da", "#bd1f01", "#832db6", "#ffa90e"), strict=True):
        ax.plot(path.times, values, label=name, color=colour, lw=2.6 if name == "change of E" else 1.3)
    together = sum(list(parts.values())[:3])
    bn.plotting.theory(path.times, together, ax=ax, label=r"W + Q + W$_{shadow}$")
    ax.set(xlabel="time t", ylabel="energy [E]", title="first law along one path, in wells that move")
    ax.margins(x=0.0, y=0.3)
    ax.legend(loc="upper left", ncols=2, fontsize=8)


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

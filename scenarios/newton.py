"""Newton's equation, without a bath: orbits in a double well.

    m dv/dt = F = -U',  dx/dt = v,   U = barrier ((x / width)^2 - 1)^2
    friction = 0 and kT = 0: GJF and BAOAB become velocity Verlet

Expected: m (x_n+1 - 2 x_n + x_n-1) / dt^2 = F(x_n) to rounding; turned velocities lead back to the start, to rounding;
positions and (p_n+1 - p_n-1) / 2 dt - F wrong by dt^2.  The energy H is wrong by dt^2 too but does not drift, since
H + dt^2 G, G = v^2 U'' / 12 - F^2 / 24 m, is kept up to dt^4 (the scheme is symplectic).

The start is thermal: positions and velocities of a run in a bath, which is then taken away.
Source: E. Hairer, C. Lubich, G. Wanner, Acta Numerica 12, 399 (2003).
"""

import sys

import numpy as np
from scipy.integrate import solve_ivp

import brownian as bn

EPS = 2.0**-52


def run(*, barrier=2.0, width=1.2, mass=1.3, friction=0.7, kT=0.9, dt=0.02, time=6.4, long=2000.0, particles=200,
        seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Take the bath away; orders, drift, reversibility and Newton's law along the orbits; plot."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    well = bn.DoubleWell(barrier=barrier, width=width)
    bath = bn.Simulation(
        potential=well, dynamics=bn.Langevin(mass, friction, kT), dt=0.1, particles=particles, seed=seed
    ).run(time=20.0, dtype=np.float64)
    start = bath.positions[-1], bath.velocities[-1]

    def orbits(step, start=start, *, time=time, every=None, integrator=None, **keep):
        return bn.Simulation(
            potential=well, dynamics=bn.Langevin(mass, friction=0.0, kT=0.0), integrator=integrator or bn.GJF(),
            dt=step, particles=particles, start=start, seed=seed,
        ).run(time=time, every=every or step, dtype=np.float64, **keep)  # fmt: skip

    def energies(trajectory, step):
        """H, and H + dt^2 G, of every frame and particle."""
        x, v = trajectory.positions[:, :, 0], trajectory.velocities[:, :, 0]
        force = well.force(x.ravel()).reshape(x.shape)
        curvature = 4.0 * barrier / width**2 * (3.0 * (x / width) ** 2 - 1.0)
        energy = 0.5 * mass * v**2 + well.profile(x)
        return energy, energy + step**2 * (v**2 * curvature / 12.0 - force**2 / (24.0 * mass))

    # Orders: every step halves the one before
    steps, names = dt * 2.0 ** np.arange(2, -3, -1), ("position", "energy H", "dp/dt - F", "H + dt² G")
    errors = {name: [] for name in names}
    exact = np.array([_newton(well, mass, x, v, time) for x, v in zip(start[0][:, 0], start[1][:, 0], strict=True)])
    for step in steps:
        path = orbits(step)
        x, v = path.positions[:, :, 0], path.velocities[:, :, 0]
        force = well.force(x.ravel()).reshape(x.shape)
        plain, kept = energies(path, step)
        slope = mass * (v[2:] - v[:-2]) / (2.0 * step)
        same = slice(round(steps[0] / step), -1, round(steps[0] / step))  # the same times at every step
        law = slope[same.start - 1 :: same.step] - force[same]
        found = x[-1] - exact, plain[same] - plain[0], law, kept[same] - kept[0]
        for name, error in zip(names, found, strict=True):
            errors[name].append(np.sqrt(np.mean(error**2)))
    for name, order in zip(names, (2, 2, 2, 4), strict=True):
        slopes = np.diff(np.log(errors[name])) / np.diff(np.log(steps))
        scenario.check(f"order of {name} (bound: the slope before)", slopes[-1], order, abs(slopes[-1] - slopes[-2]))

    # Newton's law on the step, and the way back
    path = orbits(dt)
    x = path.positions[:, :, 0]
    force = well.force(x.ravel()).reshape(x.shape)
    law = mass * (x[2:] - 2.0 * x[1:-1] + x[:-2]) / dt**2 - force[1:-1]
    scale = 4.0 * np.abs(x).max() * EPS  # four roundings of x, seen through a second difference
    scenario.check("max |m Δ²x/dt² - F| (rounding)", np.abs(law).max(), 0.0, mass * scale / dt**2)
    back = orbits(dt, (path.positions[-1], -path.velocities[-1]))
    moved = orbits(dt, (start[0] + 1e-7, start[1]))  # how much a small displacement grows on the way
    growth = np.abs(moved.positions[-1] - path.positions[-1]).max() / 1e-7
    distance = np.abs(back.positions[-1] - start[0]).max()
    scenario.check("way back: distance from the start (rounding)", distance, 0.0, 2 * len(path) * scale * growth)
    twin = orbits(dt, integrator=bn.BAOAB())
    scenario.check("GJF - BAOAB without friction", np.abs(twin.positions - path.positions).max(), 0.0, 0.0)

    # Drift: a straight line through the energy of each orbit, its slope averaged over the orbits
    far = orbits(dt, time=long, every=long / 1000.0, **scenario.keeping("orbits.h5md"), progress=True)  # fmt: skip
    plain = energies(far, dt)[0]
    trend = bn.analysis.mean(np.polyfit(far.times / long, plain, 1)[0])
    scenario.check(f"drift of H over t = {long:g}", trend.value, 0.0, trend.error)

    with bn.plotting.style():
        figure, (left, middle, right) = bn.plotting.figure(columns=3, figsize=(14.0, 4.4))
        _portrait(left, well, mass, path, width)
        chosen = np.argsort(np.ptp(plain, axis=0))[particles // 2]  # a typical orbit
        energy, kept = energies(path, dt)
        middle.plot(path.times, 1e4 * (energy - energy[0])[:, chosen], label="H")
        middle.plot(path.times, 1e4 * (kept - kept[0])[:, chosen], label=r"H + dt$^2$ G")
        bn.plotting.theory(path.times, 1e4 * (energy - kept - (energy - kept)[0])[:, chosen], ax=middle,
                           label=r"$-$dt$^2$ G, theory")  # fmt: skip
        middle.set(xlabel="time t", ylabel=r"energy less that of the start [$10^{-4}$]", xlim=(0.0, time))
        middle.set_title(f"one orbit at dt = {dt:g}: bounded, no drift")
        middle.margins(y=0.25)
        middle.legend(loc="upper center", ncols=3)
        bn.plotting.convergence(steps, errors, ax=right, orders={names[1]: 2, names[3]: 4})
        right.set(xlabel="step dt", ylabel="root mean square error", title="orders of the scheme")
        right.set_xticks(steps, [f"{step:g}" for step in steps])
        right.set_xticks([], minor=True)
    scenario.save(figure, "newton.png")
    return scenario.result("Newton's equation")


def _newton(well, mass, x, v, time):
    """Position at the end by another method: Runge-Kutta of order 8, at an error far below that of the scheme."""

    def slope(t, q):
        return q[1], well.force(q[:1])[0] / mass

    return solve_ivp(slope, (0.0, time), (x, v), method="DOP853", rtol=1e-12, atol=1e-12).y[0, -1]


def _portrait(ax, well, mass, path, width):
    """A few orbits, as points, over the curves of their energies."""
    x, v = path.positions[:, :, 0], path.velocities[:, :, 0]
    level = 0.5 * mass * v[0] ** 2 + well.profile(x[0])
    order = np.argsort(level)
    chosen = order[(np.array([0.1, 0.4, 0.7, 0.9, 0.99]) * len(order)).astype(int)]
    grid_x, grid_v = np.linspace(-2.0 * width, 2.0 * width, 400), np.linspace(-3.2, 3.2, 300)
    grid = 0.5 * mass * grid_v[:, np.newaxis] ** 2 + well.profile(grid_x)
    for k in chosen:
        ax.plot(x[::4, k], v[::4, k], "o", ms=3.0)
    ax.contour(grid_x, grid_v, grid, levels=np.sort(level[chosen]), colors="black", linestyles="--", linewidths=0.9)
    ax.plot([], [], **bn.plotting.THEORY, label="H = constant")
    ax.set(xlabel="position x", ylabel="velocity v", title="orbits without a bath")
    ax.legend(loc="upper right")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

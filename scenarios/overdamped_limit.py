"""The limit m -> 0: particles with and without mass on one and the same Wiener path.

    m dv = -lambda v dt - k x_m dt + sqrt(2 lambda kT) dW,   dx_m = v dt
    lambda dx_0 = -k x_0 dt + sqrt(2 lambda kT) dW

GJF takes sqrt(2 lambda kT dt) xi for the random impulse of a step, and so do Euler-Maruyama (exact for the free x_0)
and Heun (for the trapped one): the same seed is the same path.  dt is a tenth of m / lambda of the lightest particle.
Expected, exact in continuous time:

    free, at time t       E (x_m - x_0)^2 = (2 m kT / lambda^2) (1 - e^(-lambda t / m)) = E x_0^2 - E x_m^2
    trap, stationary      E (x_m - x_0)^2 = (2 kT / k) y / (1 + y),  y = k m / (2 lambda^2)

Paths approach each other like the square root of m, averages like m.  At a fixed dt the schemes part: GJ2 becomes
Leimkuhler-Matthews, exponentially fast, and stays sqrt(tau kT) away from the Wiener path; GJF, when free, goes to the
Wiener path and only passes Leimkuhler-Matthews, at m = lambda dt / 2.
Sources: E. Nelson, Dynamical Theories of Brownian Motion (1967); M. Freidlin, J. Stat. Phys. 117, 617 (2004).
"""

import math
import sys
import warnings

import numpy as np
from scipy.linalg import block_diag

import brownian as bn

FRAMES, POINTS = 10, 400  # of the trapped particles; of a path in the picture
EPS = 2.0**-52


def run(*, mass=1.3, decades=3, friction=0.7, kT=0.9, stiffness=2.1, time=2.0, particles=3000, coarse_dt=0.05, seed=7,
        out=None, resume=False, overwrite=False):  # fmt: skip
    """Measure how far paths are apart: free, trapped, and free at a fixed step; compare with theory; plot."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    masses = mass / 10.0 ** np.arange(decades + 1)
    steps = POINTS * math.ceil(10.0 * time * friction / masses[-1] / POINTS)
    dt, bath, trap = time / steps, {"friction": friction, "kT": kT}, bn.Harmonic(stiffness)

    def path(m, potential, integrator, *, start="stationary", particles=particles, every=None, **keep):
        """Positions (frames, particles) of a particle of mass m, or of one without."""
        dynamics = bn.Langevin(m, **bath) if m else bn.Overdamped(**bath)
        simulation = bn.Simulation(potential=potential, dynamics=dynamics, integrator=integrator, dt=dt, start=start,
                                   particles=particles, seed=seed)  # fmt: skip
        return simulation.run(steps=steps, every=every, dtype=np.float64, **keep).positions[:, :, 0]

    def compare(name, m, squares, exact, at_this_dt):
        found = bn.analysis.mean(squares)
        scenario.check(f"{name}, m = {m:g}: E (x_m - x_0)²", found.value, exact, found.error)
        biases.append((at_this_dt - exact) / found.error)
        return found

    # Free: both from the origin, Maxwell velocities
    found, squares = ({"free": [], "trap": []} for _ in range(2))
    biases: list[float] = []
    without = path(0.0, bn.Free(), bn.EulerMaruyama())[-1]
    for m in masses:
        heavy = path(m, bn.Free(), bn.GJF())[-1]
        exact = bn.theory.mass_to_zero_free(time, mass=m, **bath)
        squares["free"].append((heavy - without) ** 2)
        at_dt = bn.theory.discrete_mass_to_zero_free(steps, "gjf", mass=m, dt=dt, **bath)
        found["free"].append(compare("free", m, squares["free"][-1], exact, at_dt))
        weak = bn.analysis.mean(without**2 - heavy**2)
        scenario.check(f"free, m = {m:g}: E x_0² - E x_m²", weak.value, exact, weak.error)

    # Trap: from the stationary law of all of them together, then ten frames
    law = _together([("heun", 0.0), *(("gjf", m) for m in masses)], stiffness=stiffness, dt=dt, **bath)
    start = np.linalg.cholesky(law) @ np.random.default_rng(seed).normal(size=(len(law), particles))
    frames = {"every": dt * (steps // FRAMES), "progress": True}
    without = path(0.0, trap, bn.Heun(), start=start[0], **scenario.keeping("without_mass.h5md"), **frames)
    for k, m in enumerate(masses):
        state = start[1 + 2 * k][:, np.newaxis], start[2 + 2 * k][:, np.newaxis]
        heavy = path(m, trap, bn.GJF(), start=state, **scenario.keeping(f"mass_{m:g}.h5md"), **frames)
        squares["trap"].append(((heavy - without) ** 2).mean(axis=0))
        exact = bn.theory.mass_to_zero_harmonic(mass=m, stiffness=stiffness, **bath)
        at_dt = law[0, 0] + law[1 + 2 * k, 1 + 2 * k] - 2.0 * law[0, 1 + 2 * k]
        found["trap"].append(compare("trap", m, squares["trap"][-1], exact, at_dt))

    worst = max(biases, key=abs)
    scenario.check("largest effect of dt on all these, in standard errors", worst, 0.0, 1.0)

    for name, exact in (
        ("free", bn.theory.mass_to_zero_free(time, mass=masses, **bath)),
        ("trap", bn.theory.mass_to_zero_harmonic(mass=masses, stiffness=stiffness, **bath)),
    ):
        blocks = np.array([[part.mean() for part in np.array_split(values, 20)] for values in squares[name]])
        slope = bn.analysis.mean(_slope(masses[-2:], blocks[-2:]))
        expected = _slope(masses[-2:], exact[-2:, np.newaxis])[0]
        scenario.check(f"{name}: order in m of the strong error", slope.value, expected, slope.error)

    with bn.plotting.style():
        figure, (left, middle, right) = bn.plotting.figure(columns=3, figsize=(15.0, 4.6))
        one = {"particles": 1, "every": dt * (steps // POINTS)}
        times = np.linspace(0.0, time, POINTS + 1)
        for k, m in enumerate(masses[:3]):
            state = start[1 + 2 * k, :1, np.newaxis], start[2 + 2 * k, :1, np.newaxis]
            left.plot(times, path(m, trap, bn.GJF(), start=state, **one)[:, 0], label=f"m = {m:g}", zorder=4 - k)
        left.plot(times, path(0.0, trap, bn.Heun(), start=start[0, :1], **one)[:, 0], "k", lw=0.7, label="m = 0")
        left.set(xlabel="time t", ylabel="position x", title="one Wiener path, in a trap", xlim=(0.0, time))
        left.margins(y=0.25)
        left.legend(loc="upper center", ncols=4, columnspacing=1.2, handlelength=1.4)

        smooth = np.geomspace(masses[-1] / 2.0, 2.0 * mass, 200)
        for name, marker in (("free", "o"), ("trap", "s")):
            label = {"free": f"free, after t = {time:g}", "trap": "trap, stationary"}[name]
            bn.plotting.with_errors(masses, _rooted(found[name]), ax=middle, label=label, fmt=marker)
        for exact, label in (
            (bn.theory.mass_to_zero_free(time, mass=smooth, **bath), "exact"),
            (bn.theory.mass_to_zero_harmonic(mass=smooth, stiffness=stiffness, **bath), None),
        ):
            bn.plotting.theory(smooth, np.sqrt(exact), ax=middle, label=label)
        corner = np.array([2.0, 12.0]) * masses[-1]
        foot = 0.4 * np.sqrt(masses[-1] * kT) / friction
        middle.plot(corner[[0, 1, 1, 0]], foot * np.array([1.0, 1.0, 6.0**0.5, 1.0]), color="#717581", lw=1.0)
        middle.annotate("1/2", (corner[1], foot * 6.0**0.25), (4, 0), textcoords="offset points", va="center")
        middle.set(xscale="log", yscale="log", xlabel="mass m", title="approach to the path without mass")
        middle.set_ylabel(r"$\langle (x_m - x_0)^2 \rangle^{1/2}$")
        middle.legend(loc="upper left")
        _fixed_step(scenario, right, masses=mass / 10.0 ** np.arange(0.0, decades + 0.1, 0.5), dt=coarse_dt,
                    particles=particles, seed=seed + 1, bath=bath)  # fmt: skip
    scenario.save(figure, "overdamped_limit.png")
    return scenario.result("The overdamped limit")


def _together(schemes, **words):
    """Stationary covariance of (x_0, x_1, v_1, x_2, v_2, ...), all driven by one normal per step."""
    parts = [bn.theory.linear_scheme(scheme, mass=m, **words) for scheme, m in schemes]
    return bn.theory.linear_scheme_stationary(
        block_diag(*(M for M, _, _ in parts)), np.vstack([N for _, N, _ in parts])
    )


def _slope(masses, squares):
    """Slope of the root mean square over the mass, in logarithms, per column."""
    return np.polyfit(np.log(masses), 0.5 * np.log(squares), 1)[0]


def _rooted(estimates):
    """Square roots of estimates, as one."""
    roots = np.sqrt([e.value for e in estimates])
    return bn.analysis.Estimate(roots, [e.error for e in estimates] / (2.0 * roots), estimates[0].samples)


def _fixed_step(scenario, ax, *, masses, dt, particles, seed, bath, steps=40):
    """Free particles at one dt for all masses, against both overdamped paths of the same normals.

    Leimkuhler-Matthews keeps the normal of step 0 and takes that of step n + 1 in its step n: its steps 0, 1, ... are
    steps 1, 2, ... of the others, whose velocities still hold the normal of step 0.
    """
    normals = bn.Given(np.random.default_rng(seed).normal(size=(steps + 1, 1, particles, 1)), 0)

    def moved(dynamics, integrator, first, count):
        """Displacement by the end since the end of step 0."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "gamma dt")  # velocities are not resolved: the subject here
            simulation = bn.Simulation(
                potential=bn.Free(), dynamics=dynamics, integrator=integrator, dt=dt, particles=particles, seed=seed,
                noise=normals, first_step=first,
            )  # fmt: skip
        x = simulation.run(steps=count, every=dt, dtype=np.float64).positions[:, :, 0]
        return x[-1] - x[count - steps]

    free = bn.Overdamped(**bath)
    paths = {
        "leimkuhler_matthews": moved(free, bn.LeimkuhlerMatthews(), 0, steps),
        "wiener": moved(free, bn.EulerMaruyama(), 1, steps),
    }
    schemes = {"GJ2": bn.GJ2(), "GJF": bn.GJF()}
    ends = {(name, m): moved(bn.Langevin(m, **bath), integrator, 0, steps + 1)
            for name, integrator in schemes.items() for m in (*masses, 1e-12)}  # fmt: skip
    smooth = np.geomspace(masses[-1] / 2.0, 2.0 * masses[0], 300)
    names = {"leimkuhler_matthews": "Leimkuhler-Matthews", "wiener": "Wiener path"}
    for (scheme, reference), marker in zip(((s, r) for s in schemes for r in paths), "osD^", strict=True):
        found, words = [], {"dt": dt, "path": reference, **bath}
        for m in masses:
            exact = bn.theory.discrete_mass_to_zero_free(steps, scheme.lower(), mass=m, **words)
            found.append(bn.analysis.mean((ends[scheme, m] - paths[reference]) ** 2))
            if m in masses[::2]:
                name = f"dt = {dt:g}, m = {m:g}: E ({scheme} - {names[reference]})²"
                scenario.check(name, found[-1].value, exact, found[-1].error)
        bn.plotting.with_errors(masses, _rooted(found), ax=ax, label=f"{scheme} from {names[reference]}", fmt=marker)
        exact = bn.theory.discrete_mass_to_zero_free(steps, scheme.lower(), mass=smooth, **words)
        bn.plotting.theory(smooth, np.sqrt(exact), ax=ax, label=None)
    limit = np.abs(ends["GJ2", 1e-12] - paths["leimkuhler_matthews"]).max()
    scale = 8 * steps * EPS * np.abs(paths["wiener"]).max()  # eight roundings of a position in a step
    scenario.check("m = 1e-12: GJ2 - Leimkuhler-Matthews (rounding)", limit, 0.0, scale)
    plateau = bn.analysis.mean((ends["GJF", 1e-12] - paths["leimkuhler_matthews"]) ** 2)
    width = dt / bath["friction"] * bath["kT"]
    scenario.check("m = 1e-12: E (GJF - Leimkuhler-Matthews)²", plateau.value, width, plateau.error)
    passing = bath["friction"] * dt / 2.0
    ax.axvline(passing, ymax=0.62, color="#94a4a2", lw=1.0, zorder=0)
    ax.annotate(r"$m = \lambda\,dt / 2$", (passing, 0.03), (5, 0), xycoords=("data", "axes fraction"),
                textcoords="offset points", color="#717581")  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="mass m", title=f"the same at a fixed dt = {dt:g}, free")
    ax.set(ylabel="root mean square difference", ylim=(2e-3, 60.0))
    ax.legend(loc="upper left", fontsize=9)


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

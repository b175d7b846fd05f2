"""The Einstein relation: diffusion by three routes, one number.

    D = lim <dx^2> / 2t          the slope of the mean squared displacement
    D = int_0^inf <v(0) v(t)> dt  Green and Kubo
    D = kT mu                     the mobility mu = v / f under a constant force f, with the same noise (no statistics)

Expected: D = kT / lambda, exactly at any dt with the scheme used here (GJF).
"""

import sys

import numpy as np

import brownian as bn


def run(*, mass=1.3, friction=0.7, kT=0.9, dt=0.2, steps=5000, particles=500, force=0.8, seed=7,
        out=None, resume=False, overwrite=False):  # fmt: skip
    """Measure D from the same free run by two routes, and from its twin under a force by the third; plot."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    shared = {
        "dynamics": bn.Langevin(mass=mass, friction=friction, kT=kT),
        "dt": dt,
        "particles": particles,
        "seed": seed,
    }
    keep = {"steps": steps, "every": dt, "progress": True}
    free = bn.Simulation(potential=bn.Free(), **shared).run(**scenario.keeping("trajectory.h5md"), **keep)
    pulled = bn.Simulation(potential=bn.ConstantForce(force), start="minimum", **shared).run(
        steps=steps, dtype=np.float64
    )
    same = bn.Simulation(potential=bn.Free(), start="minimum", **shared).run(steps=steps, dtype=np.float64)

    expected = kT / friction
    slope = bn.analysis.diffusion(free)
    integral = bn.analysis.green_kubo(free)
    scenario.check("D, slope of the mean squared displacement", slope.value, expected, slope.error)
    scenario.check("D, Green-Kubo", integral.value, expected, integral.error)
    shift = (pulled.positions[-1] - same.positions[-1]).astype(float)
    drift = bn.theory.free_drift(steps * dt, force=force, friction=friction, mass=mass)
    mobility = float(shift.mean()) / drift / friction  # the transient of the velocity taken out exactly
    rounding = 4 * steps * 2.0**-52 * expected  # one rounding of x a step, twice; the difference is divided by itself
    scenario.check("D = kT mobility, same noise (rounding)", kT * mobility, expected, rounding)
    times, msd = bn.analysis.msd(free, lags=bn.analysis.logarithmic_lags(steps // 4, 8))
    lags, vacf = bn.analysis.vacf(free, lags=np.arange(0, round(8 * mass / friction / dt)))

    with bn.plotting.style():
        figure, (left, right) = bn.plotting.figure(columns=2)
        exact = bn.theory.free_msd(times, mass=mass, friction=friction, kT=kT)
        bn.plotting.msd(times, msd, ax=left, expected=exact, mass=mass, friction=friction, kT=kT)
        left.set_title(f"slope: D = {slope.value:.4f} ± {slope.error:.4f}")
        bn.plotting.vacf(lags, vacf, ax=right, expected=bn.theory.free_vacf(lags, mass=mass, friction=friction, kT=kT))
        right.set_title(f"area: D = {integral.value:.4f} ± {integral.error:.4f};  kT/λ = {expected:.4f}")
    scenario.save(figure, "einstein.png")
    return scenario.result("Einstein relation")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

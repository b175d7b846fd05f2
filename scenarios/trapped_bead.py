"""A polystyrene bead in an optical trap, in nanometres, nanoseconds and piconewtons: in water, and in air.

    m dv = -lambda v dt - k x dt + sqrt(2 lambda kT) dW,    lambda = 6 pi viscosity R

Expected, from the physical inputs alone: position variance kT / k, corner frequency f_c = k / (2 pi lambda), diffusion
coefficient D = kT / lambda.  Stiffness, friction, D and mass are recovered from the spectrum of the positions alone, as
an experimenter would.  Inertia shows in air, and faintly in water: leaving it out there would bias the friction.

    S(w) = 2 D / [w^2 + (2 pi f_c - m w^2 / lambda)^2]    aliasing and finite length in the fit

The step is exact (Ornstein-Uhlenbeck), inertia included, one step per sample.  Defaults: a bead of 1 um diameter at
298.15 K, a trap of 0.02 pN/nm; water at 78 125 samples per second for 10 s, air at 2 000 000 for 0.1 s.
"""

import sys

import numpy as np

import brownian as bn
from brownian.units import nano


def run(*, radius_um=0.5, viscosity_mPas=0.89, air_mPas=0.0184, temperature_K=298.15, density_kg_m3=1050.0,
        stiffness_pN_nm=0.02, samples_per_s=78125.0, seconds=10.0, air_samples_per_s=2e6, air_seconds=0.1, particles=8,
        seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Record beads in both fluids, recover what an experimenter would, plot the spectra."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    recordings = {
        "water": (viscosity_mPas, samples_per_s, seconds, "trajectory.h5md"),
        "air": (air_mPas, air_samples_per_s, air_seconds, "air.h5md"),
    }
    with bn.plotting.style():
        figure, axes = bn.plotting.figure(2, 2, figsize=(10.4, 5.6), sharex="col", height_ratios=[3, 1])
    for column, (fluid, (viscosity, rate, duration, file)) in enumerate(recordings.items()):
        bead = bn.Bead(radius_um, viscosity, temperature_K, density_kg_m3, units=nano)
        dt = 1e9 / rate
        trajectory = bn.Simulation(
            potential=bn.Harmonic(stiffness_pN_nm),
            dynamics=bn.Langevin(mass=bead.mass, friction=bead.friction, kT=bead.kT),
            integrator=bn.ExactOU(),
            dt=dt,
            particles=particles,
            dimension=3,
            seed=seed + column,
            units=nano,
        ).run(
            steps=round(duration * rate),
            every=dt,
            dtype=np.float32,
            velocities=False,
            **scenario.keeping(file),
            progress=True,
        )
        found = bn.analysis.calibrate(trajectory, mean=0.0, inertia=True)
        squares = np.concatenate(
            [(x.astype(float) ** 2).mean(axis=0)[None] * len(x) for _, x, _ in trajectory.frames()]
        )
        variance = bn.analysis.mean((squares.sum(axis=0) / len(trajectory)).ravel())
        scenario.check(f"{fluid}: position variance", variance.value, bead.kT / stiffness_pN_nm, variance.error, "nm²")
        rows = [
            ("stiffness", found.stiffness, stiffness_pN_nm, 1e3, "fN/nm"),
            ("friction", found.friction, bead.friction, 1.0, "pN ns/nm"),
            ("corner frequency", found.fit.corner_frequency, stiffness_pN_nm / (2 * np.pi * bead.friction), 1e9, "Hz"),
            ("diffusion coefficient", found.fit.diffusion, bead.diffusion, 1e3, "um²/s"),
            ("mass", found.mass, bead.mass, 1e-3, "fg"),
        ]
        for name, estimate, expected, factor, unit in rows:
            scenario.check(
                f"{fluid}: {name}", factor * estimate.value, factor * expected, factor * estimate.error, unit
            )
        with bn.plotting.style():
            bn.plotting.psd(found.fit, axes=axes[:, column], units=nano)
        axes[0, column].set_title(f"{fluid}: fit p-value {found.fit.p_value:.2f}")
    scenario.save(figure, "spectra.png")
    return scenario.result("Trapped bead")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

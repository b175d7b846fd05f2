"""A polystyrene bead in an optical trap, in nanometres, nanoseconds and piconewtons.

    m dv = -lambda v dt - k x dt + sqrt(2 lambda kT) dW,    lambda = 6 pi viscosity R

Expected, from the physical inputs alone: position variance kT / k, corner frequency f_c = k / (2 pi lambda), diffusion
coefficient D = kT / lambda.  The step is exact (Ornstein-Uhlenbeck), inertia included, one step per sample.

Defaults: a bead of 1 um diameter in water at 298.15 K, a trap of 0.02 pN/nm, 78 125 samples per second for 10 s.
"""

import sys

import numpy as np

import brownian as bn
from brownian.units import nano


def _recover(correlation, dt):
    """Variance [nm^2], corner frequency [Hz] and D [um^2/s] from the autocorrelation at lags 0, 1 and 2.

    From the first sample on it decays as A exp(-k t / lambda): A and the rate from lags 1 and 2, where the inertia of
    the bead (65 ns in water) is long forgotten; D = A times the rate.
    """
    rate = np.log(correlation[1] / correlation[2]) / dt
    return correlation[0], rate / (2 * np.pi) * 1e9, correlation[1] ** 2 / correlation[2] * rate * 1e3


def run(*, radius_um=0.5, viscosity_mPas=0.89, temperature_K=298.15, density_kg_m3=1050.0, stiffness_pN_nm=0.02,
        samples_per_s=78125.0, seconds=10.0, particles=8, seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Record beads, recover variance, corner frequency and diffusion from their positions, plot."""
    scenario = bn.Scenario(__file__, out)
    bead = bn.Bead(radius_um, viscosity_mPas, temperature_K, density_kg_m3, units=nano)
    dt = 1e9 / samples_per_s
    simulation = bn.Simulation(
        potential=bn.Harmonic(stiffness_pN_nm),
        dynamics=bn.Langevin(mass=bead.mass, friction=bead.friction, kT=bead.kT),
        integrator=bn.ExactOU(),
        dt=dt,
        particles=particles,
        dimension=3,
        seed=seed,
        units=nano,
    )
    trajectory = simulation.run(
        steps=round(seconds * samples_per_s),
        every=dt,
        dtype=np.float32,
        velocities=False,
        out=scenario.path("trajectory.h5md"),
        resume=resume,
        overwrite=overwrite,
        progress=True,
    )
    products = np.zeros((41, particles, 3))  # <x(t) x(t + lag)> of every bead and axis; the trap's centre is known
    count, tail = 0, np.zeros((0, particles, 3))
    for _, x, _ in trajectory.frames():
        x = np.concatenate([tail, x])
        fresh = len(x) - 40
        products += [np.einsum("tpd,tpd->pd", x[:fresh], x[lag : lag + fresh]) for lag in range(41)]
        count, tail = count + fresh, x[fresh:]
    correlation = (products / count).reshape(41, -1)
    lags = np.arange(41) * dt
    exact = bn.theory.harmonic_acf(lags, mass=bead.mass, friction=bead.friction, kT=bead.kT, stiffness=stiffness_pN_nm)
    units = {"position variance": "nm²", "corner frequency": "Hz", "diffusion coefficient": "um²/s"}
    for (name, unit), values, expected in zip(
        units.items(), _recover(correlation, dt), _recover(exact, dt), strict=True
    ):
        estimate = bn.statistics.mean(values)
        scenario.check(name, estimate.value, expected, estimate.error, unit)

    with bn.plotting.style():
        figure, (left, right) = bn.plotting.figure(columns=2)
        x = np.asarray(trajectory.positions[: round(0.01 * samples_per_s), 0, 0])
        left.plot(np.arange(len(x)) / samples_per_s * 1e3, x, lw=0.6)
        left.set(xlabel="time [ms]", ylabel="position [nm]", title="One bead, one axis, 10 ms")
        bn.plotting.with_errors(lags * 1e-6, bn.statistics.mean(correlation.T), ax=right, label="simulation")
        bn.plotting.theory(lags * 1e-6, exact, ax=right, label="from the physical inputs")
        right.set(xlabel="lag [ms]", ylabel="position autocorrelation [nm²]", title="Recovered: $k$, $f_c$, $D$")
        right.legend()
    scenario.save(figure, "bead.png")
    return scenario.result("Trapped bead")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

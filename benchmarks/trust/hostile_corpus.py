"""Small files of every kind that a run can make, and of other programs, to be broken; and damage to their bytes."""

import shutil
import warnings

import h5py
import numpy as np

import brownian as bn
from brownian.trajectory import FileRecorder

FOREIGN = ("dcd", "trr", "xtc", "xyz", "gro", "lammpsdump", "ncdf", "pdb")


def make_corpus(folder):
    """Small files of every kind."""
    warnings.simplefilter("ignore", bn.Advice)
    trap, langevin = bn.Harmonic(2.1), bn.Langevin(mass=1.3, friction=0.7, kT=0.9)
    slow = bn.Overdamped(friction=0.7, kT=0.9)
    well = bn.Expression("h*((x/w)**2 - 1)**2", h=2.0, w=1.2)
    common = {"dynamics": langevin, "dt": 0.1, "particles": 5, "seed": 7}
    watched = [bn.Moments(), bn.Histogram(np.linspace(-2.0, 2.0, 6)), bn.MeanSquaredDisplacement(longest=3)]
    runs = {
        "plain": ({"potential": trap, "dimension": 2}, {"every": 0.5}),
        "double": ({"potential": trap, "dimension": 3, "units": bn.units.nano}, {"every": 0.1}),
        "counted": ({"potential": bn.Moving(trap, velocity=0.9), "bookkeeping": True}, {"every": 0.5}),
        "observed": ({"potential": trap}, {"every": 0.5, "observe": watched, "particles": range(1, 4)}),
        "tempered": ({"potential": trap, "particles": 6, "tempering": bn.Tempering((0.9, 2.0), 5)}, {}),
        "annealed": ({"potential": trap + bn.ConstantForce(0.3), "annealing": bn.Annealing((2.0, 0.9), 20)}, {}),
        "expression": ({"potential": well, "dynamics": slow, "dt": 0.01}, {"every": 0.05}),
        "stopped": ({"potential": trap, "dynamics": slow, "dt": 0.02,
                     "stop": bn.LeaveInterval(-2.5, np.inf), "start": np.zeros((5, 1))}, {"every": 0.1}),
    }  # fmt: skip
    for name, (what, how) in runs.items():
        bn.Simulation(**common | what).run(steps=60, out=folder / f"{name}.h5md", **{"every": 0.5, **how})
    x = np.random.default_rng(5).normal(size=(12, 5, 3))
    with h5py.File(folder / "other.h5md", "w") as file:
        position = file.create_group("particles/beads/position")
        position.create_dataset("value", data=x, chunks=(4, 5, 3), compression="gzip", shuffle=True, fletcher32=True)
        position["step"], position["time"] = 10, 0.5
        position["time"].attrs["unit"], position["step"].attrs["offset"] = "ps", 100
    _leave_killed(folder)
    with bn.open(folder / "double.h5md") as run:
        universe = run.to_mdanalysis()
        _write_foreign(folder, universe, run)


def _leave_killed(folder):
    """What a kill leaves of a run, in a folder of its own."""
    killed = folder / "killed" / "run.h5md"
    killed.parent.mkdir()
    sizes = {"particles": 5, "dimension": 2, "slots": 2, "velocities": True, "dtype": "f4", "planned_frames": 13}
    with bn.open(folder / "plain.h5md") as run:
        recorder = FileRecorder(folder / "growing.h5md", dict(run.description), **sizes)
        for frames in (slice(0, 5), slice(5, 9)):
            recorder.append(run.steps[frames], run.times[frames], run.positions[frames], run.velocities[frames])
            recorder.checkpoint(int(run.steps[frames][-1]), np.array([run.positions[0], run.velocities[0]]))
        shutil.copyfile(folder / "growing.h5md", killed)
        recorder.abandon()
    (folder / "growing.h5md").unlink()


def _write_foreign(folder, universe, run):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import MDAnalysis

        for name in ("names", "types", "resnames", "resids", "segids"):
            universe.add_TopologyAttr(name)
        for kind in set(FOREIGN) - {"lammpsdump"}:
            multiple = {"multiframe": True} if kind in ("pdb", "xyz") else {}
            with MDAnalysis.Writer(str(folder / f"run.{kind}"), run.particles, **multiple) as writer:
                for _ in universe.trajectory[:12]:
                    writer.write(universe)
    with (folder / "run.lammpsdump").open("w") as file:
        for step, x in zip(run.steps[:12], run.positions[:12], strict=True):
            file.write(f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(x)}\nITEM: BOX BOUNDS pp pp pp\n")
            file.write("0 9\n0 9\n0 9\nITEM: ATOMS id type x y z\n")
            file.writelines(f"{k + 1} 1 {row[0]:.3f} {row[1]:.3f} {row[2]:.3f}\n" for k, row in enumerate(x))


def cut(rng, content):
    """Truncated, or with something behind it."""
    if rng.random() < 0.2:
        return content + rng.randbytes(rng.choice([1, 100, 5000]))
    return content[: rng.randrange(len(content))]


def _somewhere(rng, content):
    """A place in a file, more often one where something is."""
    for _ in range(4):
        at = rng.randrange(len(content))
        if content[at]:
            break
    return at


def flipped(rng, content):
    """With a few bits changed."""
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 5, 30])):
        content[_somewhere(rng, content)] ^= 1 << rng.randrange(8)
    return bytes(content)


def overwritten(rng, content):
    """With a run of bytes changed, or copied from elsewhere."""
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 4])):
        at, length = _somewhere(rng, content), rng.choice([1, 2, 4, 8, 8, 64, 512])
        length = min(length, len(content) - at)
        other = rng.randrange(len(content) - length + 1)
        content[at : at + length] = rng.choice(
            [b"\xff" * length, b"\x00" * length, rng.randbytes(length), bytes(content[other : other + length])]
        )
    return bytes(content)


DAMAGE = {"cut": cut, "flipped": flipped, "overwritten": overwritten}

"""What saving costs, and what a step of a single bead costs.

W6: 10 000 particles in a 3-d trap, 10 000 steps of Euler-Maruyama, every 10th frame to an H5MD file in float32, against
the same run without saving; in pairs, on one and two compute threads.  What it takes to make a file is timed apart, by
runs of ten steps.
W7: one bead in a 3-d trap, every 10th step kept, in memory and in a file.

    python benchmarks/saving.py --wait 600
"""

import argparse
import pathlib
import tempfile

import numpy as np
from measurement import add_options, conditions, in_turns, ratio, save, table, wait_for_quiet
from reference import NoCompiler, Reference, build

from brownian.bench.workloads import DT, simulation

PARTICLES, STEPS, STRIDE, BEAD_STEPS = 10_000, 10_000, 10, 10**7


class Emptied:
    """A folder that is emptied between two timings: to remove a file takes time too, and is not part of a run.

    Parameters
    ----------
    folder
        Its path.
    """

    def __init__(self, folder):
        self.folder, self.largest = pathlib.Path(folder), 0

    def path(self, name):
        """Path of a file in it."""
        return self.folder / name

    def __call__(self):
        """Remove all files, and remember the size of the largest."""
        for file in self.folder.iterdir():
            self.largest = max(self.largest, file.stat().st_size)
            file.unlink()


def saving(folder, threads, rounds, steps, compiled):
    """W6 with and without saving, and the shortest run that makes a file."""
    run = simulation("W1", particles=PARTICLES)
    short = simulation("W1", particles=PARTICLES)
    forms = {
        "unsaved": lambda: run.run(steps=steps, threads=threads),
        "saved": lambda: run.run(steps=steps, every=STRIDE * DT, out=folder.path("w6.h5md"), threads=threads),
        "short unsaved": lambda: short.run(steps=STRIDE, threads=threads),
        "short saved": lambda: short.run(steps=STRIDE, every=STRIDE * DT, out=folder.path("w6.h5md"), threads=threads),
    }
    if compiled:
        reference = Reference(1, "f64", PARTICLES, 3, threads)
        forms["C++"] = lambda: reference.save(steps, STRIDE, folder.path("w6.raw"))
    taken = in_turns(forms, rounds, folder)
    made = np.median(taken["short saved"] - taken["short unsaved"])
    return {
        "threads": threads, "particles": PARTICLES, "steps": steps, "stride": STRIDE, "rounds": rounds,
        "seconds": {name: {"median": float(np.median(v)), "fastest": float(v.min())} for name, v in taken.items()},
        "file_creation_s": float(made),
        "saved_over_unsaved": ratio(taken["saved"] - made, taken["unsaved"]),
        "with_file_creation": ratio(taken["saved"], taken["unsaved"]),
        "file_MB": folder.largest / 1e6,
    }  # fmt: skip


def bead(folder, rounds, steps):
    """W7: nanoseconds per step of one particle."""
    run = simulation("W1", particles=1)
    forms = {
        "end only": lambda: run.run(steps=steps, threads=1),
        "in memory": lambda: run.run(steps=steps, every=STRIDE * DT, threads=1),
        "in a file": lambda: run.run(steps=steps, every=STRIDE * DT, out=folder.path("w7.h5md"), threads=1),
    }
    taken = in_turns(forms, rounds, folder)
    return {
        "steps": steps, "stride": STRIDE, "rounds": rounds,
        "ns_per_step": {n: {"median": 1e9 * float(np.median(v)) / steps, "fastest": 1e9 * float(v.min()) / steps}
                        for n, v in taken.items()},
    }  # fmt: skip


def main():
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", help="where files are written, and removed (default: the temporary folder)")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of W6 (default: %(default)s)")
    parser.add_argument("--bead-steps", type=int, default=BEAD_STEPS, help="steps of W7 (default: %(default)s)")
    add_options(parser, rounds=15)
    options = parser.parse_args()
    try:
        build()
        compiled = True
    except NoCompiler as reason:
        compiled = False
        print(reason)
    with tempfile.TemporaryDirectory(prefix="brownian-saving-", dir=options.folder) as folder:
        folder = Emptied(folder)
        load = wait_for_quiet(options)
        files = [saving(folder, threads, options.rounds, options.steps, compiled) for threads in (1, 2)]
        one = bead(folder, max(3, options.rounds // 3), options.bead_steps)
    text = "W6: 10 000 particles in a 3-d trap, every 10th frame as float32.\n\n" + table(
        ["threads", "unsaved, s", "saved, s", "creation, s", "saved / unsaved", "with creation", "C++, s", "file, MB"],
        [
            [
                w["threads"], *(f"{w['seconds'][name]['fastest']:.3f}" for name in ("unsaved", "saved")),
                f"{w['file_creation_s']:.3f}", f"{w['saved_over_unsaved']['median']:.2f}",
                f"{w['with_file_creation']['median']:.2f}",
                f"{w['seconds']['C++']['fastest']:.3f}" if "C++" in w["seconds"] else "-", f"{w['file_MB']:.0f}",
            ]
            for w in files
        ],
    )  # fmt: skip
    text += "\n\nW7: one bead in a 3-d trap, every 10th step kept, one compute thread.\n\n" + table(
        ["kept", "fastest, ns per step", "median, ns per step"],
        [[n, f"{v['fastest']:.1f}", f"{v['median']:.1f}"] for n, v in one["ns_per_step"].items()],
    )
    text += (
        f"\n\n{options.steps} and {options.bead_steps} steps of Euler-Maruyama, float64 noise, wall-clock time of "
        "`Simulation.run`, the file flushed to disk at its end; ratios: median over rounds, "
        "the creation of the file subtracted.  C++: float64, a raw file that is not flushed."
    )
    save(options, "saving", "What saving costs", text, conditions(load), {"W6": files, "W7": one})


if __name__ == "__main__":
    main()

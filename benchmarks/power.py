"""What the verdict can see: errors of the noise strength against the number of innovations, and how long it takes.

    python benchmarks/power.py [--large 130000000] [--folder DIR]

A run of the double well whose noise is 1 % (0.1 %) too strong is a correct run at a kT that is 1 % (0.1 %) too high,
with velocities and positions of its own: it is judged against the kT that was asked for.  Small: 1.3 million
innovations, 40 seeds of each; large: one file with every step in float64, 130 million innovations, judged from the
disk, once as it is and once against a kT 0.1 % off.  Writes results/benchmarks/power.json and .md.
"""

import argparse
import math
import os
import pathlib
import tempfile
import time

from measurement import RESULTS, conditions, save, table

import brownian as bn
from brownian.fdt import validate

WELLS, DT = bn.DoubleWell(barrier=2.0, width=1.2), 0.1
MASS, FRICTION, KT = 1.3, 0.7, 0.9


def simulation(seed, particles, excess=0.0):
    """A run whose noise strength is (1 + excess) 2 lambda kT."""
    dynamics = bn.Langevin(mass=MASS, friction=FRICTION, kT=KT * (1.0 + excess))
    return bn.Simulation(potential=WELLS, dynamics=dynamics, dt=DT, particles=particles, seed=seed)


def judge(trajectory, kT=KT, averages=False):
    """The verdict against a kT, and the seconds it took."""
    began = time.perf_counter()
    verdict = validate(trajectory, kT=kT, seeded=False, averages=averages)
    return verdict, time.perf_counter() - began


def strength(verdict):
    """The line of the noise strength."""
    return next(line for line in verdict.lines if line.name.startswith("noise strength R"))


def small(seeds, excess):
    """Share of runs of 1.3 million innovations that see the excess at p < 1e-6, and share that name it as the cause."""
    seen = named = 0
    for seed in range(1, seeds + 1):
        verdict, _ = judge(simulation(seed, 2600, excess).run(steps=500, every=DT))
        seen += strength(verdict).p < 1e-6
        named += verdict.cause is not None and verdict.cause.name.startswith("noise strength R")
    return seen / seeds, named / seeds


def row(name, verdict, seconds):
    """A row of the table of large files."""
    line, head = strength(verdict), verdict.headline
    within = head.within()
    interval = f"[{head.interval[0]:.6f}, {head.interval[1]:.6f}]"
    said = "" if within is None else f"within {100.0 * within:g} %"
    return [
        name,
        f"{head.count:,}",
        f"{head.ratio:.6f}",
        interval,
        f"{line.p:.2g}",
        said,
        verdict.verdict,
        f"{seconds:.1f}",
    ]


def main():
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40, help="small runs of each kind (default: %(default)s)")
    parser.add_argument("--large", type=int, default=130_000_000, help="innovations of the large file")
    parser.add_argument("--folder", type=pathlib.Path, default=None, help="where the large file goes for a while")
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS, help="folder for the table and the JSON")
    options = parser.parse_args()
    load, particles = os.getloadavg()[0], 1000
    shares = {f"{100 * excess:g} %": small(options.seeds, excess) for excess in (0.0, 0.01)}
    z = 0.01 * math.sqrt(1.3e6 / 2.0)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = pathlib.Path(folder) / "trajectory.h5md"
        began = time.perf_counter()
        simulation(7, particles).run(steps=options.large // particles, every=DT, out=path).close()
        made = time.perf_counter() - began
        size = path.stat().st_size
        right, off = judge(path), judge(path, kT=KT * (1.0 - 1e-3))
        whole = time.perf_counter()
        full = validate(path)
        whole = time.perf_counter() - whole
    rows = [
        row("correct", *right),
        row("noise 0.1 % too strong", *off),
        row("correct, all tests and the seed", full, whole),
    ]
    text = "\n\n".join(
        [
            f"1.3 million innovations, {options.seeds} seeds each; a 1 % error is {z:.1f} standard errors.",
            table(
                ["excess of the noise strength", "share seen at p < 1e-6", "share in which it is the cause"],
                [[name, f"{seen:.3f}", f"{named:.3f}"] for name, (seen, named) in shares.items()],
            ),
            f"One file of {size / 1e9:.2f} GB (made in {made:.0f} s), judged from the disk:",
            table(["run", "innovations", "R", "interval (99.9 %)", "p", "claim", "verdict", "seconds"], rows),
        ]
    )
    data = {"small": shares, "large": [right[0].as_data(), off[0].as_data(), full.as_data()]}
    data["seconds"] = {"judge": right[1], "judge_off": off[1], "all_tests": whole, "make": made}
    save(options, "power", "Power of the verdict", text, conditions(load), data)


if __name__ == "__main__":
    main()

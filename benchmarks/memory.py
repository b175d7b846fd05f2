"""Memory and disk of a large run: 10^7 particles in 3-d, overdamped, a few steps, float32 frames.

Each run is a process of its own, of which the largest resident memory is read.  Disk per frame is the slope between two
files that differ in nothing but the number of frames; a file also holds restart states.

    python benchmarks/memory.py
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

from measurement import add_options, conditions, save, table, wait_for_quiet

PARTICLES, STEPS, DT = 10_000_000, 64, 0.01


def peak_bytes():
    """Largest resident memory of this process so far."""
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # of this program alone; ru_maxrss may count what was there before it was started
        return 1024 * int(status.read_text().split("VmHWM:")[1].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def child(path, particles, steps, frames, threads):
    """Make the run; print what it took as JSON."""
    import brownian as bn

    imported = peak_bytes()
    trap, dynamics = bn.Harmonic(1.0), bn.Overdamped(friction=1.0, kT=1.0)
    simulation = bn.Simulation(potential=trap, dynamics=dynamics, dt=DT, particles=particles, dimension=3, seed=7)
    trajectory = simulation.run(steps=steps, every=steps * DT / frames, out=path, threads=threads)
    size = pathlib.Path(path).stat().st_size
    print(json.dumps({"imported": imported, "peak": peak_bytes(), "file": size, "frames": len(trajectory)}))


def measured(folder, particles, steps, frames, threads):
    """One run in a process of its own; its file is removed."""
    path = folder / "large.h5md"
    done = subprocess.run(
        [sys.executable, __file__, "--child", str(path), str(particles), str(steps), str(frames), str(threads)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    path.unlink()
    return json.loads(done.stdout.splitlines()[-1]) | {"particles": particles, "steps": steps, "threads": threads}


def main():
    """Measure, print, save."""
    if sys.argv[1:2] == ["--child"]:
        path, *numbers = sys.argv[2:]
        child(path, *map(int, numbers))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", help="where files are written, and removed (default: the temporary folder)")
    parser.add_argument("--particles", type=int, default=PARTICLES, help="(default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="(default: %(default)s)")
    add_options(parser, rounds=1)
    options = parser.parse_args()
    load = wait_for_quiet(options)
    with tempfile.TemporaryDirectory(prefix="brownian-memory-", dir=options.folder) as folder:
        runs = [
            measured(pathlib.Path(folder), options.particles, steps, frames, options.threads)
            for steps, frames in [(STEPS, 1), (STEPS, 2), (10 * STEPS, 1)]
        ]
    per_frame = runs[1]["file"] - runs[0]["file"]
    growth = runs[2]["peak"] / runs[0]["peak"]
    data = {"runs": runs, "disk_bytes_per_frame": per_frame, "peak_at_10_times_the_steps": growth}
    text = table(
        ["steps", "frames kept (with the start)", "peak memory, GB", "of it for imports, GB", "file, GB"],
        [
            [run["steps"], run["frames"], *(f"{run[key] / 1e9:.3f}" for key in ("peak", "imported", "file"))]
            for run in runs
        ],
    )
    text += (
        f"\n\n{options.particles} particles in 3-d, overdamped, {options.threads} threads, float32 frames.  Disk per "
        f"frame: {per_frame / 1e6:.1f} MB (difference of two files; each also holds two float64 restart states).  Peak "
        f"memory at 10 times the steps: {growth:.3f} times."
    )
    save(options, "memory", "Memory and disk of a large run", text, conditions(load), data)


if __name__ == "__main__":
    main()

"""What a user would run instead: the same workloads with other libraries, in turns, as ratios.

Each peer runs in a virtual environment of its own, in a process that waits until it is its turn.  One thread unless
asked otherwise, and then all processes are kept on one core, since some libraries have no switch for it.

    python benchmarks/peers.py --install                # once: makes the environments (about 2 GB with PyTorch)
    python benchmarks/peers.py --wait 600
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
from typing import NamedTuple

import numpy as np
from measurement import ROOT, add_options, conditions, ratio, save, table, wait_for_quiet
from reference import NoCompiler, build
from reference import version as compiler_version

FOLDER = pathlib.Path(__file__).resolve().parent / "peers"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "brownian-peers"
WORKLOADS = {
    "W1": "Euler-Maruyama, 3-d trap, 100 000 particles",
    "W2": "Langevin, 3-d trap, 100 000 particles (BAOAB, ours also GJF)",
    "W3": "Euler-Maruyama, 1-d double well, 1 000 000 particles",
    "W4": "Euler-Maruyama, 8 Gaussians in 2-d, 100 000 particles",
}
# <x^2> per coordinate at this dt: W1 1 / (1 - dt / 2), W2 BAOAB and GJF, W3 the scheme's own law; W4 at dt = 0
EXPECTED = {"W1": 1.005, "W2": 1.0, "W3": 0.826, "W4": 4.99}
OURS = {"W2": ("BAOAB float64", "BAOAB float32", "GJF float64", "GJF float32")}


class Peer(NamedTuple):
    """A library: its script, what its environment needs (None: this one), the forms in which it is written."""

    script: str
    packages: tuple | None
    forms: tuple


PEERS = {
    "brownian": Peer("with_brownian.py", None, ("float64", "float32")),
    "C++": Peer("with_cpp.py", None, ("f64", "mixed", "f32")),
    "numpy": Peer("with_numpy.py", ("numpy",), ("float64", "float32")),
    "numba": Peer("with_numba.py", ("numba", "numpy"), ("float64",)),
    "torch": Peer("with_torch.py", ("torch", "numpy"), ("float64", "float32")),
    "jax": Peer("with_jax.py", ("jax",), ("float64", "float32")),
}


def python_of(environments, name):
    """The interpreter that runs a peer."""
    if PEERS[name].packages is None:
        return pathlib.Path(sys.executable)
    return environments / name / ("Scripts" if os.name == "nt" else "bin") / "python"


def install(environments, names, interpreter):
    """Make the virtual environments that are not there."""
    for name in names:
        if PEERS[name].packages is not None and not python_of(environments, name).exists():
            subprocess.run([interpreter, "-m", "venv", environments / name], check=True)
            subprocess.run([python_of(environments, name), "-m", "pip", "install", *PEERS[name].packages], check=True)


class Running:
    """A peer's process, warmed up and waiting.

    Parameters
    ----------
    python, peer, workload, form, threads
        What to start.
    """

    def __init__(self, python, peer, workload, form, threads):
        command = [python, FOLDER / PEERS[peer].script, workload, form, str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.hello = self._read()

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(map(str, self.process.args))} ended with status {self.process.wait()}")
        return json.loads(line)

    def seconds(self):
        """Let it run once."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self._read()["seconds"]

    def end(self):
        """End it; returns <x^2> per coordinate."""
        self.process.stdin.close()
        result = self._read()["mean_square"]
        self.process.wait()
        return result


def measure(workload, names, options):
    """All peers on one workload, in turns."""
    running = {
        (name, form): Running(python_of(options.environments, name), name, workload, form, options.threads)
        for name in names
        for form in (OURS.get(workload, PEERS[name].forms) if name == "brownian" else PEERS[name].forms)
    }
    taken = {key: np.empty(options.rounds) for key in running}
    keys = list(running)
    for k in range(options.rounds):
        turn = k % len(keys)
        for key in keys[turn:] + keys[:turn]:
            hello = running[key].hello
            taken[key][k] = 1e9 * running[key].seconds() / hello["steps"] / hello["particles"]
    ours = {noise: next(v for (name, form), v in taken.items() if name == "brownian" and form.endswith(noise))
            for noise in ("float64", "float32")}  # fmt: skip
    return [
        {
            "workload": workload, "peer": name, "form": form, "threads": options.threads, "rounds": options.rounds,
            "ns_per_particle_step": float(values.min()),
            "over_ours": {noise: ratio(values, v) for noise, v in ours.items()},
            "mean_square": running[name, form].end(), **running[name, form].hello,
        }
        for (name, form), values in taken.items()
    ]  # fmt: skip


def main():
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="make the environments that are missing, and end")
    parser.add_argument("--environments", type=pathlib.Path, default=CACHE, help="their folder (default: %(default)s)")
    parser.add_argument("--python", default=sys.executable, help="interpreter for new ones (default: this one)")
    parser.add_argument("--peers", default=",".join(PEERS), help="which, by commas (default: %(default)s)")
    parser.add_argument("--workloads", default=",".join(WORKLOADS), help="which, by commas (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="number of threads (default: %(default)s)")
    add_options(parser, rounds=15)
    options = parser.parse_args()
    names = ["brownian", *(name for name in options.peers.split(",") if name != "brownian")]
    if options.install:
        install(options.environments, names, options.python)
        return
    compiler = None
    try:
        build()
        compiler = compiler_version()
    except NoCompiler as reason:
        names = [name for name in names if name != "C++"]
        print(reason)
    missing = [name for name in names if not python_of(options.environments, name).exists()]
    if missing:
        print(f"left out: {', '.join(missing)} (no environment in {options.environments}; --install makes it)")
    if options.threads == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    load = wait_for_quiet(options)
    names = [name for name in names if name not in missing]
    results = [row for workload in options.workloads.split(",") for row in measure(workload, names, options)]
    versions = {name: number for row in results for name, number in row["versions"].items() if name in ("torch", "jax")}
    text = ""
    for workload in options.workloads.split(","):
        rows = sorted((r for r in results if r["workload"] == workload), key=lambda r: r["ns_per_particle_step"])
        text += f"## {workload}: {WORKLOADS[workload]}\n\n" + table(
            ["", "ns per particle-step", "/ ours, float64 noise", "/ ours, float32 noise", "mean of x²"],
            [
                [
                    f"{r['peer']}, {r['form']}", f"{r['ns_per_particle_step']:.2f}",
                    *(f"{r['over_ours'][noise]['median']:.2f}" for noise in ("float64", "float32")),
                    f"{r['mean_square']:.3f}",
                ]
                for r in rows
            ],
        ) + f"\n\nExpected mean of x² per coordinate: {EXPECTED[workload]}.\n\n"  # fmt: skip
    text += (
        f"{options.threads} thread{'s' * (options.threads > 1)}; fastest of {options.rounds} rounds; ratios: median of "
        f"the ratios within a round.  {', '.join(f'{name} {number}' for name, number in versions.items())}."
    )
    name = "peers" if options.threads == 1 else f"peers_{options.threads}_threads"
    save(options, name, "The same with other libraries", text, conditions(load, compiler=compiler), results)


if __name__ == "__main__":
    main()

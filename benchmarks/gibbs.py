"""Gibbs sampling of restricted Boltzmann machines, beside scikit-learn's `BernoulliRBM.gibbs`.

A sweep draws all hidden units given the visible ones, then all visible units given the hidden ones.  scikit-learn runs
in a virtual environment of its own, in a process that waits for its turn; all on one core, one thread each.

    python benchmarks/gibbs.py --install                # once: makes the environment
    python benchmarks/gibbs.py --wait 600
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "brownian-peers" / "sklearn"
SIZES = [(64, 100, 4096, 10), (16, 16, 4096, 50), (256, 256, 4096, 2), (784, 500, 1024, 2)]  # v, h, chains, sweeps


ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


def parameters(visible, hidden):
    """The same machine for both: (weights, visible bias, hidden bias)."""
    rng = np.random.default_rng(1)
    scale = 3.0 / np.sqrt(visible + hidden)
    return scale * rng.normal(size=(visible, hidden)), 0.1 * rng.normal(size=visible), 0.1 * rng.normal(size=hidden)


def peer(visible, hidden, chains, sweeps):
    """Run scikit-learn once for every line that comes in: what the other environment, without ours, executes."""
    import sklearn
    from sklearn.neural_network import BernoulliRBM

    weights, visible_bias, hidden_bias = parameters(visible, hidden)
    machine = BernoulliRBM(n_components=hidden, random_state=0)
    machine.components_, machine.intercept_visible_, machine.intercept_hidden_ = weights.T, visible_bias, hidden_bias
    machine.n_features_in_, machine.random_state_ = visible, np.random.RandomState(0)
    states = np.random.default_rng(2).random((chains, visible)) < 0.5

    def run():
        nonlocal states
        for _ in range(sweeps):
            states = machine.gibbs(states)

    run()
    print(json.dumps({"version": sklearn.__version__}), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        run()
        print(json.dumps({"seconds": time.perf_counter() - began, "on": float(np.mean(states))}), flush=True)


def measure(python, size, rounds):
    """Ours and theirs in turns; ns per unit that is drawn."""
    from measurement import ratio, seconds

    from brownian.machines import RestrictedBoltzmannMachine

    visible, hidden, chains, sweeps = size
    command = [python, __file__, "--peer", *map(str, size)]
    theirs = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | ONE_THREAD
    )
    version = json.loads(theirs.stdout.readline())["version"]
    machine = RestrictedBoltzmannMachine(*parameters(visible, hidden))
    samples = machine.sample(sweeps=sweeps, chains=chains, seed=7, threads=1)

    def run():
        nonlocal samples
        samples = machine.sample(
            sweeps=sweeps, chains=chains, seed=7, threads=1, start=samples.end, first_sweep=samples.last_sweep
        )

    taken, answer = {"brownian": np.empty(rounds), "scikit-learn": np.empty(rounds)}, {}

    def ask():
        nonlocal answer
        theirs.stdin.write("go\n")
        theirs.stdin.flush()
        answer = json.loads(theirs.stdout.readline())
        return answer["seconds"]

    for k in range(rounds):
        turns = [("brownian", lambda: seconds(run)), ("scikit-learn", ask)]
        for name, turn in turns if k % 2 else turns[::-1]:
            taken[name][k] = turn()
    theirs.stdin.close()
    theirs.wait()
    drawn = chains * sweeps * (visible + hidden)
    return {
        "visible": visible, "hidden": hidden, "chains": chains, "sweeps": sweeps, "rounds": rounds,
        "ms_per_sweep": {name: 1e3 * float(values.min()) / sweeps for name, values in taken.items()},
        "ns_per_unit": {name: 1e9 * float(values.min()) / drawn for name, values in taken.items()},
        "theirs_over_ours": ratio(taken["scikit-learn"], taken["brownian"]),
        "on": {"brownian": float(samples.end.mean()), "scikit-learn": answer["on"]}, "version": version,
    }  # fmt: skip


def main():
    """Measure, print, save."""
    if sys.argv[1:2] == ["--peer"]:
        peer(*map(int, sys.argv[2:]))
        return
    from measurement import add_options, conditions, save, table, wait_for_quiet

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="make scikit-learn's environment, and end")
    parser.add_argument("--environment", type=pathlib.Path, default=CACHE, help="its folder (default: %(default)s)")
    add_options(parser, rounds=21)
    options = parser.parse_args()
    python = options.environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    if options.install:
        subprocess.run([sys.executable, "-m", "venv", options.environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "scikit-learn"], check=True)
        return
    if not python.exists():
        sys.exit(f"no environment in {options.environment}: --install makes it")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    load = wait_for_quiet(options)
    results = [measure(python, size, options.rounds) for size in SIZES]
    text = table(
        [
            "visible x hidden", "chains", "ours, ms", "scikit-learn, ms", "ours, ns per unit", "theirs / ours",
            "quartiles", "share on, ours", "theirs",
        ],
        [
            [
                f"{r['visible']} x {r['hidden']}", f"{r['chains']:,}", f"{r['ms_per_sweep']['brownian']:.2f}",
                f"{r['ms_per_sweep']['scikit-learn']:.2f}", f"{r['ns_per_unit']['brownian']:.2f}",
                f"{r['theirs_over_ours']['median']:.1f}",
                " to ".join(f"{q:.1f}" for q in r["theirs_over_ours"]["quartiles"]),
                f"{r['on']['brownian']:.4f}", f"{r['on']['scikit-learn']:.4f}",
            ]
            for r in results
        ],
    )  # fmt: skip
    text += (
        f"\n\nA sweep of all chains, hidden and visible layer, on one core; scikit-learn {results[0]['version']} with "
        f"one thread of its BLAS: fastest of {options.rounds} rounds; ratios: median of the ratios within a round.  "
        "Both in float64: ours decides in float32, and settles in float64, with 64 bits, what is too close to call."
    )
    save(options, "gibbs", "Gibbs sampling beside scikit-learn", text, conditions(load), results)


if __name__ == "__main__":
    main()

"""What stands in the way of a faster step, a faster bead and a faster start, by measurement.

The mixture (W4): its normals, its eight exponentials, and all of its arithmetic at the most that this processor does.
One bead (W7): its normals, and the step.  The first step of a process, and compiling a potential: what each part takes.

    python benchmarks/obstacles.py --wait 600
"""

import argparse
import json
import subprocess
import sys
import textwrap

import numba
import numpy as np
from measurement import RESULTS, add_options, conditions, in_turns, save, table, wait_for_quiet
from startup import ENVIRONMENT, MODULE, STEPS

from brownian.bench.workloads import WORKLOADS, moving, noise_alone, simulation
from brownian.compiled import fma, inlined
from brownian.potentials.mixture import exp_of_negative

LANES, TURNS, BEAD_STEPS, CHAIN = 256, 2000, 500_000, 16
WANTED = 6.0  # times the best Python peer, W4
# Additions, multiplications, fused ones and maxima of a component of the mixture in d dimensions: the exponent
# 1 + 3 d, its exponential 20, the sums 2 + 2 d; read off brownian/potentials/mixture.py.
OPERATIONS = {"exponents": 8 * (1 + 3 * 2), "exponentials": 8 * 20, "sums": 8 * (2 + 2 * 2)}
HARMONIC_STEPS = STEPS.format(potential="bn.Harmonic(1.0)")
STAGES = f"""
import time, json
began, taken = time.perf_counter(), {{}}
def done(name):
    global began
    taken[name], began = time.perf_counter() - began, time.perf_counter()
import numpy
done("NumPy")
import numba
done("Numba")
import brownian as bn
bn.Simulation, bn.Harmonic, bn.Langevin
done("the modules of the package")
from brownian.caching import spare_blas
spare_blas()
from numba.core.registry import cpu_target
cpu_target.target_context.refresh()
cpu_target.typing_context.refresh()
done("Numba's tables of functions")
{HARMONIC_STEPS}
done("machine code from the disk, and the run")
{HARMONIC_STEPS}
done("(the run alone, once more)")
print(json.dumps(taken))
"""
COMPILING = f"""{MODULE.format(number=0)}
import json, time
from numba.core import event
{HARMONIC_STEPS}
taken = {{"LLVM": 0.0}}
with event.install_recorder("numba:llvm_lock") as locks:
    began = time.perf_counter()
{textwrap.indent(STEPS.format(potential="Sextic(1.0)"), "    ")}
    taken["all"] = time.perf_counter() - began
depth = 0
for stamp, e in locks.buffer:
    if e.is_start:
        first = stamp if depth == 0 else first
        depth += 1
    else:
        depth -= 1
        taken["LLVM"] += stamp - first if depth == 0 else 0.0
print(json.dumps(taken))
"""


@inlined
def _four(x, a, b):
    return fma(fma(fma(fma(x, a, b), a, b), a, b), a, b)


@numba.njit(error_model="numpy")
def _chains(x, a, b, turns):
    for _ in range(turns):
        for i in range(x.size):
            x[i] = _four(_four(_four(_four(x[i], a, b), a, b), a, b), a, b)


@numba.njit(error_model="numpy")
def _exponentials(x, y, turns):
    for _ in range(turns):
        for k in range(x.shape[0]):
            for i in range(x.shape[1]):
                y[i] = exp_of_negative(x[k, i])


def mixture(rounds):
    """W4 and what it consists of, ns per particle-step."""
    run, steps = simulation("W4"), WORKLOADS["W4"].steps
    step, normals = moving(run), noise_alone(run)
    x, y = -np.random.default_rng(3).exponential(5.0, (8, LANES)), np.ones(LANES)
    taken = in_turns(
        {
            "step": lambda: step(steps), "normals": lambda: normals(steps),
            "exponentials": lambda: _exponentials(x, y, TURNS), "chains": lambda: _chains(y, 0.5, 0.5, 8 * TURNS),
        },
        rounds,
    )  # fmt: skip
    size = WORKLOADS["W4"].particles * steps
    found = {name: 1e9 * float(taken[name].min()) / size for name in ("step", "normals")}
    found["exponentials"] = 1e9 * float(taken["exponentials"].min()) / (TURNS * LANES)
    found["operations_per_ns"] = 8 * TURNS * LANES * CHAIN / (1e9 * float(taken["chains"].min()))
    found["arithmetic"] = sum(OPERATIONS.values()) / found["operations_per_ns"]
    return found


def bead(rounds):
    """W7, ns per step: the engine alone, its normals alone, and as many normals of a wide block."""
    run = simulation("W1", particles=1)
    step, normals, wide = moving(run), noise_alone(run), noise_alone(simulation("W1"))
    steps = WORKLOADS["W1"].steps
    taken = in_turns(
        {"step": lambda: step(BEAD_STEPS), "normals": lambda: normals(BEAD_STEPS), "wide": lambda: wide(steps)}, rounds
    )
    sizes = {"step": BEAD_STEPS, "normals": BEAD_STEPS, "wide": steps * WORKLOADS["W1"].particles}
    return {name: 1e9 * float(values.min()) / sizes[name] for name, values in taken.items()}


def processes(program, rounds):
    """Seconds by part, the fastest of some processes each."""
    runs = [
        json.loads(subprocess.run([sys.executable, "-c", program], env=ENVIRONMENT, capture_output=True, text=True,
                                  check=True).stdout)
        for _ in range(rounds + 1)
    ][1:]  # fmt: skip
    return {name: min(run[name] for run in runs) for name in runs[0]}


def best_peer():
    """Fastest Python peer of W4 with float64 numbers, and ns per particle-step of it and of ours in that table."""
    rows = json.loads((RESULTS / "peers.json").read_text())["results"]
    times = {
        row["peer"]: row["ns_per_particle_step"]
        for row in rows
        if row["workload"] == "W4" and row["form"] == "float64" and row["peer"] != "C++"
    }
    ours = times.pop("brownian")
    name = min(times, key=lambda peer: times[peer])
    return name, times[name], ours


def main():
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser, rounds=15)
    options = parser.parse_args()
    load = wait_for_quiet(options)
    w4, w7 = mixture(options.rounds), bead(options.rounds)
    start, compiling = (processes(program, min(options.rounds, 7)) for program in (STAGES, COMPILING))
    peer, theirs, ours = best_peer()
    least = w4["normals"] + w4["arithmetic"]
    needed = w4["step"] * theirs / ours / WANTED
    ns, s = "{:.1f}".format, "{:.3f}".format
    rows = [
        ["W4, a step of the mixture, ns", ns(w4["step"])],
        ["its normals alone", ns(w4["normals"])],
        ["its eight exponentials alone", ns(w4["exponentials"])],
        [f"all its arithmetic but the normals, {sum(OPERATIONS.values())} operations, at {ns(w4['operations_per_ns'])} "
         "fused multiply-adds per ns", ns(w4["arithmetic"])],
        ["normals and arithmetic: no step can be faster", ns(least)],
        [f"needed for {WANTED:.0f} times {peer}, float64", ns(needed)],
        ["W7, a step of one bead in the engine, ns", ns(w7["step"])],
        ["its normals alone", ns(w7["normals"])],
        ["as many normals of wide blocks", ns(w7["wide"])],
        *([f"first step of a process, s: {name}", s(value)] for name, value in start.items()),
        ["compiling a potential of one's own, s", s(compiling["all"])],
        ["of it LLVM, s", s(compiling["LLVM"])],
    ]  # fmt: skip
    text = table(["", ""], rows)
    text += (
        "\n\nFastest of the rounds, one thread, float64 noise.  Operations are counted in the source; the most that "
        f"the processor does is measured with chains of {CHAIN} fused multiply-adds, independent from lane to lane."
    )
    data = {"mixture": w4, "bead": w7, "start": start, "compiling": compiling, "operations": OPERATIONS}
    save(options, "obstacles", "What stands in the way", text, conditions(load), data)


if __name__ == "__main__":
    main()

"""What a step costs, against the number of particles, the dimension and the threads, and what it goes to.

Euler-Maruyama in a trap (W1), float64.  The share of a part is the difference of two loops timed in turns: the normals
alone, a free particle, a particle in the trap, and the same run writing every 10th frame to a file.

    python benchmarks/scaling.py --wait 600
"""

import argparse
import pathlib
import tempfile

import matplotlib.pyplot as plt
import numpy as np
from measurement import CORES, add_options, conditions, in_turns, save, table, wait_for_quiet

import brownian as bn
from brownian.bench.workloads import DT, OVERDAMPED, moving, noise_alone

NUMBERS = 2.0e7  # coordinate-steps of one timing
PARTICLES = 10 ** np.arange(8)
DIMENSIONS = 1, 2, 3, 10, 30, 100, 300, 1000
STRIDE, SAVED = 10, (10_000, 2000)


def trap(particles, dimension, potential=None):
    """W1 of any size."""
    return bn.Simulation(
        potential=bn.Harmonic(1.0) if potential is None else potential, dynamics=bn.Overdamped(**OVERDAMPED),
        integrator=bn.EulerMaruyama(), dt=DT, particles=particles, dimension=dimension, seed=7, start="minimum",
    )  # fmt: skip


def cost(particles, dimension, threads, rounds):
    """Nanoseconds per particle-step of the step and of its normals."""
    steps = max(4, int(NUMBERS / (particles * dimension)) // 4 * 4)
    steps = min(steps, 400_000)
    run = trap(particles, dimension)
    loops = {"step": moving(run, threads), "normals": noise_alone(run, threads)}
    taken = in_turns({name: lambda loop=loop: loop(steps) for name, loop in loops.items()}, rounds)
    return {name: 1e9 * float(values.min()) / (particles * steps) for name, values in taken.items()}


def shares(rounds):
    """Nanoseconds per particle-step of each part of a run that is saved."""
    particles, steps = SAVED
    run, free = trap(particles, 3), trap(particles, 3, bn.Free())
    loops = {"normals": noise_alone(run), "free": moving(free), "trap": moving(run)}
    forms = {name: lambda loop=loop: loop(steps) for name, loop in loops.items()}
    with tempfile.TemporaryDirectory(prefix="brownian-scaling-") as folder:
        path = pathlib.Path(folder) / "run.h5md"
        forms["saved"] = lambda: run.run(steps=steps, every=STRIDE * DT, out=path, overwrite=True, threads=1)
        taken = in_turns(forms, rounds)
    ns = {name: 1e9 * float(values.min()) / (particles * steps) for name, values in taken.items()}
    return {
        "noise": ns["normals"], "integration": ns["free"] - ns["normals"], "force": ns["trap"] - ns["free"],
        "storage": ns["saved"] - ns["trap"],
    }  # fmt: skip


def draw(path, by_particles, by_dimension, by_threads, parts):
    """The four panels."""
    figure, axes = bn.plotting.figure(rows=2, columns=2)
    with bn.plotting.style():
        panels = [
            (axes[0, 0], by_particles, "particles", "3-d trap, one thread", 1.0),
            (axes[0, 1], by_dimension, "dimension", "per coordinate, one thread", None),
            (axes[1, 0], by_threads, "threads", "3-d trap, 100 000 particles", 1.0),
        ]
        for ax, measured, label, title, scale in panels:
            x = np.array(list(measured))
            for name, marker in (("step", "o-"), ("normals", "s--")):
                y = np.array([values[name] for values in measured.values()])
                ax.plot(
                    x,
                    y / (x if scale is None else scale),
                    marker,
                    label=f"{name}" if name == "step" else "its normals alone",
                )
            ax.set(xlabel=label, ylabel="ns per particle-step" if scale else "ns per coordinate-step", title=title)
            ax.set_ylim(bottom=0.0)
            ax.legend(loc="best")
        axes[0, 0].set(xscale="log")
        axes[0, 1].set(xscale="log")
        axes[1, 0].set_xticks(list(by_threads))
        names, values = list(parts), list(parts.values())
        axes[1, 1].bar(names, values)
        axes[1, 1].set(ylabel="ns per particle-step", title="3-d trap, every 10th frame saved")
        figure.savefig(path, dpi=150)
        plt.close(figure)


def main():
    """Measure, draw, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser, rounds=5)
    options = parser.parse_args()
    load = wait_for_quiet(options)
    by_particles = {int(n): cost(int(n), 3, 1, options.rounds) for n in PARTICLES}
    by_dimension = {d: cost(max(1, 100_000 // d), d, 1, options.rounds) for d in DIMENSIONS}
    by_threads = {t: cost(100_000, 3, t, options.rounds) for t in range(1, CORES + 1)}
    parts = shares(options.rounds)
    rows = [["particles, 3-d", f"{n:,}", 1, v] for n, v in by_particles.items()]
    rows += [["dimension", d, 1, v] for d, v in by_dimension.items()]
    rows += [["threads, 100 000 particles, 3-d", t, t, v] for t, v in by_threads.items()]
    text = table(
        ["against", "value", "threads", "step, ns", "its normals alone, ns", "ratio"],
        [
            [a, b, t, f"{v['step']:.2f}", f"{v['normals']:.2f}", f"{v['step'] / v['normals']:.2f}"]
            for a, b, t, v in rows
        ],
    )
    whole = sum(parts.values())
    text += "\n\nns per particle-step, fastest of the rounds.  Of a 3-d run that saves every 10th frame: "
    text += ", ".join(f"{name} {100 * value / whole:.0f} %" for name, value in parts.items()) + ".\n\n"
    text += "![Cost of a step](scaling.png)"
    draw(options.results / "scaling.png", by_particles, by_dimension, by_threads, parts)
    data = {"particles": by_particles, "dimension": by_dimension, "threads": by_threads, "parts": parts}
    save(options, "scaling", "What a step costs, and what it goes to", text, conditions(load), data)


if __name__ == "__main__":
    main()

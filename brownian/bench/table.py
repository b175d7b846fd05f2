"""Nanoseconds per particle-step of each workload, beside those of its random numbers alone, in one run."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

import numpy as np

from ..dynamics import Langevin
from ..engine import available_threads
from ..potentials import potential
from ..simulation import Simulation
from .timing import in_turns
from .workloads import DT, WORKLOADS, moving, noise_alone, simulation

ROUNDS = 7
BEAD_STEPS, SAVED_PARTICLES, SAVED_STEPS, STRIDE = 400_000, 10_000, 2000, 10
FIRST_STEP = """
import brownian as bn
bn.Simulation(potential=bn.Harmonic(1.0), dynamics=bn.Overdamped(friction=1.0, kT=1.0), dt=0.01, particles=1000,
              dimension=3, seed=7, start="minimum").run(steps=10)
"""


def bench(noises=("float64",), threads=None, rounds=None, say=lambda text: None):
    """Time the workloads on this machine.

    Parameters
    ----------
    noises
        "float64", "float32" or both: the kind of normals.
    threads
        All threads; None: the processors of this process.  Each workload is timed with one thread, and with all.
    rounds
        How often each is timed, in turns; the fastest counts.  None: 7.
    say
        Called with a word on what is timed.

    Returns
    -------
    list of dict
        workload, title, threads, noise, ns_per_particle_step, noise_floor_ns (the normals of one particle-step by the
        same loop, in the same turns) and ratio.
    """
    rounds = ROUNDS if rounds is None else rounds
    most = available_threads() if threads is None else threads
    counts = [1] if most == 1 else [1, most]
    rows = []
    for noise in noises:
        for name in WORKLOADS:
            say(f"{name}, {noise}")
            rows += [_step(name, noise, count, rounds) for count in counts]
        say(f"W6, {noise}")
        rows += [_saving(noise, count, max(3, rounds // 2)) for count in counts]
        say(f"W7, {noise}")
        rows.append(_bead(noise, max(3, rounds // 2)))
    return rows


def _row(workload, title, threads, noise, step, floor):
    return {
        "workload": workload, "title": title, "threads": threads, "noise": noise, "ns_per_particle_step": step,
        "noise_floor_ns": floor, "ratio": step / floor,
    }  # fmt: skip


def _fastest(forms, rounds, numbers):
    return [1e9 * float(values.min()) / numbers for values in in_turns(forms, rounds).values()]


def _step(name, noise, threads, rounds):
    workload, run = WORKLOADS[name], simulation(name, noise=noise)
    loops = {"step": moving(run, threads), "noise": noise_alone(run, threads)}
    forms = {kind: lambda loop=loop: loop(workload.steps) for kind, loop in loops.items()}
    step, floor = _fastest(forms, rounds, workload.particles * workload.steps)
    return _row(name, workload.title, threads, noise, step, floor)


def _saving(noise, threads, rounds):
    run = simulation("W1", noise=noise, particles=SAVED_PARTICLES)
    alone = noise_alone(run, threads)
    with tempfile.TemporaryDirectory(prefix="brownian-bench-") as folder:
        path = pathlib.Path(folder) / "w6.h5md"

        def saved():
            run.run(steps=SAVED_STEPS, every=STRIDE * DT, out=path, overwrite=True, threads=threads)

        forms = {"saved": saved, "noise": lambda: alone(SAVED_STEPS)}
        step, floor = _fastest(forms, rounds, SAVED_PARTICLES * SAVED_STEPS)
    return _row("W6", "W1, every 10th frame to a file (float32)", threads, noise, step, floor)


def _bead(noise, rounds):
    run = simulation("W1", noise=noise, particles=1)
    alone = noise_alone(run)
    forms = {
        "kept": lambda: run.run(steps=BEAD_STEPS, every=STRIDE * DT, threads=1),
        "noise": lambda: alone(BEAD_STEPS),
    }
    step, floor = _fastest(forms, rounds, BEAD_STEPS)
    return _row("W7", "one bead in a 3-d trap, every 10th step kept", 1, noise, step, floor)


def startup():
    """Seconds until the first step: of a whole new process with compiled code on disk, and to compile a new potential.

    Returns
    -------
    dict
        cached_first_step_s (interpreter, imports and ten steps; the faster of two), compile_s (a potential that no
        cache has seen, in this process).
    """
    taken = []
    for _ in range(3):  # the first one fills the cache
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", FIRST_STEP], check=True, env=os.environ)
        taken.append(time.perf_counter() - began)

    @potential
    class Fresh(NamedTuple):
        strength: float

        def component_energy(self, x, d, t):
            return self.strength * x**6 / 6.0

        def component_force(self, x, d, t):
            return -self.strength * x**5

    began = time.perf_counter()
    Simulation(
        potential=Fresh(0.3), dynamics=Langevin(mass=1.0, friction=1.0, kT=1.0), dt=0.01, particles=1000, dimension=3,
        seed=7, start=np.zeros((1000, 3)),
    ).run(steps=10)  # fmt: skip
    return {"cached_first_step_s": min(taken[1:]), "compile_s": time.perf_counter() - began}


def as_text(rows, start):
    """The table that ``brownian bench`` prints."""
    head = ("workload", "", "threads", "noise", "ns per particle-step", "its normals alone", "ratio")
    lines = [head] + [
        (
            row["workload"], row["title"], str(row["threads"]), row["noise"], f"{row['ns_per_particle_step']:.2f}",
            f"{row['noise_floor_ns']:.2f}", f"{row['ratio']:.2f}",
        )
        for row in rows
    ]  # fmt: skip
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    text = [
        "  ".join(
            cell.ljust(w) if k < 2 else cell.rjust(w) for k, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join(
        [
            *text,
            "",
            f"first step of a new process, compiled code on disk: {start['cached_first_step_s']:.2f} s; "
            f"compiling a new potential: {start['compile_s']:.1f} s",
        ]
    )

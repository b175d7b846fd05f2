"""What every peer's script shares: it makes a case, warms it up, and then runs it whenever it is told to.

A script is started by ``benchmarks/peers.py`` in the peer's own environment, needs nothing but the standard library
from here, and speaks JSON, one line each way.
"""

import importlib.metadata
import json
import math
import os
import sys
import time

DT = 0.01  # friction, mass, kT and stiffness are 1
SPREAD = math.sqrt(2.0 * DT)
DECAY, KICK = math.exp(-DT), math.sqrt(1.0 - math.exp(-2.0 * DT))  # BAOAB
RADIUS, SIGMA, CENTRES = 3.0, 0.7, 8
ANGLES = [2.0 * math.pi * k / CENTRES for k in range(CENTRES)]
MEANS = [[RADIUS * math.cos(angle), RADIUS * math.sin(angle)] for angle in ANGLES]
PARTICLES = {"W1": 100_000, "W2": 100_000, "W3": 1_000_000, "W4": 100_000}
SECONDS = 0.15  # that one timing should take


def arguments():
    """Workload, form (of the script's own), and number of threads, which is set where libraries look for it."""
    workload, form, threads = sys.argv[1:4]
    for name in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
        os.environ[f"{name}_NUM_THREADS"] = threads
    return workload, form, int(threads)


def serve(run, mean_square, packages, particles=None):
    """Warm up, say so, and run at every line of standard input; at its end, say what <x^2> became.

    Parameters
    ----------
    run
        Takes all particles through a number of steps.
    mean_square
        Gives <x^2> per coordinate.
    packages
        Names of the distributions whose versions are to be reported.
    particles
        Number of particles, where it is not the workload's own.
    """
    began = time.perf_counter()
    run(4)
    compiled = time.perf_counter() - began
    began = time.perf_counter()
    run(4)
    steps = max(4, round(4 * SECONDS / (time.perf_counter() - began) / 4) * 4)
    run(steps)
    versions = {name: importlib.metadata.version(name) for name in packages}
    count = particles or PARTICLES[sys.argv[1]]
    print(json.dumps({"steps": steps, "particles": count, "versions": versions, "first_call_s": compiled}), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        run(steps)
        print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)
    print(json.dumps({"mean_square": float(mean_square())}), flush=True)

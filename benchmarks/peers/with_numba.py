"""Numba as most people write it: a parallel loop over particles in each step, normals drawn inside.  Form: float64."""

# ruff: noqa: NPY002  compiled code has its own np.random, and a Generator can't be used in a parallel loop

import math

import worker

workload, form, threads = worker.arguments()
import numpy as np  # noqa: E402  the number of threads is set before
from numba import njit, prange  # noqa: E402

DT, SPREAD, HALF, DECAY, KICK = worker.DT, worker.SPREAD, worker.DT / 2.0, worker.DECAY, worker.KICK
NARROW = 1.0 / worker.SIGMA**2
MEANS = np.array(worker.MEANS)


@njit(parallel=True)
def trap(x, v, steps):
    """Euler-Maruyama."""
    for _ in range(steps):
        for i in prange(x.shape[0]):
            for d in range(x.shape[1]):
                x[i, d] += -x[i, d] * DT + SPREAD * np.random.normal()


@njit(parallel=True)
def baoab(x, v, steps):
    """BAOAB."""
    for _ in range(steps):
        for i in prange(x.shape[0]):
            for d in range(x.shape[1]):
                v[i, d] -= HALF * x[i, d]
                x[i, d] += HALF * v[i, d]
                v[i, d] = DECAY * v[i, d] + KICK * np.random.normal()
                x[i, d] += HALF * v[i, d]
                v[i, d] -= HALF * x[i, d]


@njit(parallel=True)
def double_well(x, v, steps):
    """Euler-Maruyama."""
    for _ in range(steps):
        for i in prange(x.shape[0]):
            x[i, 0] += -4.0 * x[i, 0] * (x[i, 0] * x[i, 0] - 1.0) * DT + SPREAD * np.random.normal()


@njit(parallel=True)
def gaussians(x, v, steps):
    """Euler-Maruyama."""
    for _ in range(steps):
        for i in prange(x.shape[0]):
            w, sx, sy = 0.0, 0.0, 0.0
            for m in range(MEANS.shape[0]):
                ax, ay = x[i, 0] - MEANS[m, 0], x[i, 1] - MEANS[m, 1]
                e = math.exp(-0.5 * NARROW * (ax * ax + ay * ay))
                w += e
                sx += e * ax
                sy += e * ay
            x[i, 0] += -NARROW * sx / w * DT + SPREAD * np.random.normal()
            x[i, 1] += -NARROW * sy / w * DT + SPREAD * np.random.normal()


n = worker.PARTICLES[workload]
x = np.zeros((n, {"W3": 1, "W4": 2}.get(workload, 3)))
v = np.zeros_like(x)
if workload == "W3":
    x[:, 0] = np.where(np.arange(n) % 2, 1.0, -1.0)
if workload == "W4":
    x[:] = MEANS[np.arange(n) % len(MEANS)]
if workload in ("W1", "W2"):
    x[:], v[:] = np.random.default_rng(1).standard_normal((2, *x.shape))
loop = {"W1": trap, "W2": baoab, "W3": double_well, "W4": gaussians}[workload]
worker.serve(lambda steps: loop(x, v, steps), lambda: np.mean(x**2), ["numpy", "numba"])

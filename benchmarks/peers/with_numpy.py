"""NumPy: whole arrays, in place, normals of SFC64 (the fastest of its generators).  Forms: float64, float32."""

import worker

workload, form, threads = worker.arguments()
import numpy as np  # noqa: E402  the number of threads is set before

kind = np.dtype(form).type
n = worker.PARTICLES[workload]
rng = np.random.Generator(np.random.SFC64(1))
shape = {"W3": n, "W4": (2, n)}.get(workload, (n, 3))
x, v, z, t = (np.zeros(shape, kind) for _ in range(4))
spread, half = kind(worker.SPREAD), kind(worker.DT / 2.0)


def add_noise(to, factor):
    """Add factor times new normals."""
    rng.standard_normal(out=z, dtype=kind)
    np.multiply(z, factor, out=z)
    np.add(to, z, out=to)


def trap(steps):
    """Euler-Maruyama."""
    keep = kind(1.0 - worker.DT)
    for _ in range(steps):
        np.multiply(x, keep, out=x)
        add_noise(x, spread)


def push(to, amount, by):
    """Add amount * by."""
    np.multiply(by, amount, out=t)
    np.add(to, t, out=to)


def baoab(steps):
    """BAOAB."""
    for _ in range(steps):
        push(v, -half, x)
        push(x, half, v)
        np.multiply(v, kind(worker.DECAY), out=v)
        add_noise(v, kind(worker.KICK))
        push(x, half, v)
        push(v, -half, x)


def double_well(steps):
    """Euler-Maruyama."""
    factor, one = kind(4.0 * worker.DT), kind(1.0)
    for _ in range(steps):
        np.multiply(x, x, out=t)
        np.subtract(t, one, out=t)
        np.multiply(t, x, out=t)
        np.multiply(t, factor, out=t)
        np.subtract(x, t, out=x)
        add_noise(x, spread)


means = np.array(worker.MEANS, kind)
scaled = means / kind(worker.SIGMA**2)
offset = kind(-0.5) * (means * scaled).sum(axis=1, keepdims=True)
e, total = np.empty((len(means), n), kind), np.empty((1, n), kind)


def gaussians(steps):
    """Euler-Maruyama; the force is (sum of responsibility * mean - x) / sigma^2."""
    factor = kind(worker.DT / worker.SIGMA**2)
    for _ in range(steps):
        np.matmul(scaled, x, out=e)
        np.add(e, offset, out=e)
        np.max(e, axis=0, keepdims=True, out=total)
        np.subtract(e, total, out=e)
        np.exp(e, out=e)
        np.sum(e, axis=0, keepdims=True, out=total)
        np.matmul(means.T, e, out=t)
        np.divide(t, total, out=t)
        np.subtract(t, x, out=t)
        np.multiply(t, factor, out=t)
        np.add(x, t, out=x)
        add_noise(x, spread)


run = {"W1": trap, "W2": baoab, "W3": double_well, "W4": gaussians}[workload]
if workload == "W3":
    x[:] = np.where(np.arange(n) % 2, 1.0, -1.0)
if workload == "W4":
    x[:] = means[np.arange(n) % len(means)].T
if workload in ("W1", "W2"):
    rng.standard_normal(out=x, dtype=kind), rng.standard_normal(out=v, dtype=kind)
worker.serve(run, lambda: np.mean(x.astype(float) ** 2), ["numpy"])

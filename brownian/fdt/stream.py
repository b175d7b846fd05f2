"""A trajectory as slabs of neighbouring frames with their forces, small enough for the cache."""

from typing import Any, NamedTuple

import numpy as np

from ..potentials.definition import force
from ..potentials.timing import depends_on_time

SLAB = 2**17  # numbers
READ_BYTES = 2**25
FEWEST = 4  # frames


class Slab(NamedTuple):
    """Frames first ... first + n (n + 1 of them: n steps), float64, shape (n + 1, particles, components)."""

    first: int
    steps: np.ndarray
    x: np.ndarray
    v: np.ndarray | None
    f: np.ndarray
    forces: Any

    def force_at(self, x):
        """Force at other positions of the steps' ends (predictions of frame n + 1)."""
        return self.forces(x, self.steps[1:])


class Forces:
    """F(x, t) for arrays (frames, particles, components); one call where the force does not depend on time."""

    def __init__(self, potential, dt):
        self.potential, self.dt = potential, dt
        self.steady = not depends_on_time(potential)

    def __call__(self, x, steps):
        """Force on positions x (frames, particles, components) at the times of these steps."""
        if self.steady:
            return force(self.potential, x.reshape(-1, x.shape[2])).reshape(x.shape)
        return np.stack([force(self.potential, frame, step * self.dt) for frame, step in zip(x, steps, strict=True)])


def curvature_at(forces, x, step):
    """Largest |dF/dx| at up to 64 of the positions x (particles, components), by finite differences."""
    x = x[:: max(1, len(x) // 64)][:64]
    h = 1e-4 * max(float(np.abs(x).max()), 1e-6)
    largest = 0.0
    for d in range(x.shape[1]):
        shift = h * np.eye(x.shape[1])[d]
        up, down = (force(forces.potential, point, step * forces.dt) for point in (x + shift, x - shift))
        largest = max(largest, float(np.abs(up - down).max()) / (2.0 * h))
    return largest


def weighted_curvature(forces, x, f):
    """Mean of the curvature, weighted with F^2, over positions x (points, components) with forces f [E/L^2].

    The curvature of a component is the sum of the sizes of its row of the Hessian (finite differences).
    """
    h = 1e-4 * max(float(np.abs(x).max()), 1e-6)
    rows = np.zeros_like(x)
    for d in range(x.shape[1]):
        shift = h * np.eye(x.shape[1])[d]
        rows += np.abs(force(forces.potential, x + shift) - force(forces.potential, x - shift)) / (2.0 * h)
    weight = f * f
    return float((weight * rows).sum() / max(weight.sum(), 1e-300))


def frames_of(trajectory, rows):
    """Slabs (slice, x, v) of float64 frames, read in pieces of 32 MB, none overlapping."""
    positions, velocities = trajectory.positions, trajectory.velocities
    numbers = trajectory.particles * trajectory.dimension
    per_read = max(FEWEST, READ_BYTES // (numbers * positions.dtype.itemsize))
    per_slab = max(FEWEST, SLAB // numbers)
    for start in range(rows.start, rows.stop, per_read):
        stop = min(start + per_read, rows.stop)
        x, v = positions[start:stop], None if velocities is None else velocities[start:stop]
        for name, values in (("positions", x), ("velocities", v)):
            if values is not None and not np.isfinite(values).all():
                bad = start + int(np.flatnonzero(~np.isfinite(values).all(axis=(1, 2)))[0])
                raise ValueError(f"frame {bad}: not all {name} are finite")
        for a in range(0, stop - start, per_slab):
            b = min(a + per_slab, stop - start)
            yield (
                slice(start + a, start + b),
                x[a:b].astype(np.float64, copy=False),
                None if v is None else v[a:b].astype(np.float64, copy=False),
            )


def slabs(trajectory, forces, rows):
    """Slabs of steps: each begins with the last frame of the one before."""
    steps, kept = trajectory.steps, None
    for part, x, v in frames_of(trajectory, rows):
        f = forces(x, steps[part])
        first = part.start
        if kept is not None:
            x, f = np.concatenate([kept[0], x]), np.concatenate([kept[2], f])
            v = None if v is None else np.concatenate([kept[1], v])
            first -= 1
        kept = x[-1:], None if v is None else v[-1:], f[-1:]
        if len(x) > 1:
            yield Slab(first, steps[first : first + len(x)], x, v, f, forces)

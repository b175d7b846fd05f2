"""The curvature of a potential, by central differences of its force."""

import math

import numpy as np

from .definition import force, known_minima

USUAL = 1e-4  # spacing of a difference, where lengths are of order 1
RADII = 2.0 ** (6.0 * np.arange(-10, 10))  # spacings that are tried where they are not
PLATEAU = 1e-4  # relative: slopes at neighbouring radii, whose errors have the ratio 64^2, agree


def slopes(potential, points, directions, t=0.0):
    """-dF/ds [E/L^2] along directions at points, shape (points, directions, D), in one evaluation of the force.

    points of shape (points, D), directions of shape (directions, D); see ``spacing``.
    """
    h = spacing(potential, points, t)[:, np.newaxis, np.newaxis]
    moved = points[:, np.newaxis] + h * np.concatenate([directions, -directions])
    f = force(potential, moved.reshape(-1, points.shape[1]), t).reshape(moved.shape)
    ahead, behind = np.split(f, 2, axis=1)
    return (behind - ahead) / (2.0 * h)


def spacing(potential, points, t=0.0):
    """How far from each point its neighbours of a central difference should be [L], shape (points,).

    1e-4 of the farthest coordinate, or of 1, where the slope is the same much nearer.  Otherwise (lengths are of
    another order) the largest radius to which the slope, followed from the smallest that rounding allows, is the same.
    """
    usual = USUAL * max(1.0, float(np.abs(points).max(initial=0.0)))
    near, far, nearest = _slopes_at(potential, points, usual * np.array([0.125, 1.0, 2.0**-24]), t)[0]
    with np.errstate(invalid="ignore"):
        same = (np.abs(far - near) <= 1e-6 * np.abs(near)) & (np.abs(nearest - near) <= 1e-3 * np.abs(near))
    if np.all(same):
        return np.full(len(points), usual)
    return _plateau(potential, points, t)[0]


def _plateau(potential, points, t):
    """The spacing where rounding and the force's own scale leave the slope alone, and whether there is such a range."""
    slope, noise = _slopes_at(potential, points, RADII, t)
    with np.errstate(invalid="ignore"):
        change = np.abs(np.diff(slope, axis=0))
        good = (change <= PLATEAU * np.abs(slope[:-1])) & (noise[:-1] <= PLATEAU * np.abs(slope[:-1]))
        best = np.argmin(np.nan_to_num(change + noise[:-1], nan=np.inf), axis=0)
    begins = good[:-1] & good[1:]
    first = np.argmax(begins, axis=0)
    inside = np.arange(len(good))[:, np.newaxis] >= first
    ends = np.argmax(np.append(inside & ~good, np.ones((1, len(points)), dtype=bool), axis=0), axis=0) - 1
    found = begins.any(axis=0)
    return RADII[np.where(found, ends, best)], found


def _slopes_at(potential, points, radii, t):
    """Slope of the force along one direction, by central differences, and what rounding adds; (radii, points) each."""
    toward = np.cos(np.arange(1.0, points.shape[1] + 1.0))
    toward /= np.linalg.norm(toward)
    moved = points + np.concatenate([radii, -radii])[:, np.newaxis, np.newaxis] * toward
    with np.errstate(all="ignore"):
        f = force(potential, moved.reshape(-1, points.shape[1]), t).reshape(moved.shape)
        ahead, behind = np.split(f, 2)
        slope = (behind - ahead) @ toward / (2.0 * radii[:, np.newaxis])
        size = np.linalg.norm(ahead, axis=2) + np.linalg.norm(behind, axis=2)
        far = np.linalg.norm(points, axis=1) * np.abs(slope)
        return slope, 8.0 * np.finfo(float).eps * (size + far) / radii[:, np.newaxis]


def length_scale(potential, dimension, t=0.0):
    """A length [L] over which the force is not linear, seen from the origin; 1 where ordinary lengths will do."""
    origin = np.zeros((1, dimension))
    if spacing(potential, origin, t)[0] == USUAL:
        return 1.0
    [radius], [found] = _plateau(potential, origin, t)
    return float(radius / RADII[8]) if found and radius < RADII[-2] else 1.0


def hessian(potential, x, t=0.0):
    """Second derivatives [E/L^2] at one point x, shape (dimension, dimension): central differences of the force."""
    x = np.asarray(x, dtype=np.float64).reshape(1, -1)
    matrix = slopes(potential, x, np.eye(x.size), t)[0]
    return (matrix + matrix.T) / 2.0


def stiffest(potential, dimension):
    """Largest curvature [E/L^2] at the potential's known minima, or None where no minimum is known."""
    points = known_minima(potential, dimension)
    largest = [float(np.linalg.eigvalsh(hessian(potential, point)).max()) for point in points]
    largest = [value for value in largest if math.isfinite(value)]
    return max(largest) if largest else None

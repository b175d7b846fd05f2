"""The curvature of a potential, by central differences of its force."""

import math

import numpy as np

from .definition import force, known_minima


def slopes(potential, points, directions, t=0.0):
    """-dF/ds [E/L^2] along directions at points, shape (points, directions, D), in one evaluation of the force.

    points of shape (points, D), directions of shape (directions, D); the step is 1e-4 of the farthest coordinate.
    """
    h = 1e-4 * max(1.0, float(np.abs(points).max(initial=0.0)))
    moved = points[:, np.newaxis] + h * np.concatenate([directions, -directions])
    f = force(potential, moved.reshape(-1, points.shape[1]), t).reshape(moved.shape)
    ahead, behind = np.split(f, 2, axis=1)
    return (behind - ahead) / (2.0 * h)


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

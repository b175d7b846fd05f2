"""Whether a force is linear, F = f - K x: then much is known exactly."""

import numpy as np

from .definition import force
from .timing import depends_on_time

UNIT = 2.0**50  # where K is read off: so far out that f has no share in its rounding
SCALES = 2.0 ** np.arange(-50, 51, 5)  # lengths at which the force is looked at: any unit may be used


def affine_force(potential, dimension, t=None):
    """Stiffness matrix K [E/L^2] and force f at the origin [E/L] of F = f - K x, or None if the force is not of this
    form.

    Probed at random points on all scales; at time t, or (None) at all times: then a force that changes is none.
    """
    if t is None and depends_on_time(potential):
        return None
    t = 0.0 if t is None else t
    points = np.random.default_rng(5).normal(size=(8, dimension)) * 2.7
    points = (points * SCALES[:, np.newaxis, np.newaxis]).reshape(-1, dimension)
    with np.errstate(all="ignore"):  # a probe may leave a formula's domain
        constant = force(potential, np.zeros((1, dimension)), t)[0]
        stiffness = -(force(potential, UNIT * np.eye(dimension), t) - constant).T / UNIT
        error = np.abs(force(potential, points, t) - (constant - points @ stiffness.T)).max(axis=1)
        scale = np.abs(constant).max() + np.abs(stiffness).max() * np.abs(points).max(axis=1)
    return (stiffness, constant) if np.all(error <= 1e-11 * scale + 1e-300) else None

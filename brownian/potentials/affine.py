"""Whether a force is linear, F = f - K x: then much is known exactly."""

import numpy as np

from .definition import force
from .timing import depends_on_time

UNIT = 2.0**50  # where K is read off: so far out that f has no share in its rounding
SCALES = 2.0 ** np.array(sorted(range(-50, 51, 10), key=abs))  # lengths that are looked at: any unit may be used


def affine_force(potential, dimension, t=None):
    """Stiffness matrix K [E/L^2] and force f at the origin [E/L] of F = f - K x, or None if the force is not of this
    form.

    Probed at random points on all scales; at time t, or (None) at all times: then a force that changes is none.
    """
    if t is None and depends_on_time(potential):
        return None
    t = 0.0 if t is None else t
    points = np.random.default_rng(5).normal(size=(8, dimension)) * 2.7
    with np.errstate(all="ignore"):  # a probe may leave a formula's domain
        constant = force(potential, np.zeros((1, dimension)), t)[0]
        stiffness = -(force(potential, UNIT * np.eye(dimension), t) - constant).T / UNIT
        for x in (length * points for length in SCALES):  # few at a time: they are not worth compiling
            error = np.abs(force(potential, x, t) - (constant - x @ stiffness.T)).max()
            size = np.abs(constant).max() + np.abs(stiffness).max() * np.abs(x).max()
            if not error <= 1e-11 * size + 1e-300:
                return None
    return stiffness, constant


def separate_force(potential, dimension):
    """Stiffness k_d [E/L^2] and constant f_d [E/L] of F_d = f_d - k_d x_d at all times, or None for another force."""
    affine = affine_force(potential, dimension)
    if affine is None or np.any(affine[0] != np.diag(np.diag(affine[0]))):
        return None
    return np.diag(affine[0]).copy(), affine[1]

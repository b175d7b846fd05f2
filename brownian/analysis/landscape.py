"""The potential as an analysis needs it: over slabs of frames, constant in time, and whether its force is linear."""

from contextlib import suppress

import numpy as np

from ..potentials.affine import separate_force
from ..potentials.timing import depends_on_time
from .reading import first_frame, known


def potential_of(trajectory, potential=None):
    """The potential given, or that of the file; ValueError where neither is known."""
    if potential is not None:
        return potential
    if not trajectory.description:
        raise ValueError("potential is not known: the file does not tell it, and potential = None was given")
    return trajectory.simulation().potential


def steady(trajectory, potential=None, start=0):
    """The potential, or ValueError if its force changes with time (then there is no equilibrium)."""
    potential, start = potential_of(trajectory, potential), first_frame(trajectory, start, least=1)
    if depends_on_time(potential, float(trajectory.times[start]), float(trajectory.times[-1])):
        raise ValueError(
            f"{type(potential).__name__} depends on time, but equilibrium averages need a constant potential"
        )
    return potential


def gradient(potential, x):
    """Grad U [E/L] at positions of shape (f, N, D), same shape."""
    from ..potentials.definition import force

    return -force(potential, x.reshape(-1, x.shape[-1])).reshape(x.shape)


def laplacian(potential, x):
    """Laplacian of U [E/L^2] at positions of shape (f, N, D), shape (f, N)."""
    from ..potentials.definition import laplacian as evaluate

    return evaluate(potential, x.reshape(-1, x.shape[-1])).reshape(x.shape[:-1])


def linear_stiffness(potential, dimension):
    """Stiffness k_d [E/L^2] of each component if the force is f_d - k_d x_d and constant in time, else None.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.landscape import linear_stiffness
    >>> linear_stiffness(bn.Harmonic(2.1), 2), linear_stiffness(bn.DoubleWell(barrier=2.0, width=1.2), 1)
    (array([2.1, 2.1]), None)
    """
    separate = separate_force(potential, dimension)
    return None if separate is None else separate[0]


def refuse_unlike_axes(trajectory):
    """Raise where the file says that axes differ in friction or stiffness: one spectrum can't stand for them all."""
    unlike = []
    with suppress(ValueError):
        unlike.append(("friction", known(trajectory, "friction")[0]))
    with suppress(ValueError):
        unlike.append(("stiffness", linear_stiffness(potential_of(trajectory), trajectory.dimension)))
    for name, value in unlike:
        if value is not None and np.ptp(value) > 0.0:
            raise ValueError(f"{name} = {np.asarray(value).tolist()} differs between the axes: choose a component")

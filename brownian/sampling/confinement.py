"""Whether a target can be normalised: the force must pull back along every direction that is tried."""

import numpy as np

from ..arguments import a_potential, checked, positive
from ..potentials.definition import force, known_minima

DIRECTIONS = 64
FAR = 1e3, 1e4, 1e5  # in units of the distance from the origin to the farthest minimum, and of 1


@checked(target=a_potential, kT=positive)
def open_direction(target, dimension, *, kT=1.0):
    """A direction along which exp(-U / kT) can't be normalised, or None where none of those tried is one.

    Along a direction n the weight r^(D - 1) exp(-U / kT) is integrable if -r n . F > D kT far away, for heavy tails as
    well as for light ones.  Tried are all axes in both senses (up to 64 components) and 64 random directions, at three
    distances each; a direction between them may be missed.

    Parameters
    ----------
    target
        A potential or a score.
    dimension
        D.
    kT
        Thermal energy [E].

    Returns
    -------
    ndarray of shape (D,), or None

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.sampling import open_direction
    >>> print(open_direction(bn.DoubleWell(barrier=2.0, width=1.2), 2))
    None
    >>> open_direction(bn.Expression("x**2 - x*y", dimension=2) , 2)
    array([...])
    """
    rng = np.random.default_rng(20260301)
    random = rng.normal(size=(DIRECTIONS, dimension))
    axes = np.eye(min(DIRECTIONS, dimension), dimension)
    directions = np.concatenate([axes, -axes, random / np.linalg.norm(random, axis=1, keepdims=True)])
    minima = known_minima(target, dimension)
    scale = max(1.0, float(np.linalg.norm(minima, axis=1).max())) if len(minima) else 1.0
    opened = np.ones(len(directions), bool)
    with np.errstate(all="ignore"):
        for far in FAR:
            pull = -(force(target, far * scale * directions) * directions).sum(axis=1) * far * scale
            opened &= pull <= dimension * kT  # a force that overflows is none that lets go
    found = np.flatnonzero(opened)
    return directions[found[0]] if len(found) else None

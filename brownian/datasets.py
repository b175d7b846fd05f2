"""Small data sets to learn from: points of the plane, and binary patterns.

Points are independent draws, float64 of shape (n, 2), the same for the same seed (Philox); noise is added to both
coordinates as a Gaussian of that standard deviation [L].  Binary patterns are all the patterns of a rule, each once, as
rows of 0.0 and 1.0; ``2 * patterns - 1`` makes spins of them.  A parameter out of its range raises ValueError.
"""

import numpy as np

from .theory.checks import nonnegative, positive, single, whole

__all__ = [
    "bars_and_stripes",
    "checkerboard",
    "eight_gaussians",
    "parity_patterns",
    "rings",
    "shifter_patterns",
    "spirals",
    "two_moons",
]

MOST = 10**9  # points


def _generator(seed):
    return np.random.Generator(np.random.Philox(int(single(seed=whole(seed=seed)))))


def _number(**values):
    """A whole number of at least 1."""
    ((name, value),) = values.items()
    if np.ndim(value) or not 1 <= whole(**values) <= MOST:
        raise ValueError(f"{name} must be a whole number from 1 to {MOST}, got {value!r}")
    return int(value)


def _positive(**values):
    """One positive number."""
    return float(single(**{name: positive(**values) for name in values}))


def _blurred(points, noise, generator):
    return points + float(single(noise=nonnegative(noise=noise))) * generator.normal(size=points.shape)


def two_moons(n, noise=0.1, seed=0):
    """Two half circles of radius 1 that reach into each other: around (0, 0) above, around (1, 1/2) below.

    Parameters
    ----------
    n : int
        Number of points; a point lies on either half circle with probability 1/2, anywhere on it.
    noise : float
        [L], >= 0.
    seed : int
        Whole number >= 0.

    Returns
    -------
    points : ndarray
        Shape (n, 2).

    Notes
    -----
    Source: Pedregosa et al., J. Mach. Learn. Res. 12, 2825 (2011), ``make_moons``, with random places.

    Examples
    --------
    >>> two_moons(1000, noise=0.0, seed=7).min(axis=0).round(2).tolist()
    [-1.0, -0.5]
    """
    n, generator = _number(n=n), _generator(seed)
    angle, lower = np.pi * generator.random(n), generator.random(n) < 0.5
    x, y = np.cos(angle), np.sin(angle)
    points = np.stack([np.where(lower, 1.0 - x, x), np.where(lower, 0.5 - y, y)], axis=1)
    return _blurred(points, noise, generator)


def eight_gaussians(n, radius=2.0, noise=0.02, seed=0):
    """Eight Gaussians on a circle: draws from ``GaussianMixture.on_circle(8, radius, noise)``.

    Parameters
    ----------
    n, noise, seed
        As for `two_moons`.
    radius : float
        Of the circle [L], > 0.

    Returns
    -------
    points : ndarray
        Shape (n, 2).

    Notes
    -----
    Source: Dumoulin et al., ICLR 2017 (arXiv:1606.00704).

    Examples
    --------
    >>> eight_gaussians(3, noise=0.0, seed=7).round(3).tolist()
    [[0.0, 2.0], [-1.414, 1.414], [1.414, -1.414]]
    """
    n, radius, generator = _number(n=n), _positive(radius=radius), _generator(seed)
    angle = generator.integers(8, size=n) * (np.pi / 4.0)
    return _blurred(radius * np.stack([np.cos(angle), np.sin(angle)], axis=1), noise, generator)


def rings(n, radii=(1.0, 2.0, 3.0), noise=0.1, seed=0):
    """Concentric circles, each with the same share of the points.

    Parameters
    ----------
    n, noise, seed
        As for `two_moons`.
    radii : sequence of float
        [L], > 0.

    Returns
    -------
    points : ndarray
        Shape (n, 2).

    Examples
    --------
    >>> np.unique(np.linalg.norm(rings(50, radii=(0.5, 1.5), noise=0.0), axis=1).round(6)).tolist()
    [0.5, 1.5]
    """
    n, radii, generator = _number(n=n), np.atleast_1d(positive(radii=radii)), _generator(seed)
    if radii.ndim != 1 or not radii.size:
        raise ValueError(f"radii must be one row of numbers, got shape {radii.shape}")
    radius, angle = radii[generator.integers(radii.size, size=n)], 2.0 * np.pi * generator.random(n)
    return _blurred(radius[:, np.newaxis] * np.stack([np.cos(angle), np.sin(angle)], axis=1), noise, generator)


def spirals(n, arms=2, turns=1.5, noise=0.1, seed=0):
    """Arms of Archimedes' spiral that wind ``turns`` times around the origin, out to distance ``turns``.

    Parameters
    ----------
    n, noise, seed
        As for `two_moons`.
    arms : int
        Number of arms, turned against each other evenly.
    turns : float
        > 0.

    Returns
    -------
    points : ndarray
        Shape (n, 2), evenly spread over the area that the arms wind through: r = turns sqrt(u), u uniform.

    Examples
    --------
    >>> print(f"{np.linalg.norm(spirals(2000, turns=1.5, noise=0.0), axis=1).max():.2f}")
    1.50
    """
    n, arms, turns, generator = _number(n=n), _number(arms=arms), _positive(turns=turns), _generator(seed)
    radius = turns * np.sqrt(generator.random(n))
    angle = 2.0 * np.pi * (radius + generator.integers(arms, size=n) / arms)
    return _blurred(radius[:, np.newaxis] * np.stack([np.cos(angle), np.sin(angle)], axis=1), noise, generator)


def checkerboard(n, side=4, seed=0):
    """The dark squares of a board of side x side unit squares around the origin, filled evenly.

    Parameters
    ----------
    n, seed
        As for `two_moons`.
    side : int
        Squares along an edge, >= 1; the one at the lower left is dark.

    Returns
    -------
    points : ndarray
        Shape (n, 2).

    Examples
    --------
    >>> cells = np.floor(checkerboard(500, side=4) + 2.0)
    >>> cells.min(), cells.max(), np.unique(cells.sum(axis=1) % 2)
    (np.float64(0.0), np.float64(3.0), array([0.]))
    """
    n, side, generator = _number(n=n), _number(side=side), _generator(seed)
    dark = np.argwhere(np.add.outer(np.arange(side), np.arange(side)) % 2 == 0)
    return dark[generator.integers(len(dark), size=n)] + generator.random((n, 2)) - 0.5 * side


def _all_rows(size, least, most):
    """All rows of that many bits, ascending."""
    size = _number(size=size)
    if not least <= size <= most:
        raise ValueError(f"size must be from {least} to {most}, got {size}")
    return (np.arange(2**size)[:, np.newaxis] >> np.arange(size)[::-1] & 1).astype(np.float64)


def bars_and_stripes(size):
    """All pictures of size x size pixels whose columns (bars) or rows (stripes) are uniform, each once.

    Parameters
    ----------
    size : int
        Pixels along an edge, from 1 to 12.

    Returns
    -------
    patterns : ndarray
        Shape (2^(size + 1) - 2, size^2), of 0 and 1; row by row (for size 1: 2 patterns).

    Notes
    -----
    Source: D. J. C. MacKay, Information Theory, Inference, and Learning Algorithms (Cambridge, 2003), section 43.1.

    Examples
    --------
    >>> bars_and_stripes(2).astype(int).tolist()
    [[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1], [1, 0, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]]
    """
    lines = _all_rows(size, 1, 12)
    stripes, bars = np.repeat(lines, lines.shape[1], axis=1), np.tile(lines, lines.shape[1])
    return np.unique(np.concatenate([stripes, bars]), axis=0)


def parity_patterns(size, odd=False):
    """All rows of ``size`` bits with an even (or odd) number of ones: no correlation but that of all bits together.

    Parameters
    ----------
    size : int
        Bits, from 1 to 20.
    odd : bool
        Whether the number of ones is odd.

    Returns
    -------
    patterns : ndarray
        Shape (2^(size - 1), size), of 0 and 1.

    Examples
    --------
    >>> parity_patterns(3).astype(int).tolist()
    [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]
    """
    patterns = _all_rows(size, 1, 20)
    return patterns[patterns.sum(axis=1) % 2 == bool(odd)]


def shifter_patterns(size):
    """The shifter: ``size`` bits, the same bits moved round by -1, 0 or +1, and three bits that say which.

    Parameters
    ----------
    size : int
        Bits of one row, from 3 (to tell left from right) to 12.

    Returns
    -------
    patterns : ndarray
        Shape (3 2^size, 2 size + 3), of 0 and 1.

    Notes
    -----
    Source: G. E. Hinton, T. J. Sejnowski, in Parallel Distributed Processing, volume 1 (MIT Press, 1986), chapter 7.

    Examples
    --------
    >>> shifter_patterns(3)[1].astype(int).tolist()
    [0, 0, 1, 0, 1, 0, 1, 0, 0]
    """
    rows, says = _all_rows(size, 3, 12), np.eye(3)
    return np.concatenate(
        [
            np.concatenate([rows, np.roll(rows, shift, axis=1), np.broadcast_to(says[k], (len(rows), 3))], axis=1)
            for k, shift in enumerate((-1, 0, 1))
        ]
    )

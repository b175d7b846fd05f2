"""Relaxation over a barrier at any friction: the slowest decay of the Klein-Kramers equation, exact.

In Hermite functions of the velocity and functions of the position that are orthonormal in e^{-U/kT}, the generator is

    L = s (a+ D - a D+) - gamma a+ a,    s = sqrt(kT/m),  gamma = lambda/m,  D = d/dx,  D+ = -d/dx + U'/kT,

a tridiagonal matrix of blocks.  Its levels n = 1, 2, ... are eliminated from above,

    K_n = gamma n - Lambda + s^2 (n + 1) D^T K_{n+1}^-1 D,

all symmetric, which leaves Lambda c = s^2 D^T K_1^-1 D c.  Polynomials make D triangular with the constant, whose
eigenvalue is 0, in its first column; without it D is inverted, and 1/Lambda is the *largest* eigenvalue of
D^-1 K_1 D^-T / s^2: no digits are lost however high the barrier.
"""

import numpy as np
from scipy.linalg import svdvals
from scipy.linalg.blas import dsyrk, dtrsm
from scipy.linalg.lapack import dpotrf

from .checks import positive, single
from .quadrature import WEIGHTS, panels, reduced
from .weight import Weight, interval

POLYNOMIALS, HERMITES = 48, 32
MOST = (260, 900)
GROWTH = 1.4
OUTWARD = 8.0
SECANTS = 60


def _derivative(weight, order):
    """D between orthonormal polynomials of degree < order: D[i, j] = <p_i p_j'>, upper triangular."""
    x, half = panels(weight.edges)
    root = np.sqrt(half * WEIGHTS * weight(x)).ravel()
    x = x.ravel()
    values, slopes = np.zeros((2, order, x.size))
    values[0] = root / np.linalg.norm(root)
    for j in range(1, order):
        raw = x * values[j - 1]
        overlap = values[:j] @ raw
        raw -= overlap @ values[:j]
        again = values[:j] @ raw  # a second time, against rounding
        raw -= again @ values[:j]
        norm = np.linalg.norm(raw)
        values[j] = raw / norm
        slopes[j] = (values[j - 1] + x * slopes[j - 1] - (overlap + again) @ slopes[:j]) / norm
    return np.triu(values @ slopes.T, 1)


class _Levels:
    """The levels above n = 0, eliminated: a call gives Lambda of Lambda c = s^2 D^T K_1(rate)^-1 D c."""

    def __init__(self, D, gamma, s, hermites):
        self.gamma, self.s, self.hermites = gamma, s, hermites
        # odd levels hold polynomials of one degree less, so that D maps each level into the next
        self.from_even, self.from_odd = np.asfortranarray(D[:-1]), np.asfortranarray(D[:, :-1])

    def __call__(self, rate):
        size = len(self.from_odd) - self.hermites % 2
        K = np.zeros((size, size), order="F")
        for n in range(self.hermites, 0, -1):
            if n < self.hermites:
                lifted = dtrsm(self.s * np.sqrt(n + 1.0), K, self.from_odd if n % 2 else self.from_even, lower=1)
                K = dsyrk(1.0, lifted, trans=1, lower=1)
            K[np.diag_indices(len(K))] += self.gamma * n - rate
            K, failed = dpotrf(K, lower=1, overwrite_a=1)
            if failed:  # K_1 is positive below the first root and gamma
                return np.inf
        inverted = dtrsm(1.0, self.from_even[:, 1:], K)
        return (self.s / svdvals(inverted, overwrite_a=True, check_finite=False)[0]) ** 2


def _root(levels, start, slope, accuracy):
    """Solve rate = levels(rate) by secants from a start and a guess of the slope; return it and the last slope."""
    rate, value = start, levels(start)
    for _ in range(SECANTS):
        following = rate + (value - rate) / (1.0 - slope)
        if not 0.0 < following < levels.gamma / 2.0:
            break
        if abs(following - rate) <= 1e-3 * accuracy * following:
            return following, slope
        before, value = value, levels(following)
        slope = (value - before) / (following - rate)
        rate = following
    raise ValueError(
        "energy must have a barrier above kT: nothing decays more slowly than friction/(2 mass) = "
        f"{levels.gamma / 2.0}, below which no motion can ring, with {len(levels.from_odd)} polynomials and "
        f"{levels.hermites} Hermite functions"
    )


def klein_kramers_rate(energy, *, mass, friction, kT, accuracy=1e-8):
    """Smallest nonzero eigenvalue Lambda_1 of the Klein-Kramers equation: the slowest decay at any friction.

    dp/dt = [-v d/dx + d/dv (U'/m + lambda v/m + (lambda kT/m^2) d/dv)] p.  In a double well it is the rate at which
    the populations relax, k_left + k_right: twice the rate of escape if the wells are alike.

    Parameters
    ----------
    energy : callable
        U(x) [E], array -> array, finite, confining and smooth: a polynomial, or nearly one.
    mass, friction, kT : float
        m [M], lambda [M/T] and thermal energy [E], > 0.
    accuracy : float
        Relative change of the rate that ends the growth of the bases, > 0.

    Returns
    -------
    rate : float
        Lambda_1 [1/T].

    Raises
    ------
    ValueError
        If a parameter is not > 0, the energy is not finite or not confining, the slowest motion is not a decay slower
        than friction/(2 mass), or 260 polynomials and 900 Hermite functions do not suffice.

    Notes
    -----
    Every motion that rings decays at least at friction/(2 mass): the velocity's sign exchanges the eigenfunctions of
    Lambda and its conjugate, so that half of their norm has n >= 1.  Below that bound the first root is the slowest.

    Source: H. Risken, The Fokker-Planck Equation, chapter 10 (matrix continued fractions).

    Examples
    --------
    >>> def energy(x):
    ...     return 2.0 * ((x / 1.2) ** 2 - 1) ** 2
    >>> print(f"{klein_kramers_rate(energy, mass=1.3, friction=0.7, kT=0.9):.9f}")
    0.062645234
    """
    mass, friction, kT, accuracy = positive(mass=mass, friction=friction, kT=kT, accuracy=accuracy)
    single(mass=mass, friction=friction, kT=kT, accuracy=accuracy)
    # polynomials of degree 260 see the weight as far out as 480 kT
    weight = Weight(energy, kT, None, interval(reduced(energy, OUTWARD * kT), None, None))
    gamma, s = friction / mass, np.sqrt(kT / mass)
    sizes, changes = [POLYNOMIALS, HERMITES], [np.inf, np.inf]
    D = _derivative(weight, sizes[0])
    rate, slope = _root(_Levels(D, gamma, s, sizes[1]), 0.0, 0.0, accuracy)
    while max(changes) > accuracy:
        grown = int(np.argmax(changes))
        sizes[grown] = int(GROWTH * sizes[grown])
        if sizes[grown] > MOST[grown]:
            raise ValueError(
                f"energy must be smoother, friction or kT higher, or accuracy above {max(changes):.0e}: {MOST[0]} "
                f"polynomials and {MOST[1]} Hermite functions do not suffice for accuracy = {accuracy}"
            )
        if grown == 0:
            D = _derivative(weight, sizes[0])
        before = rate
        rate, slope = _root(_Levels(D, gamma, s, sizes[1]), before, slope, accuracy)
        changes[grown] = abs(rate / before - 1.0)
    return float(rate)

"""The damped oscillator m x'' + lambda x' + k x = 0, arranged so that no digits are lost in any regime.

The roots of m r^2 - lambda r + k = 0 are r = (lambda -+ sqrt(lambda^2 - 4 k m)) / 2m: a damped oscillation for
lambda^2 < 4 k m, two decays beyond.  Everything here asks for t >= 0 and mass > 0, and broadcasts.
"""

import numpy as np

from .phi import phi

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
NODES, WEIGHTS = (1.0 + NODES) / 2.0, WEIGHTS / 2.0


def modes(t, mass, friction, stiffness):
    """Return (rho, S, rho_v, r): rho = C_xx k/kT, S = -C_xv m/kT, rho_v = C_vv m/kT, r the slow rate."""
    discriminant = friction**2 - 4.0 * stiffness * mass
    root = np.sqrt(np.abs(discriminant))
    overdamped = discriminant >= 0
    slow = 2.0 * stiffness / (friction + root)
    decay = np.exp(-slow * t)
    slope = decay * t * phi(1, root / mass * t)
    fast_decay = np.exp(-(friction + root) / (2.0 * mass) * t)
    omega = np.where(overdamped, 1.0, root / (2.0 * mass))
    half = friction / (2.0 * mass)
    ring = np.exp(-half * t) * np.cos(omega * t)
    swing = np.exp(-half * t) * np.sin(omega * t) / omega
    return (
        np.where(overdamped, decay + slow * slope, ring + half * swing)[()],
        np.where(overdamped, slope, swing)[()],
        np.where(overdamped, fast_decay - slow * slope, ring - half * swing)[()],
        np.where(overdamped, slow, half)[()],
    )


def early(t, mass, friction, stiffness):
    """Where t is shorter than every time of the oscillator."""
    return np.maximum(friction / mass, np.sqrt(stiffness / mass)) * t < 1.0


def relaxed(t, mass, friction, stiffness):
    """1 - rho(t); at short times as (k/m) int_0^t S by Gauss-Legendre quadrature, all of one sign."""
    rho, slope, _, slow = modes(t, mass, friction, stiffness)
    overdamped = friction**2 >= 4.0 * stiffness * mass
    late = np.where(overdamped, -np.expm1(-slow * t) - slow * slope, 1.0 - rho)
    columns = [np.asarray(value)[..., None] for value in (t, mass, friction, stiffness)]
    slopes = modes(columns[0] * NODES, *columns[1:])[1]
    return np.where(early(t, mass, friction, stiffness), stiffness / mass * t * (slopes @ WEIGHTS), late)[()]

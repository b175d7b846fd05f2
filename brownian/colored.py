"""Dynamics with memory: noise of a finite correlation time, alone and with the friction that belongs to it."""

import math
from dataclasses import dataclass

import numpy as np

from .dynamics import Dynamics, checked_parameter, ratio

MOST_MODES = 8


class _ColoredForce(Dynamics):
    """What both share: a force with an exponential correlation, as a second slot of the state."""

    slots = ("position", "force")
    equilibrium = False
    time: float

    def spreads(self, dimension):
        """Of the coloured force."""
        return self.components("force", dimension)[np.newaxis]

    def relaxation_time(self, curvature):
        """Slowest relaxation time [T] in a trap of this curvature [E/L^2]."""
        return max(self.time, float(np.max(self.friction)) / curvature if curvature > 0.0 else math.inf)


@dataclass(frozen=True)
class ColoredNoise(_ColoredForce):
    """Overdamped, driven by coloured noise without memory in the friction: lambda dx = -grad U dt + zeta dt.

    <zeta(t) zeta(t')> = (lambda kT / time) e^(-|t - t'| / time).  For time -> 0 this is ``Overdamped``; at any other
    time the fluctuation-dissipation relation is broken, since the friction has no memory: in a trap of stiffness k,
    <x^2> = (kT / k) / (1 + k time / lambda).

    Parameters
    ----------
    friction
        lambda [M/T], positive; one number, or one per component.
    kT
        Thermal energy [E] of the white limit, zero or positive; one number, or one per component.
    time
        Correlation time of the force [T], positive.

    Source: Haenggi, Jung, Adv. Chem. Phys. 89, 239 (1995).

    Examples
    --------
    >>> import brownian as bn
    >>> bn.ColoredNoise(friction=0.5, kT=0.9, time=0.2).force
    1.5
    """

    friction: float | tuple[float, ...]
    kT: float | tuple[float, ...]
    time: float

    def __post_init__(self):
        checked_parameter(self, "friction", strict=True)
        checked_parameter(self, "kT", strict=False)
        checked_parameter(self, "time", strict=True, single=True)

    @property
    def force(self):
        """Standard deviation of the coloured force [E/L]."""
        value = np.sqrt(np.asarray(self.friction) * np.asarray(self.kT) / self.time)
        return tuple(value.tolist()) if value.ndim else float(value)

    @property
    def white(self):
        """KT of white noise on top: none."""
        return 0.0

    @property
    def diffusion(self):
        """D = kT / lambda [L^2/T] at long times."""
        return ratio(self.kT, self.friction)


@dataclass(frozen=True)
class ActiveForce(_ColoredForce):
    """Overdamped, with thermal noise and an active force: lambda dx = -grad U dt + f dt + sqrt(2 lambda kT) dW.

    <f(t) f(t')> = force^2 e^(-|t - t'| / time): an active Ornstein-Uhlenbeck particle, out of equilibrium.

    Parameters
    ----------
    friction
        lambda [M/T], positive; one number, or one per component.
    kT
        Thermal energy [E], zero or positive; one number, or one per component.
    force
        Standard deviation of the active force [E/L], zero or positive.
    time
        Its correlation time [T], positive.

    Source: Fodor et al., Phys. Rev. Lett. 117, 038103 (2016).

    Examples
    --------
    >>> import brownian as bn
    >>> bn.ActiveForce(friction=0.5, kT=0.9, force=0.5, time=0.8).diffusion
    2.6
    """

    friction: float | tuple[float, ...]
    kT: float | tuple[float, ...]
    force: float
    time: float

    def __post_init__(self):
        checked_parameter(self, "friction", strict=True)
        checked_parameter(self, "kT", strict=False)
        checked_parameter(self, "force", strict=False, single=True)
        checked_parameter(self, "time", strict=True, single=True)

    @property
    def white(self):
        """KT of the white noise."""
        return self.kT

    @property
    def diffusion(self):
        """D = kT / lambda + force^2 time / lambda^2 [L^2/T] at long times."""
        lam = np.asarray(self.friction)
        value = np.asarray(self.kT) / lam + self.force**2 * self.time / lam**2
        return tuple(value.tolist()) if value.ndim else float(value)


@dataclass(frozen=True)
class GeneralizedLangevin(Dynamics):
    """Friction with memory and the noise that belongs to it.

    m dv = -grad U dt - dt int_0^t Gamma(t - s) v(s) ds + eta dt,   <eta(t) eta(t')> = kT Gamma(t - t'),
    Gamma(t) = sum_k (lambda_k / tau_k) e^(-t / tau_k) + 2 lambda_0 delta(t): a Prony series and a white part.

    Parameters
    ----------
    mass
        m [M], positive.
    kT
        Thermal energy [E], zero or positive; one number, or one per component.
    frictions
        lambda_k [M/T] of each mode, positive (one number for one mode); each alone is the friction of slow motion.
    times
        tau_k [T] of each mode, positive.
    friction
        lambda_0 [M/T] of the white part, zero or positive.

    Boltzmann's and Maxwell's distributions are stationary, the diffusion coefficient is kT / (lambda_0 + sum lambda_k).
    Each mode is one more variable: z' = -z / tau + (lambda / tau) v + noise, and -z is its force.

    Source: Zwanzig, Nonequilibrium Statistical Mechanics (Oxford, 2001), ch. 1; Baczewski, Bond, J. Chem. Phys. 139,
    044107 (2013).

    Examples
    --------
    >>> import brownian as bn
    >>> bn.GeneralizedLangevin(mass=1.3, kT=0.9, frictions=[0.5, 0.3], times=[0.6, 4.0], friction=0.1).diffusion
    1.0
    """

    mass: float
    kT: float | tuple[float, ...]
    frictions: tuple[float, ...]
    times: tuple[float, ...]
    friction: float = 0.0

    inertial = True

    def __post_init__(self):
        checked_parameter(self, "mass", strict=True, single=True)
        checked_parameter(self, "kT", strict=False)
        checked_parameter(self, "friction", strict=False, single=True)
        for name in ("frictions", "times"):
            checked_parameter(self, name, strict=True)
            value = getattr(self, name)
            object.__setattr__(self, name, value if isinstance(value, tuple) else (value,))
        if len(self.frictions) != len(self.times):
            raise ValueError(
                f"GeneralizedLangevin: {len(self.frictions)} frictions and {len(self.times)} times, but one of each "
                "per mode is needed"
            )
        if len(self.times) > MOST_MODES:
            raise ValueError(f"GeneralizedLangevin: {len(self.times)} modes, but at most {MOST_MODES} are possible")
        slots = ("position", "velocity", *(f"memory {k}" for k in range(len(self.times))))
        object.__setattr__(self, "slots", slots)

    @property
    def total(self):
        """Friction of slow motion, lambda_0 + sum lambda_k [M/T]."""
        return self.friction + math.fsum(self.frictions)

    @property
    def diffusion(self):
        """D = kT / (lambda_0 + sum lambda_k) [L^2/T]."""
        return ratio(self.kT, self.total)

    def spreads(self, dimension):
        """Of the forces of the modes, sqrt(lambda_k kT / tau_k)."""
        kT = self.components("kT", dimension)
        return np.sqrt(np.outer(np.asarray(self.frictions) / np.asarray(self.times), kT))

    def relaxation_time(self, curvature):
        """Slowest relaxation time [T] in a trap of this curvature [E/L^2]."""
        if curvature <= 0.0:
            return math.inf
        return -1.0 / float(np.linalg.eigvals(self.drift(curvature)).real.max())

    def drift(self, curvature=0.0):
        """Matrix A of d(x, v, z)/dt = A (x, v, z) in a trap of this curvature."""
        modes = len(self.times)
        matrix = np.zeros((2 + modes, 2 + modes))
        matrix[0, 1], matrix[1, 0], matrix[1, 1] = 1.0, -curvature / self.mass, -self.friction / self.mass
        for k, (lam, tau) in enumerate(zip(self.frictions, self.times, strict=True)):
            matrix[1, 2 + k] = -1.0 / self.mass
            matrix[2 + k, 1], matrix[2 + k, 2 + k] = lam / tau, -1.0 / tau
        return matrix

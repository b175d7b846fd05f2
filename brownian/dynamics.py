"""The two forms of Langevin's equation, as values."""

import math
from dataclasses import dataclass

import numpy as np

from .arguments import shortened


def _number_or_components(owner, name, value, *, minimum, strict):
    array = np.asarray(value)
    if array.dtype.kind not in "fiu" or array.ndim > 1 or array.size == 0:
        raise TypeError(f"{owner}: {name} = {shortened(value)}, but one number, or one per component, is needed")
    array = array.astype(np.float64)
    allowed = array > minimum if strict else array >= minimum
    if not (np.isfinite(array) & allowed).all():
        relation = "positive" if strict else "zero or positive"
        raise ValueError(f"{owner}: {name} = {shortened(value)}, but it must be finite and {relation}")
    return tuple(array.tolist()) if array.ndim else float(array)


def checked_parameter(owner, name, *, strict, single=False):
    """Cast a parameter of a dynamics to a float, or a tuple with one value per component, and check its sign."""
    value = getattr(owner, name)
    checked = _number_or_components(type(owner).__name__, name, value, minimum=0.0, strict=strict)
    if single and isinstance(checked, tuple):
        raise TypeError(f"{type(owner).__name__}: {name} = {shortened(value)}, but one number is needed")
    object.__setattr__(owner, name, checked)


class Dynamics:
    """What the forms share.

    slots: arrays of the state, positions first; inertial: whether the second holds velocities; equilibrium: whether
    noise and friction obey the fluctuation-dissipation relation, so that Boltzmann's distribution is stationary.
    """

    slots: tuple[str, ...] = ("position",)
    kT: float | tuple[float, ...]
    friction: float | tuple[float, ...]
    inertial = False
    equilibrium = True

    def spreads(self, dimension):
        """Standard deviations at the start of what lies behind positions and velocities, shape (slots, dimension)."""
        return np.zeros((0, dimension))

    def components(self, name, dimension):
        """A parameter as an array with one value per component."""
        value = getattr(self, name)
        if isinstance(value, tuple) and len(value) not in (1, dimension):
            raise ValueError(f"{type(self).__name__}: {len(value)} values of {name} for {dimension} dimensions")
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (dimension,)).copy()


@dataclass(frozen=True)
class Langevin(Dynamics):
    """Underdamped Langevin dynamics, m dv = -lambda v dt - grad U dt + sqrt(2 lambda kT) dW, dx = v dt.

    Parameters
    ----------
    mass
        m [M], positive.
    friction
        lambda [M/T], zero or positive; one number, or one per component.  Stokes: 6 pi viscosity radius.
    kT
        Thermal energy [E], zero or positive; one number, or one per component.

    The noise strength is lambda kT (fluctuation-dissipation), never a free parameter.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Langevin(mass=1.3, friction=0.7, kT=0.9).diffusion
    1.2857142857142858
    """

    mass: float
    friction: float | tuple[float, ...]
    kT: float | tuple[float, ...]

    slots = ("position", "velocity")
    inertial = True

    def __post_init__(self):
        checked_parameter(self, "mass", strict=True, single=True)
        for name in ("friction", "kT"):
            checked_parameter(self, name, strict=False)

    @property
    def diffusion(self):
        """D = kT / lambda [L^2/T], the D of <dx^2> = 2 D t; infinite without friction."""
        return ratio(self.kT, self.friction)

    def relaxation_time(self, curvature):
        """Slowest relaxation time [T] in a trap of this curvature [E/L^2], over all components."""
        slowest = 0.0
        for friction in np.atleast_1d(self.friction):
            gamma, omega2 = friction / self.mass, curvature / self.mass
            root = gamma * gamma / 4.0 - omega2
            rate = gamma / 2.0 if root <= 0.0 else omega2 / (gamma / 2.0 + math.sqrt(root))
            slowest = max(slowest, 1.0 / rate if rate > 0.0 else math.inf)
        return slowest


@dataclass(frozen=True)
class Overdamped(Dynamics):
    """Overdamped Langevin dynamics, lambda dx = -grad U dt + sqrt(2 lambda kT) dW.

    One step of size dt is x' = x - tau grad U + sqrt(2 tau kT) eps with tau = dt / lambda: at kT = 1 the sampler of
    machine learning.

    Parameters
    ----------
    friction
        lambda [M/T], positive; one number, or one per component.
    kT
        Thermal energy [E], zero or positive; one number, or one per component.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Overdamped(friction=0.5, kT=0.9).diffusion
    1.8
    """

    friction: float | tuple[float, ...]
    kT: float | tuple[float, ...]

    def __post_init__(self):
        checked_parameter(self, "friction", strict=True)
        checked_parameter(self, "kT", strict=False)

    @property
    def diffusion(self):
        """D = kT / lambda [L^2/T], the D of <dx^2> = 2 D t."""
        return ratio(self.kT, self.friction)

    def relaxation_time(self, curvature):
        """Slowest relaxation time [T] in a trap of this curvature [E/L^2]: lambda / curvature."""
        return float(np.max(self.friction)) / curvature if curvature > 0.0 else math.inf


def ratio(kT, friction):
    """D = kT / lambda, infinite without friction."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.asarray(kT) / np.asarray(friction)
    return tuple(value.tolist()) if value.ndim else float(value)

"""The two forms of Langevin's equation, as values."""

import math
from dataclasses import dataclass

import numpy as np


def _number_or_components(owner, name, value, *, minimum, strict):
    array = np.asarray(value)
    if array.dtype.kind not in "fiu" or array.ndim > 1 or array.size == 0:
        raise TypeError(f"{owner}: {name} = {value!r}, but one number, or one per component, is needed")
    array = array.astype(np.float64)
    allowed = array > minimum if strict else array >= minimum
    if not (np.isfinite(array) & allowed).all():
        relation = "positive" if strict else "zero or positive"
        raise ValueError(f"{owner}: {name} = {value!r}, but it must be finite and {relation}")
    return tuple(array.tolist()) if array.ndim else float(array)


class _Dynamics:
    def components(self, name, dimension):
        """A parameter as an array with one value per component."""
        value = getattr(self, name)
        if isinstance(value, tuple) and len(value) not in (1, dimension):
            raise ValueError(f"{type(self).__name__}: {len(value)} values of {name} for {dimension} dimensions")
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (dimension,)).copy()


@dataclass(frozen=True)
class Langevin(_Dynamics):
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

    def __post_init__(self):
        mass = _number_or_components("Langevin", "mass", self.mass, minimum=0.0, strict=True)
        if isinstance(mass, tuple):
            raise TypeError(f"Langevin: mass = {self.mass!r}, but one number is needed")
        object.__setattr__(self, "mass", mass)
        for name in ("friction", "kT"):
            value = _number_or_components("Langevin", name, getattr(self, name), minimum=0.0, strict=False)
            object.__setattr__(self, name, value)

    @property
    def diffusion(self):
        """D = kT / lambda [L^2/T], the D of <dx^2> = 2 D t; infinite without friction."""
        return _ratio(self.kT, self.friction)

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
class Overdamped(_Dynamics):
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

    slots = ("position",)

    def __post_init__(self):
        for name, strict in (("friction", True), ("kT", False)):
            value = _number_or_components("Overdamped", name, getattr(self, name), minimum=0.0, strict=strict)
            object.__setattr__(self, name, value)

    @property
    def diffusion(self):
        """D = kT / lambda [L^2/T], the D of <dx^2> = 2 D t."""
        return _ratio(self.kT, self.friction)

    def relaxation_time(self, curvature):
        """Slowest relaxation time [T] in a trap of this curvature [E/L^2]: lambda / curvature."""
        return float(np.max(self.friction)) / curvature if curvature > 0.0 else math.inf


def _ratio(kT, friction):
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.asarray(kT) / np.asarray(friction)
    return tuple(value.tolist()) if value.ndim else float(value)

"""Units: kernels see bare floats in one coherent set; these say which set, and compute a bead's parameters in it."""

import math
from dataclasses import dataclass

from .arguments import checked, text
from .schedule import positive_number
from .theory.checks import choice, nonnegative

BOLTZMANN = 1.380649e-23  # J/K, exact (SI 2019)


@dataclass(frozen=True)
class Units:
    """A coherent set of units: names for axes and files, factors to SI.

    Parameters
    ----------
    name, time, length, energy, mass
        Names; empty in reduced units.
    time_si, length_si, energy_si
        One unit in s, m, J (all three nan in reduced units); mass and the rest follow.

    Examples
    --------
    >>> from brownian import units
    >>> units.nano.friction_si, units.nano.kT(298.15)
    (1e-12, 4.1164049...)
    """

    name: str
    time: str = ""
    length: str = ""
    energy: str = ""
    mass: str = ""
    time_si: float = math.nan
    length_si: float = math.nan
    energy_si: float = math.nan

    def __post_init__(self):
        """Check all of them."""
        for name in ("name", "time", "length", "energy", "mass"):
            text(name, getattr(self, name))
        sizes = {name: getattr(self, name) for name in ("time_si", "length_si", "energy_si")}
        if not all(isinstance(size, float) and math.isnan(size) for size in sizes.values()):
            for name, size in sizes.items():
                positive_number(name, size)

    @property
    def mass_si(self):
        """Unit of mass in kg."""
        return self.energy_si * self.time_si**2 / self.length_si**2

    @property
    def friction_si(self):
        """Unit of friction in kg/s."""
        return float(f"{self.mass_si / self.time_si:.12g}")

    @property
    def viscosity_si(self):
        """Unit of dynamic viscosity in Pa s."""
        return float(f"{self.mass_si / self.time_si / self.length_si:.12g}")

    def kT(self, temperature_K):
        """Thermal energy k_B T in this set, from the temperature in kelvin."""
        kT = BOLTZMANN * nonnegative(temperature_K=temperature_K) / self.energy_si
        return kT if kT.shape else float(kT)

    @checked(power=text)
    def label(self, quantity, power=""):
        """The text ``" [nm]"`` and the like for an axis; empty in reduced units."""
        symbol = getattr(self, choice(("time", "length", "energy", "mass"), quantity=quantity))
        return f" [{symbol}{power}]" if symbol else ""

    def h5md(self):
        """Unit strings of an H5MD file that readers accept, or None."""
        if self is nano:
            return {"time": "ns", "length": "nm", "velocity": "nm ns-1"}
        return None


reduced = Units("reduced")
nano = Units("nano", "ns", "nm", "pN nm", "ag", 1e-9, 1e-9, 1e-21)  # viscosity in mPa s, velocity in m/s, force in pN
micro = Units("micro", "s", "um", "zJ", "ug", 1.0, 1e-6, 1e-21)  # force in fN, viscosity in mPa s

SETS = {units.name: units for units in (reduced, nano, micro)}


def stokes_friction(viscosity, radius):
    """Friction of a sphere, lambda = 6 pi viscosity radius (Stokes), in any coherent set.

    Examples
    --------
    >>> from brownian.units import stokes_friction
    >>> stokes_friction(0.89e-3, 0.5e-6)  # Pa s, m -> kg/s
    8.38805...e-09
    """
    return 6.0 * math.pi * positive_number("viscosity", viscosity) * positive_number("radius", radius)


@dataclass(frozen=True)
class Bead:
    """A sphere in a fluid: friction, mass, kT, diffusion and relaxation time in a set of units.

    Parameters
    ----------
    radius_um
        Radius in micrometres.
    viscosity_mPas
        Dynamic viscosity of the fluid in mPa s (water at 298.15 K: 0.89; air: 0.0184).
    temperature_K
        Temperature in kelvin.
    density_kg_m3
        Density of the bead in kg/m^3 (polystyrene: 1050, silica: 2000).
    units
        The set in which ``friction``, ``mass``, ``kT``, ``diffusion`` and ``relaxation_time`` are given.

    Examples
    --------
    >>> from brownian.units import Bead
    >>> bead = Bead(radius_um=0.5, viscosity_mPas=0.89, temperature_K=298.15)
    >>> round(bead.friction, 2), round(bead.relaxation_time, 2)  # pN ns/nm, ns
    (8388.05, 65.54)
    """

    radius_um: float
    viscosity_mPas: float
    temperature_K: float
    density_kg_m3: float = 1050.0
    units: Units = nano

    def __post_init__(self):
        for name in ("radius_um", "viscosity_mPas", "temperature_K", "density_kg_m3"):
            object.__setattr__(self, name, positive_number(f"Bead: {name}", getattr(self, name)))
        if not isinstance(self.units, Units):
            raise TypeError(f"Bead: units = {self.units!r}, but units.nano or units.micro is needed")
        if not math.isfinite(self.units.time_si):
            raise ValueError("Bead: reduced units have no size; choose units.nano or units.micro")

    @property
    def friction(self):
        """6 pi viscosity radius."""
        return stokes_friction(self.viscosity_mPas * 1e-3, self.radius_um * 1e-6) / self.units.friction_si

    @property
    def mass(self):
        """Density times volume (the mass of the fluid that moves along is left out)."""
        return self.density_kg_m3 * 4.0 / 3.0 * math.pi * (self.radius_um * 1e-6) ** 3 / self.units.mass_si

    @property
    def kT(self):
        """Thermal energy."""
        return self.units.kT(self.temperature_K)

    @property
    def diffusion(self):
        """D = kT / friction (Stokes-Einstein)."""
        return self.kT / self.friction

    @property
    def relaxation_time(self):
        """Mass / friction: how long the velocity remembers."""
        return self.mass / self.friction

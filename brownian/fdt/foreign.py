"""Schemes of other programs that can be judged from their files, beside our own."""

from typing import NamedTuple

import numpy as np

from ..dynamics import Langevin, Overdamped
from ..integrators import BAOAB, REGISTRY


class BAOAKernel(NamedTuple):
    """v += kick F; x += drift v; v = decay v + spread xi; x += drift v.  The stored v is that after the noise."""

    kick: np.ndarray
    drift: np.ndarray
    decay: np.ndarray
    spread: np.ndarray


class BAOA(BAOAB):
    """Langevin dynamics by B(dt) A(dt/2) O(dt) A(dt/2): OpenMM's LangevinMiddleIntegrator, GROMACS' sd.

    Positions are those of BAOAB; the velocity in the file is ``v_half``, exactly Maxwellian for linear forces.
    Only for judging files: to integrate, use ``BAOAB``.
    Source: Zhang, Liu, Yan, Tuckerman, Liu, J. Phys. Chem. A 123, 6056 (2019).

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.fdt import BAOA
    >>> dynamics = bn.Langevin(mass=1.3, friction=0.7, kT=0.9)
    >>> print(f"{BAOA().kernel(dynamics, 0.1, 1, bn.Free()).kick[0]:.10f}")
    0.0769230769
    """

    def kernel(self, dynamics, dt, dimension, potential):
        """Coefficients of the step; the kick is a whole one."""
        half, drift, decay, spread = super().kernel(dynamics, dt, dimension, potential)
        return BAOAKernel(2.0 * half, drift, decay, spread)


SCHEMES = {
    name.lower(): cls()
    for name, cls in (REGISTRY | {"BAOA": BAOA}).items()
    if {Langevin, Overdamped} & set(cls.facts)  # what velocities and positions tell of
}

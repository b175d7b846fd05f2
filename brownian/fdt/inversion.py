"""From two neighbouring frames back to the normals of the step between them, for every scheme.

Each inverse takes x, v and F of frames n and n + 1 and gives the innovations xi; where a scheme leaves the velocity or
the position determined twice, the difference of the two must be rounding.  Arrays are (steps, particles, components).
"""

import math
from typing import NamedTuple

import numpy as np

from ..integrators.baoab import BAOABKernel
from ..integrators.euler_maruyama import LangevinEulerKernel, OverdampedEulerKernel
from ..integrators.exact_ou import LangevinOUKernel, OverdampedOUKernel
from ..integrators.obabo import OBABOKernel
from ..integrators.overdamped import HeunKernel, LeimkuhlerMatthewsKernel
from .foreign import BAOAKernel

ROUNDINGS = 8.0  # of the operations between what is compared, counted on the longest of the formulas below


class Innovations(NamedTuple):
    """What two frames say about the noise between them.

    xi: (steps, particles, kinds * components) normals (of Leimkuhler-Matthews: the sum of two neighbouring ones);
    before: velocity as the noise finds it; after: velocity just after it (None where there is none); residual: largest
    difference of what is determined twice, and bound: what rounding may make of it (None where nothing is); rounding:
    bound for the rounding error of xi, per component.
    """

    xi: np.ndarray
    before: np.ndarray | None
    after: np.ndarray | None
    residual: float | None
    bound: float | None
    rounding: np.ndarray


class Scale(NamedTuple):
    """Sizes of a slab for rounding bounds: of the rounding of stored x and v, max |F| and max |dF/dx|."""

    x: float
    v: float
    f: float
    curvature: float

    def of_force(self):
        """Rounding error of a force at a stored position."""
        return self.f * np.finfo(np.float64).eps + self.curvature * self.x


def _largest(values):
    return float(max(values.max(initial=0.0), -values.min(initial=0.0)))


def scale_of(slab, curvature, dtype, grid):
    """Sizes of a slab: numbers are rounded by their type, and by the grid that the file keeps them on."""
    eps = float(np.finfo(dtype).eps)
    v = 0.0 if slab.v is None else max(eps * _largest(slab.v), grid.v)
    return Scale(max(eps * _largest(slab.x), grid.x), v, _largest(slab.f), curvature)


def _split_kick(kernel, slab, scale, after_is_stored=False):
    kick, drift, decay, spread = kernel
    kicks = kick * slab.f
    before = slab.v[:-1] + kicks[:-1]  # B
    after = slab.v[1:] if after_is_stored else slab.v[1:] - kicks[1:]
    residual = before + after
    residual *= drift
    residual += slab.x[:-1]
    residual -= slab.x[1:]
    xi = np.multiply(before, -decay)
    xi += after
    xi /= spread
    speed = scale.v + kick * scale.of_force()
    bound = ROUNDINGS * float(np.max(scale.x + drift * speed))
    return Innovations(xi, before, after, _largest(residual), bound, ROUNDINGS * speed / spread)


def _baoab(kernel, slab, scale):
    return _split_kick(kernel, slab, scale)


def _baoa(kernel, slab, scale):
    return _split_kick(kernel, slab, scale, after_is_stored=True)


def _obabo(kernel, slab, scale):
    kick, drift, decay, spread = kernel
    kicks = kick * slab.f
    middle = (slab.x[1:] - slab.x[:-1]) / drift  # the velocity of A
    after = middle - kicks[:-1]
    first = (after - decay * slab.v[:-1]) / spread
    second = (slab.v[1:] - decay * (middle + kicks[1:])) / spread
    speed = scale.x / drift + scale.v + kick * scale.of_force()
    rounding = ROUNDINGS * speed / spread
    return Innovations(
        np.concatenate([first, second], axis=2), slab.v[:-1], after, None, None, np.concatenate([rounding, rounding])
    )


def _langevin_euler(kernel, slab, scale):
    dt, kick, drag, spread = kernel
    before = slab.v[:-1]
    xi = (slab.v[1:] - before + drag * before - kick * slab.f[:-1]) / spread
    residual = _largest(slab.x[:-1] + dt * before - slab.x[1:])
    speed = scale.v + kick * scale.of_force()
    bound = ROUNDINGS * float(np.max(scale.x + dt * scale.v))
    return Innovations(xi, before, slab.v[1:], residual, bound, ROUNDINGS * speed / spread)


def _langevin_ou(kernel, slab, scale):
    m, shift, n = kernel.matrix, kernel.shift, kernel.spread
    x, v = slab.x[:-1], slab.v[:-1]
    first = (slab.x[1:] - shift[:, 0] - m[:, 0, 0] * x - m[:, 0, 1] * v) / n[:, 0, 0]
    second = (slab.v[1:] - shift[:, 1] - m[:, 1, 0] * x - m[:, 1, 1] * v - n[:, 1, 0] * first) / n[:, 1, 1]
    at_first = ROUNDINGS * (scale.x + np.abs(m[:, 0, 1]) * scale.v) / n[:, 0, 0]
    at_second = ROUNDINGS * (np.abs(m[:, 1, 0]) * scale.x + scale.v) / n[:, 1, 1]
    at_second = at_second + np.abs(n[:, 1, 0]) / n[:, 1, 1] * at_first
    return Innovations(
        np.concatenate([first, second], axis=2), v, None, None, None, np.concatenate([at_first, at_second])
    )


def _from_positions(slab, scale, drift, tau, spread):
    xi = (slab.x[1:] - drift) / spread
    rounding = ROUNDINGS * (scale.x + tau * scale.of_force()) / spread
    return Innovations(xi, None, None, None, None, rounding)


def _overdamped_euler(kernel, slab, scale):
    return _from_positions(slab, scale, slab.x[:-1] + kernel.tau * slab.f[:-1], kernel.tau, kernel.spread)


def _leimkuhler_matthews(kernel, slab, scale):
    return _from_positions(slab, scale, slab.x[:-1] + kernel.tau * slab.f[:-1], kernel.tau, kernel.half_spread)


def _overdamped_ou(kernel, slab, scale):
    drift = kernel.decay * slab.x[:-1] + kernel.shift
    return _from_positions(slab, scale, drift, np.zeros_like(kernel.decay), kernel.spread)


def _heun(kernel, slab, scale):
    """Find y with x' = y + tau (F(y) - F(x)) / 2; the noise is then that of y = x + tau F(x) + s xi."""
    tau, half_tau, spread = kernel
    known = slab.x[1:] + half_tau * slab.f[:-1]
    y, last = slab.x[1:].copy(), math.inf
    for _ in range(200):
        improved = known - half_tau * slab.force_at(y)
        change = _largest(improved - y)
        y = improved
        if change == 0.0 or change >= last:  # a contraction comes to rest at rounding
            break
        last = change
    xi = (y - slab.x[:-1] - tau * slab.f[:-1]) / spread
    shrink = 1.0 / np.maximum(1.0 - half_tau * scale.curvature, 0.05)
    rounding = ROUNDINGS * shrink * (scale.x + tau * scale.of_force()) / spread
    return Innovations(xi, None, None, None, None, rounding)


INVERSES = {
    BAOABKernel: _baoab,
    BAOAKernel: _baoa,
    OBABOKernel: _obabo,
    LangevinEulerKernel: _langevin_euler,
    LangevinOUKernel: _langevin_ou,
    OverdampedEulerKernel: _overdamped_euler,
    LeimkuhlerMatthewsKernel: _leimkuhler_matthews,
    OverdampedOUKernel: _overdamped_ou,
    HeunKernel: _heun,
}


def invert(kernel, slab, scale):
    """The innovations of a slab of frames."""
    return INVERSES[type(kernel)](kernel, slab, scale)


def needs_velocities(kernel):
    """Whether the inverse of a scheme needs velocities."""
    return not isinstance(kernel, OverdampedEulerKernel | LeimkuhlerMatthewsKernel | OverdampedOUKernel | HeunKernel)

"""Stop conditions: a particle that meets one rests where it is from then on, and the time is kept.

Between the ends of a step a path may have touched a wall and come back.  Where the path inside of a step is Brownian
motion with drift (Euler-Maruyama, or no force) this happens with probability exp(-2 a b / s^2), a and b the distances
of the two ends from the wall, s the spread of a step; and the first touch is at u dt / (1 + u), u an inverse Gaussian
of mean a / b and shape (a / s)^2.  Both are drawn (``bridge``): first-passage times then do not carry the error of
looking after steps only, which is of order sqrt(dt).

Sources: Karatzas, Shreve, Brownian Motion and Stochastic Calculus (Springer, 1991), section 2.8; Michael, Schucany,
Haas, Am. Stat. 30, 88 (1976).
"""

import math
from typing import NamedTuple

import numpy as np
from numba.extending import overload

from .. import vectormath
from ..compiled import OPTIONS, class_of, inlined, method
from ..noise import STEPS_PER_CALL, fill_chances, normal_and_uniform

RUNNING = -1.0  # in the slot of the stop times


class NoStop(NamedTuple):
    """Nothing stops."""


class Walls(NamedTuple):
    """One component leaves (low, high)."""

    low: float
    high: float
    component: int

    def met(self, old, x, i):
        return x[self.component, i] <= self.low or x[self.component, i] >= self.high


class BridgedWalls(NamedTuple):
    """One component leaves (low, high), inside of a step too; spread: of the noise of a step."""

    low: float
    high: float
    component: int
    spread: float

    def touch(self, before, after, chance):
        lower = _chance_to_touch(before - self.low, after - self.low, self.spread)
        upper = _chance_to_touch(self.high - before, self.high - after, self.spread)
        # one number for both walls, from its two ends: they are too far apart for both to be touched in one step
        return -1.0 if chance < lower else 1.0 if 1.0 - chance < upper else 0.0

    def wall(self, side):
        return self.low if side < 0.0 else self.high


class BridgedLevel(NamedTuple):
    """One component meets a level, inside of a step too."""

    level: float
    component: int
    spread: float

    def touch(self, before, after, chance):
        side = 1.0 if before > self.level else -1.0
        reached = _chance_to_touch(side * (before - self.level), side * (after - self.level), self.spread)
        return 1.0 if chance < reached else 0.0

    def wall(self, side):
        return self.level


class Level(NamedTuple):
    """One component is on the other side of a level than before the step."""

    level: float
    component: int

    def met(self, old, x, i):
        before, after = old[self.component, i] - self.level, x[self.component, i] - self.level
        return before * after <= 0.0


class Ball(NamedTuple):
    """Within a distance of a point."""

    center: np.ndarray
    radius: float

    def met(self, old, x, i):
        square = 0.0
        for d in range(x.shape[0]):
            y = x[d, i] - self.center[min(d, self.center.size - 1)]
            square += y * y
        return square <= self.radius * self.radius


class Box(NamedTuple):
    """Inside of a box."""

    low: np.ndarray
    high: np.ndarray

    def met(self, old, x, i):
        inside = True
        for d in range(x.shape[0]):
            below = x[d, i] < self.low[min(d, self.low.size - 1)]
            inside = inside and not (below or x[d, i] > self.high[min(d, self.high.size - 1)])
        return inside


def stops(stop):
    """Whether a condition (or its type) stops anything."""
    return class_of(stop) is not NoStop


def bridged(stop):
    """Whether a condition (or its type) looks inside of steps."""
    return class_of(stop) in (BridgedLevel, BridgedWalls)


@method
def met(stop, old, x, i):
    """Whether lane i has met the condition."""
    return stop.met(old, x, i)


@method
def touch(stop, before, after, chance):
    """Whether a path between two positions touched a wall: 0, or -1 and 1 for the lower and the upper one."""
    return stop.touch(before, after, chance)


@method
def wall(stop, side):
    """Where the wall on a side is."""
    return stop.wall(side)


@inlined
def _chance_to_touch(before, after, spread):
    # below e^-60 nothing is ever drawn, and numbers that small would take a hundred times longer
    return vectormath.exp(max(-60.0, min(0.0, -2.0 * before * after / (spread * spread))))


@inlined
def _moment_of_touch(distance, after, spread, normal, uniform):
    """Part of the step at which a wall at this distance is first touched; after: the distance at its end."""
    mean, shape = distance / max(after, 1e-300), (distance / spread) * (distance / spread)
    ratio = 0.5 * mean * normal * normal / shape
    u = mean / (1.0 + ratio + math.sqrt(ratio * (2.0 + ratio)))
    if uniform * (mean + u) > mean:
        u = mean / u * mean
    return u / (1.0 + u) if u < 1e300 else 1.0


def keep(stop, s, old):
    """Copy a block, where some of it may have to be put back."""
    if stops(stop):
        _copy(stop, s, old)


@inlined
def _copy(stop, s, old):
    for k in range(s.shape[0]):
        for d in range(s.shape[1]):
            for i in range(s.shape[2]):
                old[k, d, i] = s[k, d, i]


@inlined
def _leave(stop, s, old):
    pass


@overload(keep, strict=False, jit_options=OPTIONS)
def _compiled_keep(stop, s, old):
    return _copy if stops(stop) else _leave


@inlined
def _put_back(s, old):
    last = s.shape[0] - 1
    times = old[last, 0]
    for k in range(last):
        for d in range(s.shape[1]):
            for i in range(s.shape[2]):
                s[k, d, i] = old[k, d, i] if times[i] >= 0.0 else s[k, d, i]


@inlined
def _halt(stop, noise, s, old, chances, n, dt, first_step, first_particle):
    _put_back(s, old)
    times, running = s[s.shape[0] - 1, 0], 0
    for i in range(s.shape[2]):
        if times[i] < 0.0:
            if met(stop, old[0], s[0], i):
                times[i] = (n + 1) * dt
            else:
                running += 1
    return running


@inlined
def _halt_bridged(stop, noise, s, old, chances, n, dt, first_step, first_particle):
    _put_back(s, old)
    if n % STEPS_PER_CALL == 0 or n == first_step:
        fill_chances(chances, noise, n, first_particle)
    times, row, sides = s[s.shape[0] - 1, 0], chances[n % STEPS_PER_CALL], old[s.shape[0] - 1, 0]
    before, after = old[0, stop.component], s[0, stop.component]
    for i in range(s.shape[2]):
        chance = (np.float64(row[i]) + 0.5) * 2.3283064365386963e-10
        side = touch(stop, before[i], after[i], chance)
        sides[i] = side if times[i] < 0.0 else 0.0
    for i in range(s.shape[2]):
        if sides[i] != 0.0:
            place = wall(stop, sides[i])
            normal, uniform = normal_and_uniform(noise, n, first_particle + i)
            part = _moment_of_touch(abs(before[i] - place), abs(after[i] - place), stop.spread, normal, uniform)
            times[i] = (n + part) * dt
            after[i] = place
    return _running(stop, s)


@inlined
def _never(stop, noise, s, old, chances, n, dt, first_step, first_particle):
    return 1


def _halting(stop):
    if not stops(stop):
        return _never
    return _halt_bridged if bridged(stop) else _halt


def halt(stop, noise, s, old, chances, n, dt, first_step, first_particle):
    """Stop what has met the condition in step n, put back what had stopped before; how many lanes still run."""
    return _halting(stop)(stop, noise, s, old, chances, n, dt, first_step, first_particle)


@overload(halt, strict=False, jit_options=OPTIONS)
def _compiled_halt(stop, noise, s, old, chances, n, dt, first_step, first_particle):
    return _halting(stop)


@inlined
def _running(stop, s):
    count, times = 0, s[s.shape[0] - 1, 0]
    for i in range(s.shape[2]):
        count += times[i] < 0.0
    return count


@inlined
def _all_run(stop, s):
    return s.shape[2]


def still_running(stop, s):
    """How many lanes of a block run at the start of a call."""
    return (_running if stops(stop) else _all_run)(stop, s)


@overload(still_running, strict=False, jit_options=OPTIONS)
def _compiled_still_running(stop, s):
    return _running if stops(stop) else _all_run


@inlined
def _write(stop, s, tallies, frame, first):
    column = tallies.shape[2] - 1
    for i in range(min(s.shape[2], tallies.shape[1] - first)):
        tallies[frame, first + i, column] = s[s.shape[0] - 1, 0, i]


@inlined
def _write_nothing(stop, s, tallies, frame, first):
    pass


def write_times(stop, s, tallies, frame, first):
    """Write the stop times (-1 while running) into the last column of the tallies."""
    (_write if stops(stop) else _write_nothing)(stop, s, tallies, frame, first)


@overload(write_times, strict=False, jit_options=OPTIONS)
def _compiled_write_times(stop, s, tallies, frame, first):
    return _write if stops(stop) else _write_nothing

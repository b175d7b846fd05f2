"""Stop conditions as a user states them; ``compiled`` makes the value that the loop takes."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import numbers, shortened
from ..integrators.euler_maruyama import OverdampedEulerKernel
from ..integrators.overdamped import HeunKernel
from ..noise import Given
from ..potentials import ConstantForce, Free
from ..schedule import real_number, whole_number
from .kernels import Ball, Box, BridgedLevel, BridgedWalls, Level, Walls

FEWEST_SPREADS = 6.0  # between two walls: both are touched in one step with probability below e^-72


class StopCondition(ABC):
    """What the conditions share."""

    @abstractmethod
    def compiled(self, simulation):
        """The value for the compiled loop."""

    @abstractmethod
    def met_at(self, x):
        """Which of the positions (particles, dimension) have met the condition already."""


def _component(condition, simulation):
    if not 0 <= condition.component < simulation.dimension:
        raise ValueError(
            f"{condition}: component = {shortened(condition.component)}, but the simulation has {simulation.dimension} "
            "dimensions"
        )
    return int(condition.component)


def _finite(owner, **values):
    for name, value in values.items():
        if math.isnan(real_number(f"{owner}: {name}", value)):
            raise ValueError(f"{owner}: {name} = {shortened(value)}, but a number is needed")


def _looked_at(condition):
    """Check which component is looked at, and whether inside of steps."""
    owner, bridge = type(condition).__name__, condition.bridge
    whole_number(f"{owner}: component", condition.component, 0)
    if bridge is not None and not isinstance(bridge, bool | np.bool_):
        raise TypeError(f"{owner}: bridge = {shortened(bridge)}, but True, False or None is needed")


def _positions(x, name="x", component=0):
    """Positions as an array (particles, dimension), which has this component."""
    numbers(name, x)
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] <= component:
        raise ValueError(f"{name} of shape {x.shape}, but (particles, dimension) with component {component} is needed")
    return x


def _coordinate(condition, x, name="x"):
    """The component of positions that a condition looks at."""
    return _positions(x, name, condition.component)[:, condition.component]


def _point(owner, name, value):
    numbers(f"{owner}: {name}", value)
    array = np.array(value, dtype=np.float64)
    if array.ndim > 1 or array.size == 0 or np.isnan(array).any():
        raise ValueError(f"{owner}: {name} = {shortened(value)}, but one number, or one per component, is needed")
    return np.atleast_1d(array)


def _fits(owner, array, name, simulation):
    if array.size not in (1, simulation.dimension):
        raise ValueError(f"{owner}: {array.size} components of {name} for {simulation.dimension} dimensions")


def _spread(condition, simulation):
    """Spread of the noise of a step where a path inside of it is Brownian motion and is to be looked at, or 0."""
    kernel = simulation.kernel
    free = isinstance(kernel, HeunKernel) and isinstance(simulation.potential, Free | ConstantForce)
    exact = isinstance(kernel, OverdampedEulerKernel) or free
    reason = None
    if not exact:
        scheme = simulation.integrator
        reason = f"paths inside of a step are Brownian motion only for EulerMaruyama, overdamped, not {scheme}"
    elif isinstance(simulation.noise, Given):
        reason = "the noise is given as an array, and a bridge needs a seed"
    elif simulation.bookkeeping:
        reason = "a particle put on the wall would leave the energies of the step that took it there"
    elif not kernel.spread[condition.component] > 0.0:
        reason = "there is no noise (kT = 0)"
    if reason is None:
        return 0.0 if condition.bridge is False else float(kernel.spread[condition.component])
    if condition.bridge:
        raise ValueError(f"{condition}: {reason}; give bridge=False, or a smaller step")
    return 0.0


@dataclass(frozen=True)
class LeaveInterval(StopCondition):
    """Stop when one component leaves (low, high).

    Parameters
    ----------
    low, high
        [L]; one of them may be infinite.
    component
        Which component, from 0.
    bridge
        Also find touches inside of a step, exactly, and their times.  None: where that is exact (overdamped
        Euler-Maruyama; free motion).  The particle then rests on the wall; otherwise where it was found beyond, the
        time is the end of the step, and the mean first-passage time too long by O(sqrt(dt)).

    Examples
    --------
    >>> import brownian as bn
    >>> simulation = bn.Simulation(
    ...     potential=bn.Free(), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.01, particles=1000, seed=7,
    ...     start="rest", stop=bn.LeaveInterval(-1.0, 2.0))
    >>> times = simulation.run(steps=1000).stop_times
    >>> times.shape, bool((times > 0.0).all())
    ((1000,), True)
    """

    low: float
    high: float
    component: int = 0
    bridge: bool | None = None

    def __post_init__(self):
        _looked_at(self)
        _finite("LeaveInterval", low=self.low, high=self.high)
        if not self.low < self.high:
            raise ValueError(
                f"LeaveInterval: low = {shortened(self.low)} and high = {shortened(self.high)}, but low < high is "
                "needed"
            )
        if math.isinf(self.low) and math.isinf(self.high):
            raise ValueError("LeaveInterval: low and high are both infinite: no particle can leave")

    def compiled(self, simulation):
        """The value for the compiled loop."""
        component, spread = _component(self, simulation), _spread(self, simulation)
        if spread > 0.0 and self.high - self.low < FEWEST_SPREADS * spread:
            raise ValueError(
                f"{self}: the interval is {(self.high - self.low) / spread:.3g} spreads of a step wide, but at least "
                f"{FEWEST_SPREADS:g} are needed: take a smaller step"
            )
        low, high = float(self.low), float(self.high)
        return BridgedWalls(low, high, component, spread) if spread > 0.0 else Walls(low, high, component)

    def met_at(self, x):
        """Which positions are outside, or on the bounds."""
        x = _coordinate(self, x)
        return (x <= self.low) | (x >= self.high)

    def sides(self, positions):
        """+1 for particles on the upper side, -1 for the lower, 0 inside; positions (particles, dimension) at the
        end.
        """
        x = _coordinate(self, positions, "positions")
        return (x >= self.high).astype(int) - (x <= self.low).astype(int)


@dataclass(frozen=True)
class CrossLevel(StopCondition):
    """Stop when one component crosses a level, from whichever side it comes.

    Parameters
    ----------
    level
        [L], finite.
    component
        Which component, from 0.
    bridge
        As for ``LeaveInterval``.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.CrossLevel(0.5).met_at([[0.5], [0.4]])
    array([ True, False])
    """

    level: float
    component: int = 0
    bridge: bool | None = None

    def __post_init__(self):
        _looked_at(self)
        _finite("CrossLevel", level=self.level)
        if math.isinf(real_number("CrossLevel: level", self.level)):
            raise ValueError(f"CrossLevel: level = {shortened(self.level)}, but it must be finite")

    def compiled(self, simulation):
        """The value for the compiled loop."""
        component, spread = _component(self, simulation), _spread(self, simulation)
        level = float(self.level)
        return BridgedLevel(level, component, spread) if spread > 0.0 else Level(level, component)

    def met_at(self, x):
        """Which positions are on the level."""
        return _coordinate(self, x) == self.level


@dataclass(frozen=True)
class EnterBall(StopCondition):
    """Stop within a distance of a point: |x - center| <= radius, looked at after every step.

    Parameters
    ----------
    center
        [L]; one number for every component, or one per component.
    radius
        [L], positive and finite.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.EnterBall([1.0, 0.0], 0.5).met_at([[1.2, 0.3], [0.0, 0.0]])
    array([ True, False])
    """

    center: Any
    radius: float

    def __post_init__(self):
        _finite("EnterBall", radius=self.radius)
        if not (0.0 < self.radius < math.inf and np.isfinite(_point("EnterBall", "center", self.center)).all()):
            raise ValueError(
                f"EnterBall: center = {shortened(self.center)}, radius = {shortened(self.radius)}, but they must be "
                "finite, and the radius positive"
            )

    def compiled(self, simulation):
        """The value for the compiled loop."""
        center = _point("EnterBall", "center", self.center)
        _fits("EnterBall", center, "center", simulation)
        return Ball(center, float(self.radius))

    def met_at(self, x):
        """Which positions are inside."""
        square = ((_positions(x) - _point("EnterBall", "center", self.center)) ** 2).sum(axis=1)
        return square <= self.radius**2


@dataclass(frozen=True)
class EnterBox(StopCondition):
    """Stop inside of a box: low <= x <= high in every component, looked at after every step.

    Parameters
    ----------
    low, high
        [L]; one number for every component, or one per component; may be infinite.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.EnterBox(low=[1.0, -float("inf")], high=float("inf")).met_at([[1.2, -7.0], [0.0, 0.0]])
    array([ True, False])
    """

    low: Any
    high: Any

    def __post_init__(self):
        low, high = _point("EnterBox", "low", self.low), _point("EnterBox", "high", self.high)
        if not np.all(low < high):
            raise ValueError(
                f"EnterBox: low = {shortened(self.low)} and high = {shortened(self.high)}, but low < high is needed"
            )
        if np.isinf(low).all() and np.isinf(high).all():
            raise ValueError("EnterBox: the box is all of space")

    def compiled(self, simulation):
        """The value for the compiled loop."""
        low, high = _point("EnterBox", "low", self.low), _point("EnterBox", "high", self.high)
        for name, array in (("low", low), ("high", high)):
            _fits("EnterBox", array, name, simulation)
        return Box(low, high)

    def met_at(self, x):
        """Which positions are inside."""
        x, low, high = _positions(x), _point("EnterBox", "low", self.low), _point("EnterBox", "high", self.high)
        return ((x >= low) & (x <= high)).all(axis=1)


STOPS = {cls.__name__: cls for cls in (CrossLevel, EnterBall, EnterBox, LeaveInterval)}

"""Times and steps: everything that happens, happens after a whole number of steps."""

import math
import operator
from typing import NamedTuple

import numpy as np

from .arguments import shortened

MOST_STEPS = 2**53  # up to here the time of a step is a float with no step left out


def whole_number(name, value, minimum):
    """A whole number of at least ``minimum``; TypeError or ValueError that names the value otherwise."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} = {shortened(value)}, but a whole number is needed") from None
    if isinstance(value, bool) or number < minimum:
        raise ValueError(f"{name} = {shortened(value)}, but it must be at least {minimum}")
    return number


def checked_seed(seed):
    """A seed, 0 ... 2^64 - 1; TypeError or ValueError that names the value otherwise."""
    number = whole_number("seed", seed, 0)
    if number >= 2**64:
        raise ValueError(f"seed = {shortened(seed)}, but it must be below 2**64")
    return number


def real_number(name, value):
    """A float; TypeError that names the value otherwise.  Whole numbers beyond the largest float are infinite."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} = {shortened(value)}, but a number is needed")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def positive_number(name, value):
    """A positive finite float; TypeError or ValueError that names the value otherwise."""
    number = real_number(name, value)
    if not (math.isfinite(number) and number > 0.0):
        raise ValueError(f"{name} = {shortened(value)}, but it must be positive and finite")
    return number


def kept_type(dtype):
    """The type of numbers that are kept, float32 or float64; ValueError that names the value otherwise."""
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError):
        found = None
    if dtype is None or found not in (np.float32, np.float64):
        raise ValueError(f"dtype = {shortened(dtype)}, but it must be numpy.float32 or numpy.float64")
    return found


def steps_in(name, time, dt):
    """The whole number of steps in a time.

    Examples
    --------
    >>> from brownian.schedule import steps_in
    >>> steps_in("every", 0.3, 0.1)
    3
    """
    ratio = positive_number(name, time) / dt
    if not ratio < MOST_STEPS:
        raise ValueError(
            f"{name} = {shortened(time)} is {ratio:.3g} steps of dt = {shortened(dt)}, but steps must stay below 2**53"
        )
    steps = round(ratio)
    if steps < 1 or abs(ratio - steps) > 1e-9 * max(1.0, steps):
        raise ValueError(
            f"{name} = {shortened(time)} is {ratio:.9g} steps of dt = {shortened(dt)}, but it must be a whole "
            f"number of steps, e.g. {max(1, steps) * dt:.12g}"
        )
    return steps


class Walk(NamedTuple):
    """The checked arguments of a run of independent walkers on discrete states."""

    steps: int
    walkers: int
    seed: int
    every: int
    first_step: int
    first_walker: int

    @property
    def last_step(self):
        """Number of the step at the end."""
        return self.first_step + self.steps


def checked_walk(step, walker, *, steps, walkers, seed, every, first_step, first_walker, most):
    """The arguments as a ``Walk``; TypeError or ValueError that names the value and what is allowed.

    step, walker: what the two are called in the messages; most: walker numbers stay below.
    """
    first_steps, first_walkers = f"first_{step}", f"first_{walker}"
    taken, count = whole_number(f"{step}s", steps, 1), whole_number(f"{walker}s", walkers, 1)
    first, origin = whole_number(first_steps, first_step, 0), whole_number(first_walkers, first_walker, 0)
    seed = checked_seed(seed)
    every = taken if every is None else whole_number("every", every, 1)
    if every > taken:
        raise ValueError(f"every = {shortened(every)}, but the run has {taken} {step}s")
    if origin + count > most:
        raise ValueError(
            f"{first_walkers} = {shortened(first_walker)} and {walker}s = {shortened(walkers)}, but {walker} numbers "
            f"must stay below {most}"
        )
    if first + taken >= MOST_STEPS:
        raise ValueError(
            f"{first_steps} = {shortened(first_step)} and {step}s = {shortened(steps)}, but {step} numbers must stay "
            "below 2**53"
        )
    return Walk(taken, count, seed, every, first, origin)


def frame_steps(every, steps, dt):
    """Steps after the start at which a frame is kept, ascending, ending at or before ``steps``.

    ``every`` is a time, an ascending array of times (a schedule), or None for the end alone.
    """
    if every is None:
        return np.array([steps], dtype=np.int64)
    if np.ndim(every) == 0:
        stride = steps_in("every", every[()] if isinstance(every, np.ndarray) else every, dt)
        if stride > steps:
            raise ValueError(f"every = {shortened(every)} is {stride} steps, but the run has {steps}")
        return np.arange(stride, steps + 1, stride, dtype=np.int64)
    if np.ndim(every) > 1:
        raise ValueError(f"every has shape {np.shape(every)}, but one time, or a list of times, is needed")
    chosen = np.array([steps_in("every", time, dt) for time in np.asarray(every).tolist()], dtype=np.int64)
    if chosen.size == 0 or np.any(np.diff(chosen) <= 0) or chosen[-1] > steps:
        raise ValueError(
            f"every = {shortened(every)}, but a schedule must ascend and end within the {steps} steps of the run"
        )
    return chosen


def logarithmic_times(dt, time, per_decade=10):
    """Times for ``every``: whole steps, about equally spaced in the logarithm, up to ``time``.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.logarithmic_times(0.5, 50.0, per_decade=2)
    array([ 0.5,  1.5,  5. , 16. , 50. ])
    """
    last, per_decade = steps_in("time", time, positive_number("dt", dt)), positive_number("per_decade", per_decade)
    if per_decade > last:
        raise ValueError(f"per_decade = {per_decade:g}, but there are only {last} steps in time = {time:g}")
    count = max(2, round(per_decade * math.log10(last)) + 1) if last > 1 else 1
    return np.unique(np.rint(np.geomspace(1, last, count)).astype(np.int64)) * dt

"""When a run is looked at, and what is looked for; how a file tells of it."""

import math

import numpy as np

from ..description import build_named
from .averages import Histogram, Moments, Populations
from .lagged import Autocorrelation, MeanSquaredDisplacement
from .observable import Size
from .observer import Observer, unpack_state

OBSERVABLES = {cls.__name__: cls for cls in (Autocorrelation, Histogram, MeanSquaredDisplacement, Moments, Populations)}


class Watch:
    """An observer, and the steps at whose end it looks.

    Parameters
    ----------
    observables
        See ``Observer``.
    every, first, steps
        Steps between looks; the first one; steps of the run.
    particles, dimension, inertial
        What is looked at: the first particles of a run.
    """

    def __init__(self, observables, *, every, first, steps, particles, dimension, inertial):
        self.every, self.first = every, first
        self.frames = np.arange(first, steps + 1, every)
        self.observer = Observer(observables, particles, dimension, len(self.frames), inertial=inertial)

    def describe(self):
        """As plain data."""
        size = self.observer.size
        return {
            "every": self.every, "from": self.first, "frames": size.frames, "particles": size.particles,
            "observables": {
                name: {"class": type(one).__name__} | vars(one) for name, one in self.observer.observables.items()
            },
        }  # fmt: skip


def observed(description, packed, shape):
    """What a trajectory's newest checkpoint tells of its observables: name to result."""
    data = description["observe"]
    observables = {name: build_named("observable", OBSERVABLES, entry) for name, entry in data["observables"].items()}
    numbers, size = unpack_state(packed, shape)[1], Size(data["particles"], shape[2], data["frames"])
    needed = 1 + sum(math.prod(kept) for one in observables.values() for kept in one.shapes(size).values())
    if needed > len(numbers):  # before any memory is taken
        raise ValueError(f"the file tells of observables of {needed} numbers, but there are {len(numbers)}")
    observer = Observer(observables, data["particles"], shape[2], data["frames"], inertial=True)
    observer.unpack(numbers)
    return observer.results(data["every"] * description["dt"])

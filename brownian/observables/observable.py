"""What all observables share: groups of particles that carry the error, and sums that go on from a checkpoint.

Sums are kept per group of neighbouring particles (up to 256 groups), in the order of frames and particles: the bits do
not depend on threads, nor on the cut of a run into calls.  The scatter of the groups is the standard error.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np

GROUPS = 256


class Size(NamedTuple):
    """What is observed: particles, components, and the number of frames that will be at most."""

    particles: int
    dimension: int
    frames: int

    @property
    def groups(self):
        """Number of groups of particles."""
        return min(self.particles, GROUPS)

    @property
    def bounds(self):
        """First particle of each group, and the end, shape (groups + 1,)."""
        return np.linspace(0, self.particles, self.groups + 1).astype(np.int64)


class Observable(ABC):
    """An average over frames and particles.

    ``of`` names what is looked at, "positions" or "velocities".
    """

    of: str = "positions"
    KINDS: ClassVar = ("positions", "velocities")

    @abstractmethod
    def shapes(self, size):
        """Shapes of the arrays that hold all there is to remember, by name."""

    def check(self, size):
        """Raise where the observable does not fit what is observed."""
        looks_at(self)

    @abstractmethod
    def add(self, kept, size, frame, x):
        """Take in frame number ``frame``, x of shape (particles, dimension)."""

    @abstractmethod
    def result(self, kept, size, frames, interval):
        """What has been found after some frames, ``interval`` apart [T]."""


def looks_at(observable):
    """Refuse what is no kind that the observable can look at."""
    if not (isinstance(observable.of, str) and observable.of in observable.KINDS):
        kinds = " or ".join(map(repr, observable.KINDS))
        raise ValueError(f"{type(observable).__name__}: of = {observable.of!r}, but it must be {kinds}")


def component_in(observable, size):
    """Check the component of an observable."""
    if observable.component not in range(size.dimension):
        raise ValueError(f"{observable}: component {observable.component}, but there are {size.dimension}")


def over_groups(sums, size, frames):
    """Mean and standard error from sums of shape (groups, ...) over frames and the particles of each group."""
    members = np.diff(size.bounds).reshape(-1, *[1] * (sums.ndim - 1))
    value = sums.sum(axis=0) / (size.particles * frames)
    if size.groups < 2:
        return value, np.full(value.shape, np.nan)
    squares = (members * (sums / (members * frames) - value) ** 2).sum(axis=0)  # of groups that may differ in size
    return value, np.sqrt(squares / ((size.groups - 1) * size.particles))

"""Noise that is used twice: by a run that goes on where another ended, and by the jobs of a sweep."""

import contextlib
import contextvars
import hashlib
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

REMEMBERED = 1000  # ends of runs
HASHED = 64  # particles

_ends: OrderedDict = OrderedDict()
_drawing: contextvars.ContextVar = contextvars.ContextVar("drawing", default=None)


class Drawn(NamedTuple):
    """The noise that a run has drawn: seed, kind, particles and steps (first, and one beyond the last)."""

    seed: int
    kind: str
    particles: tuple[int, int]
    steps: tuple[int, int]


def overlap(one, other):
    """Whether two runs drew some numbers that are the same.

    Examples
    --------
    >>> from brownian.advice.reuse import Drawn, overlap
    >>> first = Drawn(7, "Philox", (0, 10), (0, 1000))
    >>> overlap(first, Drawn(7, "Philox", (0, 10), (1000, 2000)))
    False
    >>> overlap(first, Drawn(7, "Philox", (5, 6), (900, 1000)))
    True
    """
    return tuple(one[:2]) == tuple(other[:2]) and all(
        max(a[0], b[0]) < min(a[1], b[1]) for a, b in zip(one[2:], other[2:], strict=True)
    )


def noise_of(simulation, steps):
    """What a run draws, or None where the noise was given."""
    if not hasattr(simulation.noise, "seed"):
        return None
    first, begin = simulation.first_particle, simulation.first_step
    return Drawn(
        int(simulation.seed), type(simulation.noise).__name__, (first, first + simulation.particles),
        (begin, begin + steps),
    )  # fmt: skip


def _digest(positions):
    """The same for positions in float64 and their frame in float32."""
    return hashlib.blake2b(np.ascontiguousarray(positions[:HASHED], dtype=np.float32).tobytes()).digest()


def remember(simulation, steps, engine):
    """Note what a run has drawn and where it ended."""
    drawn = noise_of(simulation, steps)
    if drawn is None:
        return
    blocks = engine.state[: -(-HASHED // engine.lanes), 0]  # a copy of all positions may be large
    positions = blocks.transpose(0, 2, 1).reshape(-1, simulation.dimension)[: simulation.particles]
    _ends[_digest(positions)] = drawn
    while len(_ends) > REMEMBERED:
        _ends.popitem(last=False)
    listening = _drawing.get()
    if listening is not None:
        listening[drawn] = None


def reused(simulation, steps, positions):
    """A word on a run that goes on from the end of another with the same noise."""
    drawn = noise_of(simulation, steps)
    if drawn is None or isinstance(simulation.start, str):
        return None
    before = _ends.get(_digest(positions))
    if before is None or not overlap(before, drawn):
        return None
    return (
        f"this run starts where one with seed {drawn.seed} ended, and would draw the noise of its steps "
        f"{drawn.steps[0]} ... {min(before.steps[1], drawn.steps[1])} again: what follows is correlated with what was; "
        f"first_step={before.steps[1]} goes on with fresh noise, another seed does too"
    )


@contextlib.contextmanager
def drawn_noise():
    """Collect what the runs inside of the block draw, in this thread; the keys of a dict, in their order.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.advice import drawn_noise
    >>> with drawn_noise() as drawn:
    ...     run = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.01,
    ...                         particles=3, seed=7).run(steps=5)
    >>> list(drawn)
    [Drawn(seed=7, kind='Philox', particles=(0, 3), steps=(0, 5))]
    """
    collected: dict[Drawn, None] = {}
    token = _drawing.set(collected)
    try:
        yield collected
    finally:
        _drawing.reset(token)

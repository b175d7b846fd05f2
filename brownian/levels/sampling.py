"""Walkers on levels, compiled: one 64-bit uniform a step, a function of (seed, step, walker), decides where to go."""

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np

from ..caching import compiled_for
from ..compiled import inlined
from ..engine import available_threads
from ..noise import LEVEL, MAX_PARTICLES, philox, uniforms_at
from ..schedule import checked_walk, whole_number
from ..vectormath import exp

RULES = ("glauber", "metropolis")

_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)
_CALLS = 64  # of Philox, made at once: each gives the uniforms of two steps
_AT_ONCE = 2**24  # steps of all walkers of a thread between two looks at the keyboard


@dataclasses.dataclass(frozen=True, repr=False)
class LevelWalks:
    """What `DiscreteLevels.sample` returns; the numbers of levels are their places in ``energies``.

    Parameters
    ----------
    states
        Levels at the kept steps, shape (frames, walkers).
    frame_steps
        Numbers of the kept steps, shape (frames,).
    counts
        Number of steps after which a walker was in a level, shape (walkers, levels); the start is not counted.
    end
        Levels after the last step, shape (walkers,).
    first_step, last_step
        Number of the step at the start, and at the end.
    """

    states: np.ndarray
    frame_steps: np.ndarray
    counts: np.ndarray
    end: np.ndarray
    first_step: int
    last_step: int

    @property
    def populations(self):
        """Fraction of the steps that a walker spent in a level, shape (walkers, levels): independent rows."""
        return self.counts / (self.last_step - self.first_step)

    def __repr__(self):
        walkers, levels = self.counts.shape
        frames = len(self.states)
        return (
            f"LevelWalks({walkers:,} walker{'s' * (walkers > 1)}, {levels:,} level{'s' * (levels > 1)}, steps "
            f"{self.first_step} to {self.last_step}, {frames:,} frame{'s' * (frames > 1)})"
        )


def fill_acceptance(origins, energies, kT, glauber, out):
    """out[i, j] = a_ij, the probability that a move from the energy origins[i] to energies[j] is accepted."""
    for i in range(origins.size):
        for j in range(energies.size):
            gap = energies[j] - origins[i]
            x = gap / kT if gap != 0.0 else 0.0
            out[i, j] = 1.0 / (1.0 + exp(x)) if glauber else exp(min(-x, 0.0))


def _acceptance(origins, energies, kT, rule):
    if not isinstance(rule, str) or rule not in RULES:
        raise ValueError(f"rule = {rule!r}, but it must be {' or '.join(map(repr, RULES))}")
    out = np.empty((origins.size, energies.size))
    with np.errstate(over="ignore", divide="ignore"):
        compiled_for(fill_acceptance)(origins, energies, np.float64(kT), rule == "glauber", out)
    return out


def transition_matrix(energies, degeneracies, kT, rule):
    """P_ij = q_j a_ij with q = g / sum g; on the diagonal q_i plus all that is offered and not accepted."""
    offered = degeneracies / degeneracies.sum()
    acceptance = _acceptance(energies, energies, kT, rule)
    matrix = offered * acceptance
    refused = offered * (1.0 - acceptance)
    np.fill_diagonal(refused, offered)
    np.fill_diagonal(matrix, refused.sum(axis=1))
    return matrix


def slots(degeneracies):
    """(edges, widths) of the levels' slots in 0 ... 2^64, wide as their shares of all states, each to one unit."""
    exact = [Fraction(g) for g in degeneracies.tolist()]
    scale, below, edges = Fraction(2**64) / sum(exact), Fraction(0), []
    for g in exact:
        edges.append(int(scale * below))
        below += g
    widths = [b - a for a, b in zip(edges, [*edges[1:], 2**64], strict=True)]
    if min(widths) < 1:
        level = widths.index(min(widths))
        raise ValueError(
            f"degeneracies: level {level} has {degeneracies[level]} of {degeneracies.sum()} states; with less than "
            "2^-64 of them it would never be offered"
        )
    return np.array(edges, np.uint64), np.array([min(width, 2**64 - 1) for width in widths], np.uint64)


def accepted_widths(widths, acceptance):
    """The part a_ij of each slot, in units of 2^-64, rounded down."""
    part = np.minimum(widths * np.minimum(acceptance, 1.0 - 2.0**-53), 2.0**64 - 2048.0).astype(np.uint64)
    return np.where(acceptance >= 1.0, widths, np.minimum(part, widths))


def guide_to(edges):
    """(guide, shift): the level at the lower end of each of 2^k equal parts of 0 ... 2^64, k = 64 - shift.

    Four parts a level at least, so that few parts hold an edge and the search ends where it begins (Chen and Asau,
    AIIE Trans. 6, 163 (1974)).
    """
    k = max(8, (4 * edges.size).bit_length())
    ends = np.arange(2**k, dtype=np.uint64) << np.uint64(64 - k)
    return np.searchsorted(edges, ends, side="right") - 1, np.uint64(64 - k)


@inlined
def slot_of(edges, guide, shift, u):
    """The level whose slot holds u: the last one with an edge that is not above it."""
    level = guide[u >> shift]
    while level + 1 < edges.size and u >= edges[level + 1]:
        level += 1
    return level


def walk(first, last, levels, counts, frames, edges, guide, shift, accepted, uniforms, seed, first_walker, first_step,
         last_step, origin, every):  # fmt: skip
    """Take walkers [first, last) from first_step to last_step; keep frames ``every`` steps, counted from ``origin``."""
    key0, key1, calls = seed & _LOW, seed >> _32, uniforms.shape[1]
    for w in range(first, last):
        walker, level = np.uint64(first_walker + w), levels[w]
        frame = (first_step - origin) // every
        kept = origin + (frame + 1) * every
        step = first_step
        while step < last_step:
            call = step >> 1
            number = min(calls, ((last_step + 1) >> 1) - call)
            for k in range(number):
                count = np.uint64(call + k)
                a, b, c, d = philox(count & _LOW, count >> _32, walker, np.uint64(LEVEL), key0, key1)
                uniforms[0, k] = a << _32 | b
                uniforms[1, k] = c << _32 | d
            for n in range(step, min(last_step, 2 * (call + number))):
                u = uniforms[n & 1, (n >> 1) - call]
                offered = slot_of(edges, guide, shift, u)
                level = offered if u - edges[offered] < accepted[level, offered] else level
                counts[w, level] += 1
                if n + 1 == kept:
                    frames[frame, w] = level
                    frame += 1
                    kept += every
            step = 2 * (call + number)
        levels[w] = level


def _start(start, energies, degeneracies, kT, seed, first_walker, walkers):
    if isinstance(start, str):
        if start != "stationary":
            raise ValueError(f"start = {start!r}, but it must be 'stationary', a level, or an array of levels")
        lowest = energies[energies.argmin() : energies.argmin() + 1]
        below = np.cumsum(degeneracies * _acceptance(lowest, energies, kT, "metropolis")[0])
        u = uniforms_at(seed, first_particle=first_walker, particles=walkers, component=1, purpose=LEVEL)
        u = np.minimum(u[:, 0] + 2.0**-32 * (u[:, 1] - 0.5), 1.0 - 2.0**-53)  # 64 bits, rounded, below 1
        return np.searchsorted(below, u * below[-1], side="right")
    levels = np.asarray(start)
    if levels.dtype.kind not in "iu":
        raise TypeError(f"start = {start!r}, but it must be 'stationary', a level, or an array of levels")
    if levels.shape not in ((), (walkers,)):
        raise ValueError(f"start has shape {levels.shape}, but a level for all, or shape ({walkers},), is needed")
    wrong = (levels < 0) | (levels >= energies.size)
    if wrong.any():
        raise ValueError(f"start: level {levels[wrong].flat[0]}, but levels are 0 ... {energies.size - 1}")
    return np.broadcast_to(levels, (walkers,))


def sample(energies, degeneracies, kT, *, steps, walkers, seed, rule, every, start, first_step, first_walker, threads):
    """Take walkers through the steps; see `DiscreteLevels.sample`."""
    made = checked_walk("step", "walker", steps=steps, walkers=walkers, seed=seed, every=every, first_step=first_step,
                        first_walker=first_walker, most=MAX_PARTICLES)  # fmt: skip
    steps, walkers, seed, every, first_step, first_walker = made
    last_step = made.last_step
    threads = available_threads() if threads is None else whole_number("threads", threads, 1)
    edges, widths = slots(degeneracies)
    guide, shift = guide_to(edges)
    accepted = accepted_widths(widths, _acceptance(energies, energies, kT, rule))
    levels = np.array(_start(start, energies, degeneracies, kT, seed, first_walker, walkers), np.int64)
    counts = np.zeros((walkers, energies.size), np.int64)
    frames = np.empty((steps // every, walkers), np.int32)
    take = compiled_for(walk)

    def piece(first, last, begin, end):
        uniforms = np.empty((2, _CALLS), np.uint64)
        take(first, last, levels, counts, frames, edges, guide, shift, accepted, uniforms, np.uint64(seed),
             first_walker, begin, end, first_step, every)  # fmt: skip

    bounds = np.linspace(0, walkers, min(walkers, threads if threads == 1 else 4 * threads) + 1).astype(np.int64)
    stretch = max(1, threads * _AT_ONCE // walkers)
    with ThreadPoolExecutor(threads, thread_name_prefix="brownian") as pool:
        for begin in range(first_step, last_step, stretch):
            end = min(begin + stretch, last_step)
            futures = [pool.submit(piece, int(a), int(b), begin, end) for a, b in itertools.pairwise(bounds)]
            for future in futures:
                future.result()
    frame_steps = first_step + every * np.arange(1, len(frames) + 1)
    return LevelWalks(frames, frame_steps, counts, levels, first_step, last_step)

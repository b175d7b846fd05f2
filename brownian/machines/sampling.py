"""Runs of Gibbs sampling: chains shared out to threads, and what a run gives back."""

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..caching import compiled_for
from ..engine import available_threads
from ..noise import MAX_PARTICLES, Philox, normals_at, uniforms_at
from ..schedule import checked_walk, whole_number
from .arguments import states_of
from .decisions import START
from .layers import group_of, scratch, sweep_layers
from .units import LANES, lanes, sweep_units

_AT_ONCE = 2**26  # updates of units, of a thread, between two looks at the keyboard
_WORTH_A_THREAD = 2**20  # updates of units; fewer are made before threads are there


@dataclasses.dataclass(frozen=True, repr=False)
class GibbsSamples:
    """What `sample` of a machine returns.

    Parameters
    ----------
    states
        Visible units at the kept sweeps, shape (frames, chains, units).
    hidden
        Hidden units that these were drawn from, shape (frames, chains, hidden units), or None.
    frame_sweeps
        Numbers of the kept sweeps, shape (frames,).
    end
        Visible units after the last sweep, shape (chains, units): all that a run needs to go on.
    first_sweep, last_sweep
        Number of the sweep at the start, and at the end.
    """

    states: np.ndarray
    hidden: np.ndarray | None
    frame_sweeps: np.ndarray
    end: np.ndarray
    first_sweep: int
    last_sweep: int

    def __repr__(self):
        frames, chains, units = self.states.shape
        more = f" and {self.hidden.shape[2]:,} hidden" if self.hidden is not None else ""
        return (
            f"GibbsSamples({chains:,} chain{'s' * (chains > 1)}, {units:,}{more} unit{'s' * (units > 1)}, sweeps "
            f"{self.first_sweep} to {self.last_sweep}, {frames:,} frame{'s' * (frames > 1)})"
        )


@dataclasses.dataclass(frozen=True)
class Plan:
    """The checked arguments of a run."""

    sweeps: int
    chains: int
    seed: int
    every: int
    first_sweep: int
    first_chain: int
    threads: int

    @property
    def last_sweep(self):
        """Number of the sweep at the end."""
        return self.first_sweep + self.sweeps

    @property
    def frame_sweeps(self):
        """Numbers of the kept sweeps."""
        return self.first_sweep + self.every * np.arange(1, self.sweeps // self.every + 1)


def plan(*, sweeps, chains, seed, every=None, first_sweep=0, first_chain=0, threads=None):
    """Check the arguments of a run; raises TypeError or ValueError that names the value and what is allowed."""
    made = checked_walk("sweep", "chain", steps=sweeps, walkers=chains, seed=seed, every=every, first_step=first_sweep,
                        first_walker=first_chain, most=MAX_PARTICLES)  # fmt: skip
    threads = available_threads() if threads is None else whole_number("threads", threads, 1)
    return Plan(made.steps, made.walkers, made.seed, made.every, made.first_step, made.first_walker, threads)


def start_of(start, made, units, values):
    """The visible units that a run begins with, an array of its own: fair coins ("random"), or an array."""
    if isinstance(start, str):
        if start != "random":
            raise ValueError(f"start = {start!r}, but it must be 'random' or an array of states")
        shared = {"first_particle": made.first_chain, "particles": made.chains, "purpose": START}
        coins = [uniforms_at(made.seed, component=c, **shared) for c in range(-(-units // 4))]
        on = np.concatenate(coins, axis=1)[:, :units] < 0.5
        return np.where(on, values[1], values[0]).astype(np.int8)
    array = states_of("start", start, units, values)
    if array.shape not in ((units,), (made.chains, units)):
        raise ValueError(
            f"start has shape {array.shape}, but ({units},), one state for all, or ({made.chains}, {units}) is needed"
        )
    return np.array(np.broadcast_to(array, (made.chains, units)), array.dtype, order="C")  # one layout, one compilation


def gaussian_start(start, made, means, spread):
    """The Gaussian visible units that a run begins with: drawn without the hidden ones ("random"), or an array."""
    if isinstance(start, str) and start == "random":
        z = normals_at(
            Philox(np.uint64(made.seed)), 0, 1, first_particle=made.first_chain, particles=made.chains,
            dimension=means.size, purpose=START,
        )  # fmt: skip
        return means + spread * z[0, 0]
    return start_of(start, made, means.size, None).astype(np.float64)


def _in_threads(made, pieces, work, piece):
    """Call piece(first, last, begin, end) for all pieces of the chains and all stretches of the sweeps."""
    few = made.chains * made.sweeps * work < _WORTH_A_THREAD
    number = min(pieces, 1 if few or made.threads == 1 else 4 * made.threads)
    bounds = np.linspace(0, pieces, number + 1).astype(np.int64)
    stretch = max(1, made.threads * _AT_ONCE // (made.chains * work))
    stretches = [
        (begin, min(begin + stretch, made.last_sweep)) for begin in range(made.first_sweep, made.last_sweep, stretch)
    ]
    shares = [(int(a), int(b)) for a, b in itertools.pairwise(bounds)]
    if number == 1:
        for begin, end in stretches:
            piece(*shares[0], begin, end)
        return
    with ThreadPoolExecutor(made.threads, thread_name_prefix="brownian") as pool:
        for begin, end in stretches:
            for future in [pool.submit(piece, a, b, begin, end) for a, b in shares]:
                future.result()


_ALWAYS, _NO_LOGS = np.ones(1), np.empty(0)


def sample_units(network, states, made, betas=_ALWAYS, logs=_NO_LOGS):
    """Take states (chains, units) through the sweeps of a plan, in place; returns the kept ones."""
    frames = np.empty((made.sweeps // made.every, *states.shape), np.int8)
    take, units = compiled_for(sweep_units, network, lanes(1)), states.shape[1]

    def piece(first, last, begin, end):
        take(first, last, states, network, lanes(units), frames, betas, logs, np.uint64(made.seed), made.first_chain,
             begin, end, made.first_sweep, made.every)  # fmt: skip

    _in_threads(made, -(-made.chains // LANES), units * units // 16 + units, piece)
    return frames


def sample_layers(to_visible, to_hidden, visible, hidden_units, made, betas=_ALWAYS, logs=_NO_LOGS):
    """Take visible units (chains, units) through the sweeps of a plan, in place; returns the kept ones and the hidden
    ones that they were drawn from.
    """
    gaussian, units = to_visible.spread.size > 0, visible.shape[1]
    frames = np.empty((made.sweeps // made.every, *visible.shape), visible.dtype)
    hidden = np.empty((*frames.shape[:2], hidden_units), np.int8)
    seen, seen_frames = np.empty((0, 0), np.int8), np.empty((0, 0, 0), np.int8)
    felt, felt_frames = np.empty((0, 0)), np.empty((0, 0, 0))
    if gaussian:
        felt, felt_frames = visible, frames
    else:
        seen, seen_frames = visible, frames
    take, group = (
        compiled_for(sweep_layers, scratch(1, 1), scratch(1, 1), to_visible, to_hidden),
        group_of(to_visible, to_hidden),
    )

    def piece(first, last, begin, end):
        rooms = scratch(units, group), scratch(hidden_units, group)
        take(first, last, seen, felt, *rooms, to_visible, to_hidden, seen_frames, felt_frames, hidden, betas, logs,
             np.uint64(made.seed), made.first_chain, begin, end, made.first_sweep, made.every)  # fmt: skip

    _in_threads(made, made.chains, units * hidden_units // 16 + units + hidden_units, piece)
    return frames, hidden

"""The one compiled loop: blocks of particles, each taken through all steps to the next interrupt while it is in cache.

The state is an array (blocks, slots, dimension, lanes): slot 0 holds positions, slot 1 velocities where the scheme has
them; a block is a slice of ``lanes`` neighbouring particles.  Every number is a function of (state, step, particle)
alone, so neither the cut into blocks, nor the threads, nor the cut of a run into calls changes a bit.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .caching import compiled_for
from .compiled import inlined
from .integrators.counted import counted_begin, counted_step
from .integrators.ledger import SLOTS, NoLedger, counts
from .integrators.moves import counts_acceptance, deciding_components, work_rows
from .integrators.tallies import columns, tally, tally_accepted
from .noise import STEP, STEPS_PER_CALL, address_of_draw, draw_at
from .potentials.potential import own
from .stops.kernels import NoStop, bridged, halt, keep, still_running, stops, write_times


@inlined
def _record(frames32, frames64, frame, first, values):
    """Copy values[d, lane] to frames[frame, first + lane, d] of the array in use (the other is empty)."""
    dimension, lanes = values.shape
    if frames32.size:
        count = min(lanes, frames32.shape[1] - first)
        for d in range(dimension):
            for i in range(count):
                frames32[frame, first + i, d] = np.float32(values[d, i])
    elif frames64.size:
        count = min(lanes, frames64.shape[1] - first)
        for d in range(dimension):
            for i in range(count):
                frames64[frame, first + i, d] = values[d, i]


@inlined
def _record_all(kernel, ledger, stop, potential, s, work, frame, first, t, x32, x64, v32, v64, tallies):
    _record(x32, x64, frame, first, s[0])
    _record(v32, v64, frame, first, s[min(1, s.shape[0] - 1)])
    if tallies.size:
        tally(ledger, potential, s, t, work, tallies, frame, first)
        write_times(stop, s, tallies, frame, first)
        tally_accepted(kernel, s, tallies, frame, first)


def run_blocks(first_block, last_block, state, kernel, potential, noise, drawing, ledger, stop, z, row, words, work,
               old, chances, lookahead, window, first_particle, first_step, last_step, dt, frame_steps, x32, x64, v32,
               v64, tallies):  # fmt: skip
    """Take blocks [first_block, last_block) from first_step to last_step; copy the state at ``frame_steps``."""
    lanes = state.shape[3]
    for block in range(first_block, last_block):
        s = state[block]
        lane0 = block * lanes
        drawn = first_step // window * window
        draw_at(drawing, noise, z, row, words, drawn, first_particle + lane0, STEP)
        counted_begin(ledger, kernel, potential, s, work, z, first_step - drawn, first_step * dt)
        frame, running = 0, still_running(stop, s)
        while frame < frame_steps.size and frame_steps[frame] <= first_step:
            frame += 1
        for n in range(first_step, last_step):
            if running:
                if n + lookahead >= drawn + window:
                    drawn += window
                    draw_at(drawing, noise, z, row, words, drawn, first_particle + lane0, STEP)
                keep(stop, s, old)
                counted_step(
                    ledger, kernel, potential, s, work, z, n + lookahead - drawn, n % 2 == 1, n * dt, (n + 1) * dt
                )  # fmt: skip
                running = halt(stop, noise, s, old, chances, n, dt, first_step, first_particle + lane0)
            if frame < frame_steps.size and n + 1 == frame_steps[frame]:
                t = (n + 1) * dt
                _record_all(kernel, ledger, stop, potential, s, work, frame, lane0, t, x32, x64, v32, v64, tallies)
                frame += 1


def block_lanes(particles, dimension, threads):
    """Particles per block: the working set stays in the first-level cache, and every thread gets a block."""
    fitting = max(16, min(256, 1 << max(0, (512 // dimension).bit_length() - 1)))
    return max(1, min(fitting, -(-particles // threads)))


def noise_window(lanes):
    """Steps whose noise is drawn at once: 4, or more where a block is too narrow to fill the vector registers."""
    return STEPS_PER_CALL * max(1, 128 // lanes) if lanes < 16 else STEPS_PER_CALL


class Engine:
    """The state of a run in blocks, and the threads that take it forward.

    Parameters
    ----------
    kernel, potential, noise
        Values of the compiled classes.
    slots, normals
        Slots of the state; normals per step and coordinate.
    particles, dimension, dt
        Size of the system and step.
    first_particle
        Number of the first particle in the noise.
    threads
        Number of threads.
    ledger, stop
        Values of the compiled classes of bookkeeping and of stop conditions, whose slots follow those of the scheme;
        None: neither.
    """

    def __init__(
        self, kernel, potential, noise, *, slots, normals, particles, dimension, dt, first_particle, threads,
        ledger=None, stop=None,
    ):  # fmt: skip
        """Compile (or load) the loop and lay out the blocks."""
        ledger, stop = NoLedger() if ledger is None else ledger, NoStop() if stop is None else stop
        self.kernel, self.potential, self.noise, self.ledger, self.stop = kernel, potential, noise, ledger, stop
        self.particles, self.dimension, self.dt, self.first_particle = particles, dimension, dt, first_particle
        self.normals, self.lanes = normals, block_lanes(particles, dimension, threads)
        self.lookahead, self.window = int(kernel.keeps_noise), noise_window(self.lanes)
        self.blocks = -(-particles // self.lanes)
        slots += counts_acceptance(kernel) + (SLOTS if counts(ledger) else 0) + stops(stop)
        self.state = np.zeros((self.blocks, slots, dimension, self.lanes))
        pieces = min(self.blocks, threads if threads == 1 else 4 * threads)
        self._bounds = np.linspace(0, self.blocks, pieces + 1).astype(np.int64)
        self._threads = threads
        self._pool = None
        self._drawing = address_of_draw(noise)
        self._run = compiled_for(run_blocks, kernel, potential, noise, ledger, stop)

    def particle_of(self, block, lane):
        """The particle of a lane of a block."""
        return block * self.lanes + lane

    def load(self, state):
        """Set the state from an array (slots, particles, dimension); the last particle fills up the last block."""
        slots = state.shape[0]
        padding = self.blocks * self.lanes - self.particles
        for slot in range(slots):
            rows = (
                np.concatenate([state[slot], np.repeat(state[slot, -1:], padding, axis=0)]) if padding else state[slot]
            )
            self.state[:, slot] = rows.reshape(self.blocks, self.lanes, self.dimension).transpose(0, 2, 1)

    def unload(self):
        """The state as an array (slots, particles, dimension)."""
        slots = self.state.shape[1]
        rows = self.state.transpose(1, 0, 3, 2).reshape(slots, -1, self.dimension)
        return np.ascontiguousarray(rows[:, : self.particles])

    @property
    def columns(self):
        """Names of the columns of the tallies."""
        further = ("stop time",) if stops(self.stop) else ("accepted",) if counts_acceptance(self.kernel) else ()
        return (*columns(self.ledger, self.dimension), *further)

    def start(self, first_step, last_step, frame_steps, positions=None, velocities=None, tallies=None):
        """Begin to take all blocks from first_step to last_step; returns a function that waits for the end.

        positions and velocities: arrays (frames, particles, dimension) of float32 or float64, or None; tallies:
        float64, (frames, particles, columns), or None.
        """
        buffers = [array for values in (positions, velocities) for array in _by_precision(values)]
        buffers.append(np.empty((0, 0, 0)) if tallies is None else tallies)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="brownian")
        futures = [
            self._pool.submit(self._piece, a, b, first_step, last_step, frame_steps, buffers)
            for a, b in zip(self._bounds[:-1], self._bounds[1:], strict=True)
        ]

        def wait():
            for future in futures:
                future.result()

        return wait

    def advance(self, first_step, last_step):
        """Take all blocks from first_step to last_step."""
        self.start(first_step, last_step, np.empty(0, np.int64))()

    def _piece(self, first_block, last_block, first_step, last_step, frame_steps, buffers):
        components = self.dimension + deciding_components(self.kernel)
        z = self.noise.buffer(self.window, self.normals, components, self.lanes)
        groups = self.window // STEPS_PER_CALL
        row = self.noise.buffer(1, 1, 2, groups)[0, 0]
        words = np.empty((STEPS_PER_CALL, max(self.lanes, groups)), np.uint32)
        work = np.zeros((work_rows(self.kernel, counts(self.ledger)), self.dimension, self.lanes))
        old = np.empty(self.state.shape[1:] if stops(self.stop) else (0, 0, 0))
        chances = np.empty((STEPS_PER_CALL, self.lanes if bridged(self.stop) else 0), np.uint32)
        self._run(
            first_block, last_block, self.state, self.kernel, own(self.potential), self.noise, self._drawing,
            self.ledger, self.stop, z, row, words, work, old, chances, self.lookahead, self.window, self.first_particle,
            first_step, last_step, self.dt, frame_steps, *buffers,
        )  # fmt: skip

    def block_not_finite(self):
        """The first block with a particle that is not finite, or None; lanes beyond the last particle are mended."""
        if np.isfinite(self.state.sum()):
            return None
        finite = np.isfinite(self.state).all(axis=(1, 2))
        bad = np.flatnonzero(~finite.ravel()[: self.particles])
        if bad.size:
            return int(bad[0]) // self.lanes
        last = (self.particles - 1) % self.lanes
        self.state[-1, :, :, last + 1 :] = self.state[-1, :, :, last, np.newaxis]
        return None

    def advance_block(self, block, first_step, last_step):
        """Take one block forward: for finding where a number ceased to be finite."""
        nothing = [*_by_precision(None), *_by_precision(None), np.empty((0, 0, 0))]
        self._piece(block, block + 1, first_step, last_step, np.empty(0, np.int64), nothing)

    def close(self):
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def _by_precision(values):
    single, double = np.empty((0, 0, 0), np.float32), np.empty((0, 0, 0), np.float64)
    if values is None:
        return single, double
    return (values, double) if values.dtype == np.float32 else (single, values)


def available_threads():
    """Threads by default: BROWNIAN_THREADS if set, else the processors that this process may use."""
    if os.environ.get("BROWNIAN_THREADS", "").isdigit():
        return max(1, int(os.environ["BROWNIAN_THREADS"]))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

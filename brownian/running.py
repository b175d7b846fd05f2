"""A run from interrupt to interrupt: frames to their place, checkpoints, progress, signals, and the check for NaN."""

import math
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .advice.advising import advise
from .advice.reuse import remember
from .bookkeeping import first_tallies
from .observables.observer import pack_state, rows_needed, unpack_state
from .potentials.curvature import hessian
from .potentials.definition import force
from .progress import Progress
from .trajectory.errors import NotBegun
from .trajectory.recorder import MemoryRecorder

SECONDS_PER_CALL = 0.15  # of compiled code between two interrupts; more where copying the state takes its time
SECONDS_PER_BYTE = 4e-9
SECONDS_PER_CHECKPOINT = 10.0
FRAME_BYTES_PER_CALL = 8 * 2**20  # small, so that writing overlaps computing from the start


class NotFinite(FloatingPointError):
    """A coordinate ceased to be finite; the message says where, when, and what to do."""


class _Stop:
    """Set by SIGINT or SIGTERM: the run ends at the next interrupt, with everything saved."""

    def __init__(self):
        self.signal = None

    def __call__(self, number, frame):
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number

    def obey(self):
        if self.signal == signal.SIGINT:
            raise KeyboardInterrupt
        if self.signal is not None:
            raise SystemExit(128 + self.signal)


@contextmanager
def signals():
    """Let SIGINT and SIGTERM, unless they are ignored, be obeyed at the next interrupt, with everything saved."""
    stop, main = _Stop(), threading.current_thread() is threading.main_thread()
    heard = [n for n in (signal.SIGINT, signal.SIGTERM) if main and signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_to_end(simulation, *, steps, frames, out, resume, overwrite, dtype, velocities, threads, progress, watch, keep):
    """Make the run that ``Simulation.run`` describes; returns its trajectory."""
    state, note = (None, "goes on with the file") if resume else _begin(simulation, steps, frames, dtype)
    if simulation.drawn:
        note = f"seed {simulation.seed} (drawn); {note}"
    description = simulation.describe() | {
        "steps": steps,
        "frames": frames.tolist() if not _regular(frames) else {"every": int(frames[0])},
    }
    description["made"]["start"] = note
    engine = simulation.engine(threads)
    shape = (engine.state.shape[1], simulation.particles, simulation.dimension)
    numbers = math.prod(shape) + (watch.observer.numbers if watch is not None else 0)
    description |= {} if watch is None else {"observe": watch.describe()}
    if watch is not None or len(keep) < simulation.particles:
        description["state"] = list(shape)
    if len(keep) < simulation.particles:
        description = _only(description, keep)
    sizes = {
        "particles": len(keep),
        "dimension": simulation.dimension,
        "velocities": velocities,
        "dtype": dtype,
        "planned_frames": len(frames) + 1,
        "columns": engine.columns,
        "build": type(simulation).from_description,
    }
    if out is None:
        recorder = MemoryRecorder(description, **sizes)
    else:
        from .trajectory import FileRecorder

        slots = rows_needed(numbers, len(keep), simulation.dimension)
        files = sizes | {"slots": slots, "unit": simulation.units.h5md()}
        try:
            recorder = FileRecorder.resume(out, description, **files) if resume else FileRecorder(
                out, description, overwrite=overwrite, **files)  # fmt: skip
        except NotBegun:
            state, note = _begin(simulation, steps, frames, dtype)
            description["made"]["start"] = note
            recorder = FileRecorder(out, description, overwrite=True, **files)
    try:
        with recorder, signals() as stop:  # a recorder that is left unfinished abandons its file, whole
            run = _Run(simulation, engine, recorder, frames, dtype, velocities, stop, watch, keep)
            run.go(steps, state, Progress(steps, note if out is None else f"{Path(out).name}: {note}", progress))
            remember(simulation, steps, engine)
            trajectory = recorder.finish()
            stop.obey()  # where the signal came in the last stretch
            return trajectory
    finally:
        engine.close()


def _begin(simulation, steps, frames, dtype):
    """Where a run starts, and what is to be said of that; advice about the run from there."""
    state, note = simulation.initial_state()
    advise(simulation, state, steps, frames, dtype)
    return state, note


def at_temperature(simulation, engine, step, target):
    """Give an engine the temperature of a step; returns the step up to which it stays, ``target`` at most."""
    annealing = simulation.annealing
    if annealing is None:
        return target
    done = step - simulation.first_step
    dynamics = annealing.dynamics_at(simulation.dynamics, done)
    engine.kernel = simulation.integrator.kernel(dynamics, simulation.dt, simulation.dimension, simulation.potential)
    change = annealing.next_change(done)
    return target if change is None else min(target, simulation.first_step + change)


def _regular(frames):
    return len(frames) > 0 and np.array_equal(frames, frames[0] * np.arange(1, len(frames) + 1))


def _only(description, keep):
    """The description of a run of the particles ``keep`` alone: the same bits, as noise goes by particle."""
    start = description["start"]
    if isinstance(start, dict):
        start = {"arrays": [array[keep.start : keep.stop] for array in start["arrays"]]}
    first = description["first_particle"]
    return description | {
        "particles": len(keep), "first_particle": first + keep.start, "start": start,
        "among": {"particles": description["particles"], "first_particle": first},
    }  # fmt: skip


class _Run:
    def __init__(self, simulation, engine, recorder, frames, dtype, velocities, stop, watch, keep):
        self.simulation, self.engine, self.recorder, self.stop = simulation, engine, recorder, stop
        self.first, self.watch, self.keep = simulation.first_step, watch, slice(keep.start, keep.stop)
        self.kept = self.frames = frames + self.first
        self.dtype, self.velocities = dtype, velocities
        self.moving = velocities  # whether velocities are needed at frames
        if watch is not None:
            self.watched = watch.frames + self.first
            self.frames, self.dtype = np.union1d(self.kept, self.watched), np.dtype(np.float64)
            self.moving = velocities or watch.observer.velocities
            dtype = self.dtype
        frame_bytes = simulation.particles * simulation.dimension * dtype.itemsize * (1 + self.moving)
        frame_bytes += 8 * simulation.particles * len(engine.columns)
        # Whole slabs where they fit: what is written then ends where a chunk of the file ends.
        fitting, slab = max(1, FRAME_BYTES_PER_CALL // frame_bytes), recorder.slab
        self.aligned = fitting >= 2 * slab and watch is None
        self.frames_per_call = fitting // slab * slab if self.aligned else fitting
        self.rate = 2e7 / simulation.dimension / simulation.particles  # steps per second, a low first guess

    def go(self, steps, state, report):
        """From ``state``, or from the checkpoint of the recorder, to the end."""
        last = self.first + steps
        step = self._begin(state)
        if step > last:
            raise ValueError(f"the file is at step {step - self.first}, beyond the {steps} steps asked for")
        report.begin(step - self.first)
        pending, checkpoint_at = None, time.monotonic()
        before = np.empty_like(self.engine.state)
        while step < last:
            target = at_temperature(self.simulation, self.engine, step, self._target(step, last))
            np.copyto(before, self.engine.state)
            began = time.perf_counter()
            buffers = self._buffers(step, target)
            wait = self.engine.start(step, target, *buffers)
            try:
                self._append(pending)  # while the threads compute
            finally:
                wait()
            self.rate = (target - step) / max(time.perf_counter() - began, 1e-6)
            block = self.engine.block_not_finite()
            if block is not None:
                self._explain(block, before, step, target, buffers)
            pending, step = buffers, target
            report.update(step - self.first, final=step == last)
            if (
                self.stop.signal is not None
                or step == last
                or time.monotonic() - checkpoint_at > SECONDS_PER_CHECKPOINT
            ):
                self._append(pending)
                self._checkpoint(step, self.engine.unload())
                pending, checkpoint_at = None, time.monotonic()
            if self.stop.signal is not None and step < last:
                self.recorder.finish()
                self.stop.obey()

    def _begin(self, state):
        if state is None:
            state, numbers = unpack_state(
                self.recorder.state, (self.engine.state.shape[1], self.simulation.particles, self.simulation.dimension)
            )
            if self.watch is not None:
                self.watch.observer.unpack(numbers)
            self.engine.load(state)
            return self.recorder.step
        self.engine.load(state)
        start = np.array([self.first], np.int64)
        positions = state[0][np.newaxis].astype(self.dtype)
        speeds = state[1][np.newaxis].astype(self.dtype) if self.moving else None
        self._append((start, positions, speeds, first_tallies(self.simulation, state)))
        self._checkpoint(self.first, state)
        return self.first

    def _checkpoint(self, step, state):
        observer = self.watch.observer if self.watch is not None else None
        self.recorder.checkpoint(step, pack_state(state, observer, self.keep.stop - self.keep.start))

    def _target(self, step, last):
        steps = max(1, int(self.rate * max(SECONDS_PER_CALL, SECONDS_PER_BYTE * self.engine.state.nbytes)))
        target = min(last, step + steps)
        first = np.searchsorted(self.frames, step, side="right")
        room = self.frames_per_call - (first + 1) % self.recorder.slab if self.aligned else self.frames_per_call
        if first + room < len(self.frames):
            target = min(target, int(self.frames[first + room - 1]))
        return target

    def _buffers(self, step, target):
        chosen = self.frames[
            np.searchsorted(self.frames, step, "right") : np.searchsorted(self.frames, target, "right")
        ]
        shape = (len(chosen), self.simulation.particles, self.simulation.dimension)
        if not len(chosen):
            return chosen, None, None, None
        columns = len(self.engine.columns)
        tallies = np.empty((*shape[:2], columns)) if columns else None
        return chosen, np.empty(shape, self.dtype), np.empty(shape, self.dtype) if self.moving else None, tallies

    def _append(self, buffers):
        if buffers is None or not len(buffers[0]):
            return
        steps, x, v, tallies = buffers
        if self.watch is not None:
            seen = np.isin(steps, self.watched)
            self.watch.observer.add(x[seen], None if v is None else v[seen])
            kept = np.isin(steps, self.kept) | (steps == self.first)
            steps, x = steps[kept], x[kept]
            v, tallies = (None if part is None else part[kept] for part in (v, tallies))
        if not self.velocities:
            v = None
        if len(steps):
            v, tallies = (None if part is None else part[:, self.keep] for part in (v, tallies))
            self.recorder.append(steps, steps * self.simulation.dt, x[:, self.keep], v, tallies)

    def _explain(self, block, before, step, target, buffers):
        """Replay the block that failed, step by step; keep the frames before; raise with the address."""
        simulation, engine = self.simulation, self.engine
        engine.state[block] = before[block]
        bad, path = step, [before[block, 0]]
        while bad < target and np.isfinite(engine.state[block]).all():
            path = [*path[-15:], engine.state[block, 0].copy()]
            engine.advance_block(block, bad, bad + 1)
            bad += 1
        lane = int(np.flatnonzero(~np.isfinite(engine.state[block]).all(axis=(0, 1)))[0])
        x = path[-1][:, lane]
        with np.errstate(all="ignore"):
            f = force(simulation.potential, x[np.newaxis], (bad - 1) * simulation.dt)[0]
            advice = self._advice([state[:, lane] for state in path])
        others = int((~np.isfinite(engine.unload()).all(axis=(0, 2))).sum()) - 1
        keep = int(np.searchsorted(buffers[0], bad, side="left"))
        self._append(tuple(part[:keep] if part is not None else None for part in buffers))
        with np.errstate(all="ignore"):
            push = float(np.abs(f).max() * simulation.dt / max(float(np.max(simulation.dynamics.friction)), 1e-300))
        kept = f"frames up to step {buffers[0][keep - 1]} are kept" if keep else "the frames before are kept"
        raise NotFinite(
            f"particle {simulation.first_particle + engine.particle_of(block, lane)}"
            f"{f' (and {others} more within {target - step} steps)' if others > 0 else ''} ceased to be finite "
            f"in step {bad} (t = {bad * simulation.dt:.6g}): from x = {x.tolist()} with force {f.tolist()}, "
            f"|F| dt / friction = {push:.3g}. "
            f"{advice}; {kept}"
        )

    def _advice(self, path):
        """A step for the curvature where the last positions of the particle began to be thrown about."""
        simulation, curvature, limit = self.simulation, 0.0, np.inf
        for x in path:
            matrix = hessian(simulation.potential, x)
            curvature = float(np.abs(np.linalg.eigvalsh(matrix)).max()) if np.isfinite(matrix).all() else 0.0
            limit = simulation.integrator.stability_limit(simulation.dynamics, curvature)
            if simulation.dt >= limit:
                break
        if limit < simulation.dt / 100.0:
            return (
                f"It was far out already, where the curvature is {curvature:.3g}: the step was too long before, try "
                f"dt = {simulation.dt / 4.0:.2g}, and shorter until it stays"
            )
        dt = float(f"{min(simulation.dt / 4.0, limit / 2.0):.2g}")
        return f"The step is too long for the curvature {curvature:.3g} met there: try dt = {dt:g}"

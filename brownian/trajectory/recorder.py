"""Recorders: where a run puts its frames.  Two twins, one that keeps them in memory and one that writes a file."""

from abc import ABC, abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np

from .checkpoints import Checkpoint
from .description import from_json, to_json
from .errors import TrajectoryError
from .memory import MemorySource
from .plan import Plan
from .trajectory import Trajectory


@runtime_checkable
class Recorder(Protocol):
    """What a run needs of the place where its frames go.

    A recorder is a context manager: at the end of the block it is abandoned, unless it was finished.  F frames,
    N particles, D components, S arrays in a restart state.

    Attributes
    ----------
    frames : int
        Number of frames that have been recorded.
    slab : int
        Number of frames that one `append` should bring, for speed; any number is allowed.
    step : int or None
        Step of the checkpoint that the recording was resumed from; None in a new one.
    state : ndarray or None
        Its state, float64, shape (S, N, D).
    """

    frames: int
    slab: int
    step: int | None
    state: np.ndarray | None

    def append(self, steps, times, positions, velocities=None, tallies=None):
        """Add F frames; they are committed when this returns.

        Arrays are not copied.  If Ctrl-C cuts the call short, the next one makes it whole (also `abandon`): leave them
        as they are until then.

        Parameters
        ----------
        steps, times : array_like, shape (F,)
            Increasing, also from call to call.
        positions, velocities : array_like, shape (F, N, D)
            Velocities if, and only if, the recorder keeps them.
        tallies : array_like, shape (F, N, columns)
            If, and only if, the recorder has columns.

        Raises
        ------
        ValueError
            If a shape does not fit, or steps or times do not increase.
        TrajectoryError
            If the file cannot be written any further.
        """

    def checkpoint(self, step, state):
        """Keep a state from which the run can go on, in place of the last but one.

        Parameters
        ----------
        step : int
            Not before the step of the last frame.
        state : array_like, shape (S, N, D)

        Raises
        ------
        ValueError
            If the shape does not fit, there is no frame yet, or the step lies before the last frame.
        TrajectoryError
            If the file cannot be written any further.
        """

    def finish(self):
        """End the recording.

        Returns
        -------
        Trajectory

        Raises
        ------
        TrajectoryError
            If no frame was recorded.
        """

    def abandon(self):
        """End the recording without a result; what was committed to a file stays there and can be resumed."""


class Recording(ABC):
    """What the twins share: the plan, the checks, the end of a `with` block."""

    def __init__(self, description, plan, build):
        self._text = to_json(description)
        self._description = from_json(self._text)
        self._plan, self._build = plan, build
        self.frames, self.slab = 0, plan.chunks[0]
        self.step = self.state = None
        self._number, self._open = 0, True

    def __enter__(self):
        """Return the recorder itself."""
        return self

    def __exit__(self, *_):
        """Abandon the recording, unless it was finished."""
        self.abandon()

    @abstractmethod
    def abandon(self):
        """End the recording without a result."""

    def _next_checkpoint(self, step, state):
        step, state = self._plan.state(step, state)
        return Checkpoint(self._number + 1, step, self.frames, state)

    def _recorded(self, frames, step, time):
        self.frames, self._plan.last_step, self._plan.last_time = frames, int(step), float(time)

    def _must_be_open(self):
        if not self._open:
            raise TrajectoryError("the recording has ended")

    def _must_have_frames(self):
        if self.frames == 0:
            raise TrajectoryError("no frame was recorded, so there is no trajectory")


class MemoryRecorder(Recording):
    """Keep all frames in memory.

    Parameters
    ----------
    description : dict
        All that is needed to make the run again; what JSON can hold.
    particles, dimension : int
    velocities : bool
        Whether velocities are kept.
    dtype : dtype_like
        float32 or float64.
    planned_frames : int
        Memory for so many is reserved; more may come.
    slots : int, optional
        Number of (N, D) arrays in a restart state; any number if not given.
    unit : dict, optional
        As for `FileRecorder`.
    build : callable, optional
        `build(description, potential)`, for `Trajectory.simulation`.
    columns : tuple of str
        Names of the tallies, further numbers of each particle.

    Raises
    ------
    ValueError
        If one of them makes no sense.

    Examples
    --------
    >>> recorder = MemoryRecorder({"seed": 7}, particles=2, dimension=1, velocities=False, dtype="f4", planned_frames=3)
    >>> recorder.append([0, 5], [0.0, 0.5], [[[0.0], [1.0]], [[0.5], [1.5]]])
    >>> trajectory = recorder.finish()
    >>> len(trajectory), float(trajectory.positions[1, 0, 0])
    (2, 0.5)
    """

    def __init__(
        self, description, *, particles, dimension, velocities, dtype, planned_frames, slots=None, unit=None,
        build=None, columns=(),
    ):  # fmt: skip
        plan = Plan(particles, dimension, slots, velocities, dtype, planned_frames, unit, columns)
        super().__init__(description, plan, build)
        self._checkpoints = []
        self._arrays = [np.empty(0, np.int64), np.empty(0)]
        self._arrays += [np.empty((0, plan.particles, plan.dimension), plan.dtype) for _ in range(1 + plan.velocities)]
        self._arrays += [np.empty((0, plan.particles, len(plan.columns)))] if plan.columns else []
        self._reserve(plan.planned_frames)

    def _reserve(self, frames):
        grown = [np.empty((frames, *array.shape[1:]), array.dtype) for array in self._arrays]
        for new, old in zip(grown, self._arrays, strict=True):
            new[: self.frames] = old[: self.frames]
        self._arrays = grown

    def append(self, steps, times, positions, velocities=None, tallies=None):
        """Add F frames; see `Recorder.append`."""
        self._must_be_open()
        arrays = self._plan.frames(steps, times, positions, velocities, tallies)
        if len(arrays[0]) == 0:
            return
        end = self.frames + len(arrays[0])
        if end > len(self._arrays[0]):
            self._reserve(max(end, 2 * len(self._arrays[0])))
        for kept, new in zip(self._arrays, arrays, strict=True):
            kept[self.frames : end] = new
        self._recorded(end, arrays[0][-1], arrays[1][-1])

    def checkpoint(self, step, state):
        """Keep a restart state; see `Recorder.checkpoint`."""
        self._must_be_open()
        checkpoint = self._next_checkpoint(step, state)
        checkpoint = checkpoint._replace(state=checkpoint.state.copy())
        self._checkpoints = [checkpoint, *self._checkpoints[:1]]
        self._number = checkpoint.number

    def finish(self):
        """End the recording and return the Trajectory."""
        self._must_be_open()
        self._must_have_frames()
        steps, times, positions, *more = (array[: self.frames] for array in self._arrays)
        velocities = more.pop(0) if self._plan.velocities else None
        tallies = more.pop(0) if self._plan.columns else None
        source = MemorySource(
            steps,
            times,
            positions,
            velocities,
            self._plan.unit,
            self._description,
            self._checkpoints,
            tallies,
            self._plan.columns,
        )
        self.abandon()
        return Trajectory(source, self._build)

    def abandon(self):
        """Let go of everything."""
        self._open, self._arrays = False, []

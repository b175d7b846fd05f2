"""The recorder that writes a file from which a killed run can go on."""

import os
from contextlib import ExitStack, contextmanager
from typing import Any

from . import checkpoints, layout
from .description import differences
from .destination import partial, refuse_overwriting, target
from .errors import FileInUse, NotBegun, NothingToResume, ResumeMismatch, TrajectoryError
from .hdf5 import reading
from .locking import WriterLock, names
from .plan import Plan, check_disk, count
from .recorder import Recording
from .recovery import close, create, discard, plan_of, rewrite
from .sources import FileSource, release
from .trajectory import Trajectory
from .write_back import WriteBack


class FileRecorder(Recording):
    """Write frames to an H5MD file, so that a kill at any moment loses nothing that was committed.

    The file appears under its name with its first frames; until then it is `<name>.tmp`.  `<name>.lock` beside it
    keeps other writers out.  Readers may watch it grow.

    Parameters
    ----------
    path : str or os.PathLike
        Must end in ".h5md"; missing folders are made.
    description : dict
        All that is needed to make the run again; what JSON can hold.  The entry "made" (versions, machine, date,
        command) may differ when the run is resumed, `made["versions"]["brownian"]` becomes H5MD's creator version.
    particles, dimension : int
    slots : int
        Number of (N, D) arrays in a restart state.
    velocities : bool
        Whether velocities are kept.
    dtype : dtype_like
        Of the frames, float32 or float64; restart states are float64.
    planned_frames : int
        For the sizes of chunks and the look at the disk; more or fewer may come.
    unit : dict, optional
        E.g. dict(time="ns", length="nm", velocity="nm ns-1"): strings that MDAnalysis accepts.
    overwrite : bool
        Whether to replace a file of that name, when the first frames are there.
    build : callable, optional
        `build(description, potential)`, for `Trajectory.simulation`.
    columns : tuple of str
        Names of the tallies, further numbers of each particle (float64).

    Raises
    ------
    FileExistsError
        If there is such a file and it is not to be overwritten.
    FileInUse
        If another writer is at work on it.
    DiskTooSmall
        If the planned file does not fit.
    OSError
        If the folder cannot be written.
    ValueError
        If an argument makes no sense.

    Examples
    --------
    >>> sizes = dict(particles=100, dimension=2, slots=2, velocities=False, dtype="f4", planned_frames=11)
    >>> with FileRecorder("run.h5md", {"seed": 7}, **sizes) as recorder:          # doctest: +SKIP
    ...     recorder.append(steps, times, positions)
    ...     recorder.checkpoint(steps[-1], state)
    ...     trajectory = recorder.finish()
    """

    _file: Any
    _handles: Any
    _pending: Any

    def __init__(
        self, path, description, *, particles, dimension, slots, velocities, dtype, planned_frames,
        unit=None, overwrite=False, build=None, columns=(),
    ):  # fmt: skip
        slots = count("slots", slots, 1)
        plan = Plan(particles, dimension, slots, velocities, dtype, planned_frames, unit, columns)
        super().__init__(description, plan, build)
        self.path = target(path)
        self._file = self._handles = self._pending = None
        self._disk = WriteBack()
        self._published, self._overwrite = False, overwrite
        with ExitStack() as undo:
            self._lock = WriterLock(self.path)
            undo.callback(self._lock.release)
            self._refuse_overwriting()
            check_disk(self.path, self._plan.bytes, os.path.getsize(self.path) if self.path.exists() else 0)
            undo.callback(self._discard)
            self._file = create(self.path, self._text, self._description, self._plan)
            self._handles = layout.handles(self._file)
            undo.pop_all()

    @classmethod
    def resume(
        cls, path, description, *, particles, dimension, slots, velocities, dtype, planned_frames, unit=None,
        build=None, columns=(),
    ):  # fmt: skip
        """Go on with a file, however its writer ended.

        Frames after the newest checkpoint are dropped, since the run will make them again.  `step` and `state` of the
        recorder say from where.  Nothing is changed before everything has been checked.

        Parameters
        ----------
        path, description, particles, dimension, slots, velocities, dtype, planned_frames, unit, build, columns
            As for `FileRecorder`.

        Returns
        -------
        FileRecorder

        Raises
        ------
        NothingToResume
            If there is no file, or no frame or whole checkpoint in it.
        ResumeMismatch
            If the file was made with another description or other sizes.
        FileInUse
            If another writer is at work on it.
        DiskTooSmall
            If the rest of the planned file does not fit.
        """
        self = cls.__new__(cls)
        plan = Plan(particles, dimension, slots, velocities, dtype, planned_frames, unit, columns)
        Recording.__init__(self, description, plan, build)
        self.path, self._pending, self._published = target(path), None, True
        self._disk = WriteBack()
        if not self.path.exists():
            nothing = NotBegun if partial(self.path).exists() else NothingToResume  # killed before its first frames
            raise nothing(f"{path}: there is no such file; run without resume=True to start", self.path)
        with ExitStack() as undo:
            self._lock = WriterLock(self.path)
            undo.callback(self._lock.release)
            discard(self.path)
            source = FileSource(self.path)
            undo.callback(source.close)
            checkpoint = self._check_stored(source)
            self._rewind(source, checkpoint)
            self._file = layout.open_for_appending(self.path)
            with reading(self.path):
                self._handles = layout.handles(self._file)
            undo.pop_all()
        return self

    def _check_stored(self, source):
        """Compare a file with what is to be resumed; return its newest checkpoint."""
        over = "the run has to start over: delete the file, or run with overwrite=True"
        try:
            found = source.open()
            checkpoint = None
            if found.state is not None:
                with reading(self.path):
                    checkpoint = next(checkpoints.read(found.state, found.record, found.frames), None)
        except TrajectoryError as error:
            if isinstance(error.__cause__, BlockingIOError):
                why = "is open in another program, which lets nobody look: close it there"
                raise FileInUse(f"{self.path} {why}") from error
            raise NothingToResume(f"{error}; {over}", self.path) from error
        with reading(self.path):
            stored, wanted, begun = plan_of(source), self._plan, found.frames > 1
        found = differences(found.description, self._description)
        for name in ("particles", "dimension", "slots", "velocities", "dtype", "unit", "columns"):
            if getattr(stored, name) != getattr(wanted, name):
                found[f"({name})"] = getattr(stored, name), getattr(wanted, name)
        if found:
            rows = [f"  {key}: {there!r} in the file, {given!r} given" for key, (there, given) in found.items()]
            raise ResumeMismatch(
                "\n".join([f"{self.path} was made with other parameters, so it cannot be resumed:", *rows]), found
            )
        if checkpoint is None:
            nothing = NothingToResume if begun else NotBegun
            raise nothing(f"{self.path}: holds no whole checkpoint; {over}", self.path)
        return checkpoint

    def _rewind(self, source, checkpoint):
        """Bring the file to the state of a checkpoint, closed, and take over from there."""
        found = source.open()
        self._plan.last_step = int(found.step[checkpoint.frames - 1])
        self._plan.last_time = float(found.time[checkpoint.frames - 1])
        ahead = self._plan.bytes - os.path.getsize(self.path)
        whole = source.complete and found.even and found.frames == checkpoint.frames
        check_disk(self.path, max(ahead, 0) + (0 if whole else os.path.getsize(self.path)))
        self.slab = found.positions.chunks[0]
        if not whole:
            # Truncating in place would not survive a kill.
            rewrite(source, self.path, checkpoint.frames)
        source.close()
        release(self.path)
        self.frames = checkpoint.frames
        self._number, self.step, self.state = checkpoint.number, checkpoint.step, checkpoint.state

    def append(self, steps, times, positions, velocities=None, tallies=None):
        """Add F frames; see `Recorder.append`."""
        self._must_be_open()
        with self._writing():
            arrays = self._plan.frames(steps, times, positions, velocities, tallies)
            if len(arrays[0]):
                self._pending = self.frames, arrays
                self._settle()

    def checkpoint(self, step, state):
        """Keep a restart state; see `Recorder.checkpoint`."""
        self._must_be_open()
        with self._writing():
            checkpoint = self._next_checkpoint(step, state)
            checkpoints.write(self._handles, checkpoint)
            self._disk.settle(self._file)
        self._number = checkpoint.number

    def finish(self):
        """Close the file; return its Trajectory, which opens it when first asked for something."""
        self._must_be_open()
        with self._writing():
            self._must_have_frames()
            self._file.flush()
            self._disk.settle(self._file)
        self.abandon()
        return Trajectory(FileSource(self.path), self._build)

    def abandon(self):
        """Close the file as it is; if it has no frames yet, nothing is left of it."""
        if self._open:
            with ExitStack() as ending:
                ending.callback(self._lock.release)
                ending.callback(self._discard)
                ending.callback(self._close)
                # HDF5 would not close the file under a reader in the same process.
                ending.callback(release, self.path)
                # An append that Ctrl-C cut short is made whole; it may otherwise be half in the file.
                if self._pending is not None:
                    with self._writing():
                        pass
                self._open = False

    def _settle(self):
        """Write what is pending; again from the start, if that was cut short."""
        if self._pending is not None:
            first, (steps, times, *frames) = self._pending
            self._handles.append(first, steps, times, *frames)
            if not self._published:
                self._publish()
            self._recorded(first + len(steps), steps[-1], times[-1])
            self._pending = None
            self._disk.appended(self._file, sum(array.nbytes for array in frames))

    def _publish(self):
        """Open the file to readers and give it its name."""
        if not self._file.swmr_mode:
            self._file.flush()
            self._file.swmr_mode = True
        if partial(self.path).exists():
            self._refuse_overwriting()
            os.replace(partial(self.path), self.path)
        self._published = True

    def _discard(self):
        """Remove what never got its name."""
        if not self._published:
            discard(self.path)

    def _refuse_overwriting(self):
        if not self._overwrite:
            refuse_overwriting(self.path)

    @contextmanager
    def _writing(self):
        """Finish what was cut short, then write; say what happens if the disk will not have it."""
        try:
            if self._published:
                self._must_be_there()
            self._settle()
            yield
        except (OSError, RuntimeError) as error:
            self._pending = None
            if isinstance(error, (TrajectoryError, FileExistsError)):
                raise
            self._open = False
            release(self.path)
            self._disk.close()
            layout.sever(self._file)
            self._lock.release()
            self._discard()
            raise self._failure(error) from error

    def _failure(self, error):
        why = f"{self.path}: cannot be written any further ({layout.reason(error)})"
        left = f"{self.frames} frames are safe, resume the run or repair the file"
        return TrajectoryError(f"{why}; {left if self.frames else 'no file is left'}", self.path)

    def _close(self):
        self._disk.close()
        try:
            close(self._file)
        except (OSError, RuntimeError) as error:
            if self._file:
                layout.sever(self._file)
            raise self._failure(error) from error

    def _must_be_there(self):
        if not names(self.path, self._file.id.get_vfd_handle()):
            raise TrajectoryError(f"{self.path}: was removed or replaced while it was being written", self.path)
        self._lock.hold()

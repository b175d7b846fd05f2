"""A trajectory: frames, steps, times, and how they were made."""

import copy

from ..arguments import count
from ..description import own_potential
from ..observables import observed
from ..observables.observer import unpack_state
from ..outside import printable
from .description import following, summary
from .errors import TrajectoryError
from .tallies import acceptance_of, energies_of, stop_times_of

ITERATION_BYTES = 2**25


class Trajectory:
    """Frames of a run, read-only; in a file, then read as they are asked for, or in memory.

    Made by a recorder's `finish`, or by `open_file`.  F frames, N particles, D components.

    Parameters
    ----------
    source : FileSource or MemorySource
    build : callable, optional
        `build(description, potential)` makes the simulation again; see `simulation`.

    Examples
    --------
    >>> with open_file("run.h5md") as trajectory:          # doctest: +SKIP
    ...     displacement = trajectory.positions[-1] - trajectory.positions[0]
    """

    def __init__(self, source, build=None):
        self._source, self._build = source, build

    @property
    def path(self):
        """The file, or None."""
        return self._source.path

    @property
    def description(self):
        """What was run, as a dict (a copy); empty for files of other programs."""
        return copy.deepcopy(self._source.description)

    @property
    def particles(self):
        """Number N of particles."""
        return self._source.positions.shape[1]

    @property
    def dimension(self):
        """Number D of components."""
        return self._source.positions.shape[2]

    @property
    def steps(self):
        """Step of each frame, int64, shape (F,)."""
        return self._source.steps

    @property
    def times(self):
        """Time of each frame, float64, shape (F,); the steps, where a file of another program has no times."""
        return self._source.times

    @property
    def positions(self):
        """Positions, shape (F, N, D), indexed like an array and read then."""
        return self._source.positions

    @property
    def velocities(self):
        """Velocities like positions, or None where they were not kept."""
        return self._source.velocities

    @property
    def box(self):
        """Edges of the periodic box that positions may be wrapped into, shape (D,), infinite where there is none; None
        for no box at all, as in our own files.
        """
        return self._source.box

    @property
    def columns(self):
        """Names of the tallies, further numbers of each particle that the run counted; empty where there are none."""
        return tuple(self._source.columns)

    @property
    def tallies(self):
        """Tallies, shape (F, N, columns), float64, indexed like an array and read then; None where there are none."""
        return self._source.tallies

    @property
    def energies(self):
        """Work, heat, shadow work, kinetic and potential energy of every frame and particle; see ``Energies``."""
        return energies_of(self.columns, self.tallies)

    @property
    def stop_times(self):
        """Time at which each particle met the stop condition [T], NaN where it did not, shape (N,)."""
        return stop_times_of(self.columns, self.tallies)

    @property
    def acceptance(self):
        """Fraction of the moves that each particle accepted since the first frame (``MALA``), shape (N,)."""
        return acceptance_of(self.columns, self.tallies, self.steps)

    @property
    def observed(self):
        """What the observables of ``Simulation.run(observe=...)`` have found up to the last checkpoint, by name."""
        description = self._source.description
        if "observe" not in description:
            raise ValueError("nothing was observed: run with observe=[...]")
        kept = next(iter(self._source.checkpoints()), None)
        if kept is None:
            raise TrajectoryError(f"{self._name()}: holds no whole checkpoint, which would tell", self.path)
        with following(self._name(), self.path):
            return observed(description, kept.state, tuple(description["state"]))

    @property
    def unit(self):
        """Units as dict(time=..., length=..., velocity=...), or None."""
        unit = self._source.unit
        return None if unit is None else dict(unit)

    @property
    def complete(self):
        """Whether the writer closed the file; if not it is at work, or was killed."""
        len(self)
        return self._source.complete

    def __len__(self):
        """Return the number F of frames."""
        return self._source.frames

    def checkpoints(self):
        """Return the restart states that are whole, the newest first.

        Returns
        -------
        list of (int, ndarray)
            Step, and state as float64 of shape (slots, N, D); at most two.
        """
        description, kept = self._source.description, list(self._source.checkpoints())
        if "state" not in description:
            return [(each.step, each.state) for each in kept]
        with following(self._name(), self.path):
            among = description.get("among", description)
            first = description["first_particle"] - among["first_particle"]
            own, shape = slice(first, first + description["particles"]), tuple(description["state"])
            states = [(each.step, unpack_state(each.state, shape)[0][:, own]) for each in kept]
            for _, state in states:
                if state.shape[1:] != (self.particles, self.dimension):
                    raise ValueError(f"restart states of shape {state.shape} for {self.particles} particles")
            return states

    def frames(self, chunk=None):
        """Go through all frames in slabs, so that a file larger than memory can be read.

        Parameters
        ----------
        chunk : int, optional
            Frames per slab; by default about 32 MB of them.

        Yields
        ------
        rows : slice
            Which frames.
        positions : ndarray, shape (f, N, D)
        velocities : ndarray, shape (f, N, D), or None
        """
        positions, velocities = self.positions, self.velocities
        frame_bytes = self.particles * self.dimension * positions.dtype.itemsize
        chunk = max(1, ITERATION_BYTES // frame_bytes) if chunk is None else chunk
        count("chunk", chunk)
        for start in range(0, len(self), chunk):
            rows = slice(start, min(start + chunk, len(self)))
            yield rows, positions[rows], None if velocities is None else velocities[rows]

    def simulation(self, potential=None, **instead):
        """Make the simulation again that the description tells of.

        Parameters
        ----------
        potential : optional
            The potential, where it is a class that is not part of the package; source in a file is never run.  The
            class itself will do: it gets its numbers from the file, and a difference of the sources is shown.
        instead
            Entries of the description to be taken otherwise.

        Returns
        -------
        object
            Whatever `build(description, potential)` gives.

        Raises
        ------
        TrajectoryError
            If the file does not describe its run, describes one that cannot be made, or nobody said how to build one.
        """
        if self._build is None:
            raise TrajectoryError(f"{self._name()}: opened without a way to build simulations (build=...)", self.path)
        if not self._source.description:
            raise TrajectoryError(f"{self._name()}: does not say how it was made", self.path)
        description = self.description | instead
        for name in ("particles", "dimension"):
            there, told = getattr(self, name), description.get(name, getattr(self, name))
            if told != there and self.path is not None:  # what is in memory may be a part
                told = printable(repr(told))[:60]
                raise TrajectoryError(f"{self._name()}: has {name} = {there}, but says {told}", self.path)
        with following(self._name(), self.path, given=potential is not None):
            if isinstance(potential, type):
                potential = own_potential(description["potential"], potential)
            return self._build(description, potential)

    def to_mdanalysis(self):
        """Hand the frames to MDAnalysis.

        With units they arrive in angstrom and picoseconds, without units as they are.  One and two dimensions get
        zeros for the missing components.  Our own files are read frame by frame, others and memory as a whole.

        Returns
        -------
        MDAnalysis.Universe

        Raises
        ------
        ImportError
            If MDAnalysis is not installed.
        TrajectoryError
            If there are more than three dimensions, or the file was not closed.
        """
        from .mdanalysis import universe

        return universe(self, self._source.ours)

    def close(self):
        """Close the file; it is opened again if more is asked for."""
        self._source.close()

    def __enter__(self):
        """Return the trajectory itself."""
        return self

    def __exit__(self, *_):
        """Close the file."""
        self.close()

    def _name(self):
        return "trajectory in memory" if self.path is None else str(self.path)

    def __repr__(self):
        """Tell in a few lines what is in it."""
        steps, times, unit = self.steps, self.times, self.unit or {}
        kept = "positions" if self.velocities is None else "positions and velocities"
        time = f" {unit['time']}" if unit.get("time") else ""
        lines = [
            f"{len(self)} frames, {self.particles} particles, dimension {self.dimension}",
            f"{kept}, {self.positions.dtype}",
            *([f"counted: {', '.join(self.columns)}"] if self.columns else []),
            f"steps {steps[0]} to {steps[-1]}, times {times[0]:.6g} to {times[-1]:.6g}{time}",
            "complete" if self.complete else "not closed: it is being written, or its writer was killed (repair it)",
            *summary(self._source.description),
        ]
        return "\n".join([f"Trajectory {self._name()}", *(f"  {line}" for line in lines)])

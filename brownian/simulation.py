"""A simulation: what is solved, how, from where; and its run."""

import secrets
from dataclasses import asdict

import numpy as np

from . import trajectory
from . import units as unit_sets
from .arguments import a_set_of_units, checked, components
from .bookkeeping import ledger_for, opened
from .description import (
    Undescribed,
    build_dynamics,
    build_integrator,
    build_potential,
    build_start,
    build_stop,
    describe_dynamics,
    describe_potential,
    describe_start,
    describe_stop,
    made,
)
from .engine import Engine, available_threads
from .guards import (
    NOISES,
    SCHEDULES,
    check_is_potential,
    check_protocols,
    check_step,
    check_temperatures,
    checked_integrator,
    checked_noise,
    kept_particles,
    refuse_stopped,
    stopping_for,
    thermal_length,
    watch_for,
)
from .noise import MAX_PARTICLES, Given
from .potentials.curvature import stiffest
from .potentials.definition import cast, check_force, dimension_of, named, without_energy
from .running import run_to_end
from .schedule import MOST_STEPS, checked_seed, frame_steps, kept_type, positive_number, steps_in, whole_number
from .start import check_start, draw_start
from .tempering import Ladder
from .trajectory.destination import destination, target


class Simulation:
    """A Langevin simulation of independent particles.

    Parameters
    ----------
    potential
        U(x, t): a built-in, a sum, an ``Expression``, or a NamedTuple of your own (see ``brownian.potential``).
    dynamics
        ``Langevin(mass, friction, kT)`` or ``Overdamped(friction, kT)``; with memory ``GeneralizedLangevin``,
        ``ColoredNoise``, ``ActiveForce``.
    dt
        Step [T].
    particles, dimension
        Number of particles and of components.
    integrator
        Default: ``GJF()`` for Langevin, ``EulerMaruyama()`` for Overdamped, ``MemoryBAOAB()`` and ``ColoredHeun()`` for
        dynamics with memory.
    seed
        0 ... 2^64 - 1; None draws one (it is printed with the simulation and stored in every file).
    start
        "stationary" (default), "minimum", "rest", "normal" (standard normal), positions (particles, dimension), or
        (positions, velocities).
    noise
        "float64", "float32" (normals in float32 arithmetic, the state stays float64), or
        ``Given(values, first_step)`` with values (steps, normals per coordinate, particles, dimension).
    units
        A set of ``brownian.units``, for files and axes; the numbers are taken as they are.
    first_particle, first_step
        Number of the first particle, and of the first step, in the noise and in time.
    bookkeeping
        Count work, heat and energies of every particle along its path: ``trajectory.energies``.
    stop
        A condition at which a particle comes to rest for good (``LeaveInterval``, ``CrossLevel``, ``EnterBall``,
        ``EnterBox``): ``trajectory.stop_times``.
    annealing
        ``Annealing(kT, steps)``: kT by levels, the last of which is that of the dynamics.
    tempering
        ``Tempering(kT, every)``: the particles in equal shares at several kT, with exchange of replicas.

    Raises
    ------
    TypeError, ValueError
        for anything that can't be run, naming the value and what is allowed.

    The same arguments give the same bits: on any number of threads, in one run or several, alone or among others.

    Examples
    --------
    >>> import brownian as bn
    >>> simulation = bn.Simulation(
    ...     potential=bn.Harmonic(2.1), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.1,
    ...     particles=1000, dimension=1, seed=7)
    >>> trajectory = simulation.run(steps=200, every=2.0)
    >>> trajectory.positions.shape
    (11, 1000, 1)
    """

    def __init__(
        self, *, potential, dynamics, dt, particles, dimension=1, integrator=None, seed=None, start="stationary",
        noise="float64", units=unit_sets.reduced, first_particle=0, first_step=0, bookkeeping=False, stop=None,
        annealing=None, tempering=None,
    ):  # fmt: skip
        """Check everything and compute the coefficients."""
        integrator = checked_integrator(dynamics, integrator)
        check_is_potential(potential)
        self.potential = potential if hasattr(potential, "is_potential") else cast(potential)
        self.dynamics, self.integrator, self.units = dynamics, integrator, units
        a_set_of_units("units", units)
        self.dt = positive_number("dt", dt)
        self.dimension = whole_number("dimension", dimension, 1)
        self.particles = whole_number("particles", particles, 1)
        self.first_particle = whole_number("first_particle", first_particle, 0)
        self.first_step = whole_number("first_step", first_step, 0)
        if self.first_particle + self.particles > MAX_PARTICLES:
            raise ValueError(
                f"{first_particle = } and {particles = }: particle numbers must stay below {MAX_PARTICLES}"
            )
        components("dimension", self.dimension)
        self.drawn = seed is None
        self.seed = secrets.randbits(63) if seed is None else checked_seed(seed)
        needed = dimension_of(self.potential)
        if needed not in (None, self.dimension):
            raise ValueError(f"{named(potential)} lives in {needed} dimensions, but dimension = {self.dimension}")
        self.facts = integrator.facts_for(dynamics)
        self.noise = checked_noise(self, noise)
        self.start = check_start(start)
        self.curvature = stiffest(self.potential, self.dimension)
        if without_energy(self.potential) is None:
            check_force(self.potential, self.dimension, thermal_length(self))
        check_step(self)
        self.kernel = integrator.kernel(dynamics, self.dt, self.dimension, self.potential)
        self.bookkeeping, self.stop = bool(bookkeeping), stop
        self.annealing, self.tempering = annealing, tempering
        check_temperatures(self)
        self.ledger, self.stopping = ledger_for(self), stopping_for(self)

    def run(self, *, steps=None, time=None, every=None, out=None, resume=False, overwrite=False, velocities=True,
            dtype=None, threads=None, progress=False, observe=None, observe_every=None, observe_from=0.0,
            particles=None):  # fmt: skip
        """Run from the start, or go on with an unfinished file.

        Parameters
        ----------
        steps, time
            Length of the run: one of the two.
        every
            Time between kept frames [T], or an ascending array of times (see ``logarithmic_times``); None keeps the
            end.  Frame 0 is the start.
        out
            Path of an H5MD file (.h5md); None keeps the frames in memory.
        resume
            Go on with the file ``out``; it ends with the same bits as an uninterrupted run.
        overwrite
            Replace the file ``out``.
        velocities
            Keep velocities (on the step) too, where the dynamics has them.
        dtype
            numpy.float32 or numpy.float64 of the frames; None: float64 if every step is kept, float32 otherwise.
        threads
            Number of threads; None: all processors of this process.
        progress
            Show progress on stderr.
        observe
            Averages taken while the run goes on: a list, or a dict, of ``Moments``, ``Histogram``, ``Populations``,
            ``MeanSquaredDisplacement``, ``Autocorrelation``; their results are ``trajectory.observed``.
        observe_every, observe_from
            Time between looks (None: each step), time of the first one [T].
        particles
            A range of particles whose frames are kept; None: all.

        Returns
        -------
        Trajectory
            Frames in memory, or the open file.

        Raises
        ------
        NotFinite
            when a coordinate ceases to be finite; the frames before are kept.
        """
        if (steps is None) == (time is None):
            raise ValueError(f"steps = {steps!r} and time = {time!r}, but exactly one of them is needed")
        steps = whole_number("steps", steps, 1) if time is None else steps_in("time", time, self.dt)
        if self.first_step + steps >= MOST_STEPS:
            raise ValueError(f"first_step = {self.first_step} and steps = {steps}, but steps must stay below 2**53")
        check_protocols(self, steps)
        frames = frame_steps(every, steps, self.dt)
        threads = available_threads() if threads is None else whole_number("threads", threads, 1)
        if isinstance(self.noise, Given) and self.noise.first_step + len(self.noise.values) < self.first_step + steps:
            raise ValueError(f"Given: {len(self.noise.values)} steps of noise for a run of {steps}")
        usual = np.float64 if len(frames) == steps else np.float32  # frames ascend: as many as steps are all of them
        dtype = kept_type(usual if dtype is None else dtype)
        destination(out, resume, overwrite, target)
        watch = watch_for(self, observe, observe_every, observe_from, steps)
        return run_to_end(
            self, watch=watch, keep=kept_particles(self, particles), steps=steps, frames=frames, out=out,
            resume=resume, overwrite=overwrite, dtype=dtype,
            velocities=bool(velocities) and self.dynamics.inertial, threads=threads, progress=progress,
        )  # fmt: skip

    def engine(self, threads=1):
        """The compiled loop for this simulation, with its state at the start."""
        threads = whole_number("threads", threads, 1)
        if self.tempering is not None:
            return Ladder(self, threads)
        return Engine(
            self.kernel, self.potential, self.noise, slots=len(self.dynamics.slots), normals=self.facts.normals,
            particles=self.particles, dimension=self.dimension, dt=self.dt, first_particle=self.first_particle,
            threads=threads, ledger=self.ledger, stop=self.stopping,
        )  # fmt: skip

    def initial_state(self):
        """State at the start, shape (slots, particles, dimension), and a word on how it was made."""
        state, note = draw_start(self.start, self, self.noise)
        refuse_stopped(self, state)
        return opened(self, state), note

    def describe(self):
        """All that is needed to make this simulation again, as plain data."""
        return (
            {
                "potential": describe_potential(self.potential),
                "dynamics": describe_dynamics(self.dynamics),
                "integrator": {"class": type(self.integrator).__name__},
                "dt": self.dt,
                "particles": self.particles,
                "dimension": self.dimension,
                "seed": self.seed,
                "noise": next((name for name, cls in NOISES.items() if type(self.noise) is cls), "given"),
                "start": describe_start(self.start),
                "units": self.units.name,
                "first_particle": self.first_particle,
                "first_step": self.first_step,
                "made": made(),
            }
            | ({"bookkeeping": True} if self.bookkeeping else {})
            | describe_stop(self.stop)
            | {name: asdict(given) for name in SCHEDULES if (given := getattr(self, name)) is not None}
        )

    @classmethod
    def from_description(cls, description, potential=None):
        """The simulation that a file describes; a potential of one's own class must be handed in."""
        if not isinstance(description, dict) or not description:
            raise Undescribed("no description: the file does not describe a simulation of brownian")
        if description["noise"] not in NOISES or description["seed"] is None:
            raise Undescribed("the file was made with noise given as an array, which is not in the file")
        return cls(
            potential=build_potential(description["potential"]) if potential is None else potential,
            dynamics=build_dynamics(description["dynamics"]),
            integrator=build_integrator(description["integrator"]),
            units=unit_sets.SETS[description["units"]],
            start=build_start(description["start"]),
            bookkeeping=description.get("bookkeeping", False) is True,
            stop=build_stop(description.get("stop")),
            **{name: cls(**description[name]) for name, cls in SCHEDULES.items() if name in description},
            **{
                key: description[key]
                for key in ("dt", "particles", "dimension", "seed", "noise", "first_particle", "first_step")
            },
        )

    def __repr__(self):
        """A tree of what is solved and how."""
        lines = [
            ("potential", self.potential),
            ("dynamics", self.dynamics),
            ("integrator", f"{self.integrator}, dt = {self.dt:g}"),
            ("particles", f"{self.particles:,} in {self.dimension} dimension{'s' * (self.dimension > 1)}"),
            ("start", self.start if isinstance(self.start, str) else "given arrays"),
            ("noise", f"{type(self.noise).__name__}, seed {self.seed}"),
            *([("bookkeeping", "work, heat and energies of every particle")] if self.bookkeeping else []),
            *((name, value) for name in ("stop", *SCHEDULES) if (value := getattr(self, name)) is not None),
            ("units", self.units.name),
        ]
        body = [f"{'└' if k == len(lines) - 1 else '├'}── {name}: {value}" for k, (name, value) in enumerate(lines)]
        return "\n".join(["Simulation", *body])


@checked
def open_trajectory(path):
    """Open an H5MD file: lazy positions and velocities, times, and ``.simulation()``.

    Parameters
    ----------
    path
        A file of brownian's, or of another program that writes H5MD.

    Returns
    -------
    Trajectory

    Raises
    ------
    TrajectoryError
        where the file can't be read, with the reason.
    """
    return trajectory.open_file(path, build=Simulation.from_description)

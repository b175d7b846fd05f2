"""What a trajectory is judged against: from its own description, or from what is given, every missing part named."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..annealing import Annealing
from ..dynamics import Langevin, Overdamped
from ..integrators.probe import affine_probe
from ..potentials.affine import affine_force
from ..simulation import Simulation
from ..trajectory.description import following
from ..trajectory.memory import MemorySource
from ..trajectory.trajectory import Trajectory
from .foreign import BAOAKernel


class MissingParameters(ValueError):
    """A file that does not say how it was made, and parameters that were not given either.

    Attributes
    ----------
    missing : tuple of str
        Their names.
    """

    def __init__(self, missing, name):
        self.missing = tuple(missing)
        super().__init__(
            f"{name} does not say how it was made; still needed: {', '.join(missing)} "
            "(of scheme, potential, mass, friction, kT, dt; mass only for underdamped dynamics)"
        )


@dataclass
class Claim:
    """The dynamics that a trajectory is claimed to follow.

    simulation: our own, from the description (then noise and start can be made again), or None.
    """

    potential: Any
    dynamics: Any
    integrator: Any
    dt: float
    particles: int
    dimension: int
    simulation: Simulation | None = None
    regenerable: bool = False

    def __post_init__(self):
        self.kernel = self.integrator.kernel(self.dynamics, self.dt, self.dimension, self.potential)
        self.underdamped = self.dynamics.inertial
        self.remembers = len(self.dynamics.slots) > 1 + self.underdamped  # forces that are not in the file
        self.adjusted = self.integrator.deciding > 0  # rejected moves leave no noise in the file
        self.kT = self.dynamics.components("kT", self.dimension)
        slow = "total" if hasattr(self.dynamics, "total") else "friction"
        self.friction = self.dynamics.components(slow, self.dimension)
        self.mass = self.dynamics.mass if self.underdamped else 0.0
        self.linear = affine_force(self.potential, self.dimension)

    @property
    def free(self):
        """Whether there is no force at all, or a constant one."""
        return self.linear is not None and not self.linear[0].any()

    @property
    def coupled_baths(self):
        """Whether a linear force couples components of unequal kT: a stationary state, but no equilibrium."""
        if self.linear is None or np.ptp(self.kT) == 0.0:
            return False
        return bool(np.any(self.linear[0] != np.diag(np.diag(self.linear[0]))))

    def at_one_kT(self):
        """The same claim with the mean kT in all components: what equilibrium would be."""
        if np.ptp(self.kT) == 0.0:
            return self
        return replace(self, dynamics=replace(self.dynamics, kT=float(np.mean(self.kT))))

    def probe(self):
        """M, b, N of one step for an affine force."""
        from ..integrators import BAOAB, LeimkuhlerMatthews

        kernel, integrator, dt = self.kernel, self.integrator, self.dt
        if isinstance(kernel, BAOAKernel):
            integrator = BAOAB()
        if self.adjusted:  # for linear forces both keep Boltzmann's distribution, but this one is affine
            integrator = LeimkuhlerMatthews()
            dt = min(dt, float(self.friction.min() / np.linalg.norm(self.linear[0], 2)) if self.linear[0].any() else dt)
        kernel = integrator.kernel(self.dynamics, dt, self.dimension, self.potential)
        normals = integrator.facts_for(self.dynamics).normals
        return affine_probe(kernel, self.potential, len(self.dynamics.slots), normals, self.dimension, dt)


class Counted(Trajectory):
    """A trajectory whose frames are of other steps than it says."""

    def __init__(self, trajectory, steps):
        self.__dict__.update(vars(trajectory))
        self._counted = steps

    @property
    def steps(self):
        """Step of each frame, int64, shape (F,)."""
        return self._counted


def counted(trajectory, dt):
    """The trajectory with its steps, and words on them.

    Where a file numbers its frames one by one and has times, and dt is given, the times tell the steps.
    """
    steps, times = trajectory.steps, trajectory.times
    if len(steps) < 2 or not _has_times(trajectory) or not np.all(np.diff(steps) == 1):
        return trajectory, []
    if dt is None:
        return trajectory, ["each frame is taken as a step; if steps are shorter than the frames are apart, give dt"]
    apart = (times[-1] - times[0]) / (len(times) - 1)
    even = np.abs(times - times[0] - apart * np.arange(len(times))).max() < 0.01 * apart + 1e-6 * np.abs(times).max()
    exact = (apart if even else times - times[0]) / dt
    whole = np.round(exact)
    if apart < 0.99 * dt or not np.all(np.abs(exact - whole) < 0.01 + 1e-5 * whole):
        return trajectory, [
            f"the times of the frames ({apart:.6g} apart) are no multiples of dt = {dt:g}: each is taken as a step"
        ]
    new = (steps[0] + (whole * np.arange(len(steps)) if even else whole)).astype(np.int64)
    if np.array_equal(new, steps) or not np.all(np.diff(new) > 0):
        return trajectory, []
    return Counted(trajectory, new), [f"frames are {apart / dt:.4g} steps apart, by their times"]


def before_stops(trajectory):
    """The frames before the first particle came to rest, and a word on the others: who rests has no noise."""
    times = trajectory.stop_times
    if np.all(np.isnan(times)):
        return trajectory, []
    first = float(np.nanmin(times))
    frames = int(np.searchsorted(trajectory.times, first, side="left"))
    if frames < 2:
        raise ValueError(
            f"the first particle stopped at t = {first:.6g}, after {frames} frame: nothing is left to judge; keep more "
            "frames, or make the run without stop=..."
        )
    word = f"the first particle stopped at t = {first:.6g}: the {frames} frames before it are judged, averages are not"
    return _frames(trajectory, slice(frames), trajectory.description), [word]


def at_one_temperature(trajectory):
    """The frames at the last level of an annealed run, and a word on the others; refused where replicas changed places.

    A run at one temperature is handed back as it is.
    """
    description = trajectory.description
    if "tempering" in description:
        raise ValueError(
            "replicas were exchanged between temperatures: no particle's path is one of Langevin dynamics; judge a run "
            "without tempering=..."
        )
    if "annealing" not in description:
        return trajectory, []
    with following(str(trajectory.path), trajectory.path):
        changed = description["first_step"] + sum(Annealing(**description.pop("annealing")).steps)
    first = int(np.searchsorted(trajectory.steps, changed))
    if len(trajectory) - first < 2:
        raise ValueError(
            f"annealed until step {changed}, and {len(trajectory) - first} frames are of later steps, but 2 at "
            "the last temperature are needed"
        )
    word = f"annealed until step {changed}: the {len(trajectory) - first} frames from there on are judged"
    return _frames(trajectory, slice(first, None), description), [word]


def _frames(trajectory, rows, description):
    """A part of a trajectory, in memory."""
    steps, times, x, v = (
        None if values is None else values[rows]
        for values in (trajectory.steps, trajectory.times, trajectory.positions, trajectory.velocities)
    )
    part = MemorySource(steps, times, x, v, trajectory.unit, description, [])
    return Trajectory(part, Simulation.from_description)


def _has_times(trajectory):
    """Whether a file without a description has times, which are not just its steps."""
    if trajectory.description:
        return False
    return bool((trajectory.unit or {}).get("time")) or not np.array_equal(trajectory.steps, trajectory.times)


def _inferred_step(trajectory):
    """Dt from steps and times, where the file has times of its own."""
    steps, times = trajectory.steps, trajectory.times
    if len(steps) < 2 or not _has_times(trajectory):
        return None
    dt = float((times[-1] - times[0]) / (steps[-1] - steps[0]))
    return dt if dt > 0.0 else None


def claim_for(trajectory, *, simulation=None, potential=None, scheme=None, mass=None, friction=None, kT=None, dt=None):
    """The claim a trajectory is judged by; what is given goes before what the file says."""
    description = trajectory.description
    given = {"scheme": scheme, "mass": mass, "friction": friction, "kT": kT, "dt": dt}
    if simulation is None and description:
        simulation, own_noise = _own(trajectory, description, potential)
    else:
        own_noise = simulation is not None and bool(description)
    if isinstance(potential, type) and simulation is not None:
        potential = simulation.potential
    if simulation is not None and all(value is None for value in given.values()):
        return Claim(
            simulation.potential if potential is None else potential, simulation.dynamics, simulation.integrator,
            simulation.dt, trajectory.particles, trajectory.dimension, simulation, own_noise,
        )  # fmt: skip
    if simulation is not None:
        known = simulation.dynamics
        given = {
            "scheme": simulation.integrator if scheme is None else scheme,
            "mass": getattr(known, "mass", None) if mass is None else mass,
            "friction": known.friction if friction is None else friction,
            "kT": known.kT if kT is None else kT,
            "dt": simulation.dt if dt is None else dt,
        }
        potential = simulation.potential if potential is None else potential
    if given["dt"] is None:
        given["dt"] = _inferred_step(trajectory)
    scheme = given["scheme"]
    inertial = scheme is None or Langevin in scheme.facts
    if scheme is not None and Overdamped in scheme.facts and given["mass"] is None and trajectory.velocities is None:
        inertial = False
    wanted = given | {"potential": potential}
    if not inertial:
        wanted.pop("mass")
    missing = [name for name in ("scheme", "potential", "mass", "friction", "kT", "dt") if wanted.get(name, 0) is None]
    if missing:
        raise MissingParameters(missing, "the trajectory" if trajectory.path is None else str(trajectory.path))
    if inertial:
        dynamics = Langevin(mass=given["mass"], friction=given["friction"], kT=given["kT"])
    else:
        dynamics = Overdamped(friction=given["friction"], kT=given["kT"])
    scheme.facts_for(dynamics)
    return Claim(potential, dynamics, scheme, float(given["dt"]), trajectory.particles, trajectory.dimension)


def _own(trajectory, description, potential):
    """The simulation of a description, and whether its noise can be made again."""
    if description.get("noise") == "given":  # such a run can be judged, but its noise is nowhere
        return trajectory.simulation(potential, noise="float64"), False
    return trajectory.simulation(potential), True

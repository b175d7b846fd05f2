"""Reading trajectories in parts that fit into memory, with the checks that every estimate makes.

Independent values are *pieces*: one per particle where there are 16 particles or more; fewer particles are cut into
segments of time, so that at least 32 pieces carry the error.
"""

import math
import operator

import numpy as np

from ..arguments import checked, shortened
from ..description import build_dynamics
from ..progress import Progress
from ..theory import checks
from ..theory.linear import SCHEME_OF
from ..trajectory.description import following
from .series import BLOCKS, ENOUGH
from .statistics import Estimate, TooFewData

MEMORY = 2**28  # bytes that an analysis may take
SLAB = 2**25  # bytes that are read at once where whole frames are
COPIES = 64  # bytes in use per number of a block: itself, its transform (padded), and what is made of both


def known(trajectory, *names, **given):
    """Parameters of a run: the values given, or else those of its description.

    Parameters
    ----------
    trajectory : Trajectory
    *names : str
        Of "mass", "friction", "kT", "dt", "scheme" (the name in `brownian.theory`).  mass is 0 for overdamped dynamics.
    **given
        Values by name; None: not given.

    Returns
    -------
    list
        In the order of the names; friction and kT are arrays where they differ between components.

    Raises
    ------
    ValueError
        naming the parameter that neither is given nor stands in the file.
    """
    description = trajectory.description
    dynamics = description.get("dynamics")
    dynamics = dynamics if isinstance(dynamics, dict) else {}
    integrator = description.get("integrator")
    integrator = integrator if isinstance(integrator, dict) else {}
    stated = {name: dynamics.get(name) for name in ("mass", "friction", "kT")}
    stated |= {"dt": description.get("dt"), "scheme": SCHEME_OF.get(str(integrator.get("class")))}
    if dynamics.get("class") in ("Overdamped", "ColoredNoise", "ActiveForce"):
        stated["mass"] = 0.0
    if dynamics.get("class") == "GeneralizedLangevin":  # of slow motion
        stated["friction"] = float(np.sum([dynamics.get("friction", 0.0), *dynamics.get("frictions", [])]))
    values = []
    for name in names:
        value = stated[name] if given.get(name) is None else given[name]
        if value is None:
            raise ValueError(f"{name} is not known: the file does not tell it, and {name} = None was given")
        values.append(value if isinstance(value, str) else _parameter(name, value, trajectory.dimension))
    return values


def dynamics_of(trajectory):
    """The dynamics that a description states; TrajectoryError where it states none."""
    with following("the trajectory" if trajectory.path is None else str(trajectory.path), trajectory.path):
        return build_dynamics(trajectory.description["dynamics"])


def _parameter(name, value, dimension):
    if name in ("friction", "kT"):
        return per_component(name, value, dimension)
    return float(checks.single(**{name: checks.finite(**{name: value})}))


def per_component(name, value, dimension):
    """A float, or a float64 array of shape (D,); ValueError for another shape."""
    number = checks.finite(**{name: value})
    if number.shape == (1,):
        number = number[0]
    if number.shape not in ((), (dimension,)):
        raise ValueError(f"{name} of shape {number.shape}, but one number, or ({dimension},), is needed")
    return number if number.ndim else float(number)


def centre_of(trajectory, mean, start=0):
    """The mean that was given, one number or one per component, or that of all particles and frames."""
    if mean is None:
        return mean_position(trajectory, start)
    return per_component("mean", mean, trajectory.dimension)


def checked_component(trajectory, component):
    """The number of a component; ValueError where there is none of that number."""
    if component not in range(trajectory.dimension):
        raise ValueError(f"component = {shortened(component)}, but 0 to {trajectory.dimension - 1} are allowed")
    return component


def first_frame(trajectory, start=0, least=2):
    """Check the number of the first frame to be used, with at least ``least`` frames from there on."""
    frames = len(trajectory)
    try:
        number = operator.index(start)
    except TypeError:
        raise ValueError(f"start = {shortened(start)}, but the number of a frame is needed") from None
    if not 0 <= number < frames:
        raise ValueError(f"start = {shortened(start)}, but there are {frames} frames: 0 to {frames - 1}")
    if frames - number < least:
        word = "frame" if frames - number == 1 else "frames"
        raise ValueError(f"{frames - number} {word} from frame {number} on, but at least {least} are needed")
    return number


def frame_interval(trajectory, start=0, least=2):
    """Time between frames [T]; ValueError unless all frames from ``start`` on are equally spaced."""
    start = first_frame(trajectory, start, least)
    times = trajectory.times[start:]
    gaps, steps = np.diff(times), np.diff(trajectory.steps[start:])
    interval = (times[-1] - times[0]) / len(gaps)
    rounding = 1e-3 if np.all(steps == steps[0]) else 1e-6  # the times of another program may be float32
    if np.any(np.abs(gaps - interval) > rounding * interval):
        schedule = ", ".join(f"{time:.6g}" for time in times[:5])
        raise ValueError(
            f"the frames are not equally spaced: their schedule is {schedule}, ..., with {gaps.min():.6g} to "
            f"{gaps.max():.6g} between them, but equal times are needed here (every = one time); schedules are read by "
            "statistics.displacement_msd"
        )
    return float(interval)


def cut(trajectory, *, start=0, longest=0, pieces=BLOCKS, memory=MEMORY):
    """Segments per particle and frames per segment; more segments where memory asks for it and ``longest`` allows."""
    frames = len(trajectory) - first_frame(trajectory, start)
    segments = 1 if trajectory.particles >= ENOUGH else math.ceil(pieces / trajectory.particles)
    row = COPIES * trajectory.dimension
    while row * (frames // segments) > memory and frames // (2 * segments) >= 8 * max(longest, 2048):
        segments *= 2
    if frames // segments < 2:
        raise TooFewData(
            f"{frames} frames of {trajectory.particles} particles are too few: {segments} segments of 2 frames or more "
            f"are needed, or {ENOUGH} particles"
        )
    return segments, frames // segments


def checked_lags(lags, trajectory, length, segments):
    """Lags as an ascending array of whole numbers below ``length``."""
    values = np.atleast_1d(np.asarray(lags))
    if values.ndim != 1 or values.size == 0 or np.any(values != np.floor(values)) or np.any(values < 0):
        raise ValueError(f"lags = {shortened(lags)}, but whole numbers of frames >= 0 are needed")
    values = values.astype(np.int64)
    if np.any(np.diff(values) <= 0):
        raise ValueError(f"lags = {shortened(lags)}, but they must ascend")
    if values[-1] >= length:
        pieces = f", and each particle is cut into {segments} segments of {length} frames, which carry the error"
        raise ValueError(
            f"lag = {values[-1]} frames, but at most {length - 1} are allowed: there are {len(trajectory)} frames"
            + (pieces if segments > 1 else "")
        )
    return values


@checked
def logarithmic_lags(longest, per_decade=10):
    """Whole lags from 1 to ``longest``, about equally spaced in the logarithm.

    Examples
    --------
    >>> from brownian.analysis.reading import logarithmic_lags
    >>> logarithmic_lags(20, per_decade=4)
    array([ 1,  2,  3,  4,  7, 12, 20])
    """
    if per_decade > 10**6:
        raise ValueError(f"per_decade = {per_decade:g}, but it must be at most 10**6")
    count = max(2, math.ceil(per_decade * math.log10(max(longest, 2))) + 1)
    return np.unique(np.rint(np.geomspace(1, max(longest, 1), count)).astype(np.int64))


def stored(trajectory, name):
    """Positions or velocities, lazy; ValueError where there are no velocities."""
    if name == "velocities" and trajectory.velocities is None:
        raise ValueError("no velocities are stored: the dynamics is overdamped, or velocities = False was asked for")
    return trajectory.positions if name == "positions" else trajectory.velocities


def finite(values, name, first_frame=0, first_particle=0):
    """The same as float64; ValueError that names frame and particle where a value is not finite."""
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all():
        frame, particle = (int(index[0]) for index in np.nonzero(~np.isfinite(values))[:2])
        raise ValueError(
            f"{name} of particle {first_particle + particle} in frame {first_frame + frame} are "
            f"{values[frame, particle].tolist()}, but they must be finite"
        )
    return values


def observed(values, shape):
    """What an observable returned, as float64; ValueError unless it is one number, or m, per frame and particle."""
    try:
        array = np.asarray("nothing" if values is None else values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"observable must return numbers, got {shortened(values)}") from None
    if array.ndim not in (2, 3) or array.shape[:2] != shape:
        raise ValueError(f"observable must return shape {shape} or {(*shape, 'm')}, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"observable must return finite numbers, got {array[~np.isfinite(array)][0]}")
    return array


def particle_blocks(trajectory, name, segments, length, *, memory=MEMORY, progress=False):
    """Series of a few particles at a time, so that a file larger than memory is read.

    Yields
    ------
    particles : slice
    x : ndarray, shape (length, n, D)
        float64; one segment, the last ones of the file: all segments of the same particles follow each other.
    """
    source = stored(trajectory, name)
    start = len(trajectory) - segments * length
    count = max(1, int(memory / (COPIES * length * trajectory.dimension)))
    count = count // 64 * 64 if count > 64 else count
    total = trajectory.particles * segments
    report, done = Progress(total, f"reading {name} of {len(trajectory):,} frames", progress, what="pieces"), 0
    for first in range(0, trajectory.particles, count):
        particles = slice(first, min(first + count, trajectory.particles))
        for k in range(segments):
            row = start + k * length
            yield particles, finite(source[row : row + length, particles, :], name, row, first)
            done += particles.stop - particles.start
            report.update(done, final=done == total)


def mean_position(trajectory, start=0):
    """Mean over frames and particles of each component, shape (D,), slab by slab."""
    start = first_frame(trajectory, start)
    slab = max(1, SLAB // (8 * trajectory.particles * trajectory.dimension))
    origin = np.asarray(trajectory.positions[start], dtype=np.float64).mean(axis=0)
    total = np.zeros(trajectory.dimension)
    for row in range(start, len(trajectory), slab):
        x = finite(trajectory.positions[row : row + slab], "positions", row)
        total += (x - origin).sum(axis=(0, 1))
    return origin + total / ((len(trajectory) - start) * trajectory.particles)


class Running:
    """Mean and variance over independent values that arrive in parts; also their covariance with the first quantity."""

    def __init__(self):
        """Start with nothing."""
        self.count = 0
        self.mean = self.squares = self.first = np.zeros(())

    def add(self, values):
        """Take n values of K quantities, shape (n, ...)."""
        count, part = len(values), values.mean(axis=0)
        centred = values - part
        change, total = part - self.mean, self.count + count
        weight = self.count * count / total
        first, first_change = (centred[:, :1], change[:1]) if values.ndim > 1 else (centred, change)
        self.squares = self.squares + np.einsum("n...,n...->...", centred, centred) + weight * change**2
        self.first = self.first + (centred * first).sum(axis=0) + weight * change * first_change
        self.mean, self.count = self.mean + change * (count / total), total

    def estimate(self):
        """Estimate of all quantities."""
        scale = self.count * (self.count - 1)
        return Estimate(self.mean, np.sqrt(np.maximum(self.squares, 0.0) / scale), self.count)

    def normalised(self):
        """Estimate of all quantities over the mean of the first one."""
        scale, first = self.count * (self.count - 1), self.mean[:1]
        value = self.mean / first
        variance = self.squares - 2.0 * value * self.first + value**2 * self.squares[:1]
        return Estimate(value, np.sqrt(np.maximum(variance, 0.0) / scale) / np.abs(first), self.count)

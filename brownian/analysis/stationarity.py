"""How long a trajectory remembers its start: the frames that are to be left out before averages are taken."""

import math
from typing import NamedTuple

import numpy as np

from .. import theory
from ..arguments import checked
from ..trajectory.description import word_on_start
from .landscape import gradient, linear_stiffness, potential_of
from .reading import MEMORY, dynamics_of, finite, first_frame, frame_interval, known
from .series import integrated_autocorrelation_time
from .statistics import TooFewData

MULTIPLE = 10.0  # relaxation times after which a start is forgotten: e^-10 is left
STATIONARY = "start: the scheme's own stationary law"  # the note of a run that begins in it


class Relaxation(NamedTuple):
    """``frames`` to leave out (the ``start`` of all estimates), the relaxation ``time`` [T], and a word on both."""

    frames: int
    time: float
    note: str


@checked
def relaxation(trajectory, *, potential=None, mass=None, friction=None, multiple=MULTIPLE, memory=MEMORY):
    """Recognise the part of a trajectory before its stationary state: the first 10 relaxation times.

    The relaxation time is theory's for a linear force (slowest mode, of what the dynamics remembers too) and a free
    particle (of velocities, m / lambda without memory); otherwise it is measured in the second half of the file, as the
    longest autocorrelation time of positions, their squares and forces, or twice that of a free particle if longer.

    Parameters
    ----------
    trajectory : Trajectory
        Measured: equally spaced frames.
    potential, mass, friction : optional
        Where the file does not state them; without a potential the time is measured.
    multiple : float
        Relaxation times to leave out.
    memory : int
        Bytes; where the second half of the file is larger, fewer particles are measured.

    Returns
    -------
    Relaxation
        frames = 0 for runs of ours that start in the scheme's own stationary law.

    Raises
    ------
    TooFewData
        If fewer than 2 frames would be left, or the file is too short for the time to be measured.
    ValueError
        If mass or friction are needed and not known, or frames are not finite.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.stationarity import relaxation
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.1,
    ...                      start="minimum", particles=64, seed=7).run(steps=500, every=0.5)
    >>> found = relaxation(trap)
    >>> found.frames, round(found.time, 4)
    (7, 0.3333)
    """
    first_frame(trajectory)
    note = word_on_start(trajectory.description)
    try:
        potential = potential_of(trajectory, potential)
    except ValueError:
        potential = None
    stiffness = None if potential is None else linear_stiffness(potential, trajectory.dimension)
    if stiffness is not None and np.all(stiffness >= 0.0):
        mass, friction = known(trajectory, "mass", "friction", mass=mass, friction=friction)
        time, source = slowest_time(trajectory, stiffness, mass, friction), "theory of linear forces"
    else:
        mass = _maybe(trajectory, "mass", mass)
        friction = _maybe(trajectory, "friction", friction)
        if mass and friction is not None and np.min(friction) == 0.0:
            raise ValueError("there is no friction: nothing relaxes, and no part is left out")
        free, slowest = np.zeros(trajectory.dimension), 0.0
        if mass is not None and friction is not None:
            slowest = 2.0 * slowest_time(trajectory, free, mass, friction)
        time, source = max(_measured(trajectory, potential, memory), slowest), "autocorrelation of the second half"
    if note == STATIONARY:
        return Relaxation(
            0, time, f"relaxation time {time:.4g} ({source}); the run starts stationary: all frames are used"
        )
    since = trajectory.times - trajectory.times[0]
    frames = int(np.searchsorted(since, multiple * time * (1.0 - 1e-12)))
    if len(trajectory) - frames < 2:
        raise TooFewData(
            f"{multiple:g} relaxation times of {time:.4g} ({source}) are to be left out, but the file ends after "
            f"{since[-1]:.6g}: a run of {2.0 * multiple * time:.4g} or more is needed"
        )
    word = f"{frames} of {len(trajectory)} frames are left out" if frames else "no frame has to be left out"
    return Relaxation(frames, time, f"relaxation time {time:.4g} ({source}): {word}")


def _maybe(trajectory, name, value):
    try:
        return known(trajectory, name, **{name: value})[0]
    except ValueError:
        return None


def slowest_time(trajectory, stiffness, mass, friction):
    """Decay time [T] of the slowest mode in traps of stiffness k_d [E/L^2], shape (D,); at 0 one of the velocity."""
    dynamics = trajectory.description.get("dynamics")
    kind = dynamics.get("class") if isinstance(dynamics, dict) else None
    if kind == "GeneralizedLangevin":
        own = dynamics_of(trajectory)
        modes = {"friction": own.frictions, "memory": own.times, "white_friction": own.friction}
        return max(theory.gle_slowest_time(mass=mass, stiffness=float(k), **modes) for k in stiffness)
    times = [dynamics_of(trajectory).time] if kind in ("ColoredNoise", "ActiveForce") else []
    times += [
        float(theory.harmonic_relaxation_time(friction=lam, stiffness=k, mass=mass)) if k > 0.0 else _free(mass, lam)
        for k, lam in zip(stiffness, np.broadcast_to(friction, stiffness.shape), strict=True)
    ]
    return max(times)


def _free(mass, friction):
    return float(mass / friction) if friction > 0.0 else math.inf


def _measured(trajectory, potential, memory):
    start = len(trajectory) // 2
    interval = frame_interval(trajectory, start, least=8)
    frames = len(trajectory) - start
    particles = max(1, min(trajectory.particles, int(memory / (128 * frames * trajectory.dimension))))
    x = finite(trajectory.positions[start:, :particles], "positions", start)
    parts = [x, (x - x.mean(axis=(0, 1))) ** 2]
    if potential is not None:
        parts.append(gradient(potential, x))
    longest = 0.0
    for part in parts:
        for d in range(x.shape[2]):
            series = part[..., d]
            if series.std() > 0.0:
                longest = max(longest, float(integrated_autocorrelation_time(series).value))
    # an exponential decay of time T in frames D apart has 1 + 2 sum rho = coth(D / 2T)
    return interval / (2.0 * math.atanh(1.0 / longest)) if longest > 1.0 else 0.0

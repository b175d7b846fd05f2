"""Warnings before a run, each with what to do about it."""

import math

import numpy as np

from ..dynamics import Overdamped
from ..integrators import REGISTRY, ExactOU
from ..outside import warn
from ..potentials.definition import named
from .forecasting import excesses
from .piloting import along, forecast_along, pilot
from .reuse import reused
from .walls import escape

TOLERATED, GOOD = 0.05, 0.01  # relative bias: of which nothing is said, and that advice aims at
LOST = 0.01  # expected number of particles that walls throw out
COARSE = 0.1  # spacing of stored numbers, in root-mean-square displacements between frames


class Advice(UserWarning):
    """A run will be made as asked for, and something in it will be wrong; the message says what, and what helps.

    Said before the first step.  Those who want it so: ``warnings.simplefilter("ignore", brownian.Advice)``.
    """


def advise(simulation, state, steps, frames, dtype):
    """Say what a run will get wrong, from a pilot of it (see ``pilot``).

    Parameters
    ----------
    simulation, state, steps
        The run, its state at the start, its length.
    frames, dtype
        Steps from the start of the frames that are kept, and their type.

    Warns
    -----
    Advice
        for noise that was used before on the way to this start; a bias of temperatures above 5 %; a curvature for which
        the step is unstable; walls that throw particles out, at once or in the long run; frames too coarse for the
        motion between them.
    """
    words = [reused(simulation, steps, state[0])]
    interval = int(np.diff(frames, prepend=0).min(initial=steps))
    seen = pilot(simulation, state, steps, interval)
    if not seen.finite:
        words.append(blown_up(simulation, seen))
    else:
        expected = forecast_along(simulation, seen)
        words += [
            unstable(simulation, seen, steps) or (biased(simulation, expected) if expected is not None else None),
            coarse(seen, interval, dtype) if len(frames) else None,
        ]
    for text in filter(None, words):
        warn(text, Advice)


def blown_up(simulation, seen):
    """A word on a step so long that the pilot itself came to no end."""
    return (
        f"dt = {simulation.dt:g}: a pilot of {seen.steps} steps did not stay finite; the force of "
        f"{named(simulation.potential)} is too steep for such a step of {simulation.integrator}, try dt = "
        f"{_two_digits(simulation.dt / 4.0)}"
    )


def unstable(simulation, seen, steps):
    """A word on curvatures and walls for which the step is too long."""
    scheme, dt, largest = simulation.integrator, simulation.dt, seen.largest
    if largest is None:
        return None
    limit = scheme.stability_limit(simulation.dynamics, largest)
    if not dt < limit:
        return (
            f"dt = {dt:g} is unstable where the curvature is {largest:.4g}, which was met within {seen.steps} steps: "
            f"{scheme} needs dt < {limit:.3g} there"
        )
    wall = escape(simulation, seen)
    lost = 0.0 if wall is None else simulation.particles * steps * wall[1]
    if lost < LOST:
        return None
    return (
        f"dt = {dt:g} is too long for the walls of {named(simulation.potential)}: from {wall[0]:.3g} beyond the "
        f"middle each step of {scheme} leads farther out, and {min(lost, simulation.particles):.2g} of "
        f"{simulation.particles} particles will be lost there in {steps} steps; try dt = {_two_digits(dt / 4.0)}"
    )


def biased(simulation, expected):
    """A word on temperatures that will come out wrong by more than 5 %."""
    scheme, dt = simulation.integrator, simulation.dt
    of_positions, at = _largest(expected.excess)
    of_velocities, _ = _largest(expected.kinetic)
    if not (np.isfinite(of_positions) and max(abs(of_positions), abs(of_velocities)) > TOLERATED):
        return None
    dynamics, k = along(simulation.dynamics, at), float(expected.curvatures[at])
    if isinstance(dynamics, Overdamped):
        number = f"tau k = {dt / dynamics.friction * k:.3g}"
    else:
        mass = getattr(dynamics, "mass", None)
        number = f"k = {k:.3g}, dt = {dt:g}" if mass is None else f"Omega dt = {dt * math.sqrt(k / mass):.3g}"
    says = (
        [f"positions of {scheme} will be {_percent(of_positions)} by their virial <x U'>"]
        if abs(of_positions) > TOLERATED
        else []
    )
    if abs(of_velocities) > TOLERATED:
        says.append(f"velocities{'' if says else f' of {scheme}'} will be {_percent(of_velocities)}")
    others = _without_bias(scheme, dynamics, dt, k)
    instead = f"{others[0]}() has less than 1 % at this step, " if others else ""
    return (
        f"{number} (mean curvature {expected.word}): {' and '.join(says)}; {instead}{scheme} needs dt <= "
        f"{_two_digits(_good_step(scheme, dynamics, dt, k))} for 1 %"
    )


def coarse(seen, interval, dtype):
    """A word on frames of float32 in which the motion between them is not resolved."""
    if dtype != np.float32:
        return None
    after = int(np.searchsorted(seen.looks, min(interval, seen.steps)))
    moved = float(np.sqrt(((seen.positions[after] - seen.positions[0]) ** 2).mean()))
    moved *= math.sqrt(max(1.0, interval / float(seen.looks[after])))  # frames further apart than was looked: diffusion
    far = float(np.abs(seen.positions).max())
    spacing = float(np.spacing(np.float32(far)))
    if not 0.0 < COARSE * moved < spacing:
        return None
    return (
        f"positions reach {far:.3g}, where numbers of float32 are {spacing:.2g} apart, and a particle moves "
        f"{moved:.2g} between frames: rounding adds {100 * spacing**2 / 6.0 / moved**2:.2g} % to squared "
        "displacements; dtype=numpy.float64 keeps all digits, an origin nearby does too"
    )


def _largest(values):
    """The value that is largest in size, and its place."""
    if not len(values):
        return 0.0, 0
    at = int(np.argmax(np.abs(values)))
    return float(values[at]), at


def _percent(excess):
    return f"{100 * abs(excess):.2g} % too {'hot' if excess > 0.0 else 'cold'}"


def _two_digits(value):
    """A number rounded down to two digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return f"{math.floor(value / unit) * unit:.2g}"


def _bias(scheme, dynamics, dt, k):
    """The larger of the two excesses in a trap, in size; infinite where the scheme can't be used."""
    try:
        pairs = excesses(scheme, dynamics, dt, [k])
    except (TypeError, ValueError, ZeroDivisionError):
        return math.inf
    return max(float(np.abs(values).max(initial=0.0)) for values in pairs)


def _without_bias(scheme, dynamics, dt, k):
    """Names of other schemes for the same dynamics that have little bias at this step, the cheapest first."""
    fit = [cls for cls in REGISTRY.values() if type(dynamics) in cls.facts and cls not in (type(scheme), ExactOU)]
    fit.sort(key=lambda cls: cls.facts[type(dynamics)].forces)
    return [cls.__name__ for cls in fit if _bias(cls(), dynamics, dt, k) < GOOD]


def _good_step(scheme, dynamics, dt, k):
    """The longest step at which the bias is 1 %."""
    low = high = dt
    while _bias(scheme, dynamics, low, k) > GOOD and low > 1e-12 * high:
        low /= 2.0
    for _ in range(12):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _bias(scheme, dynamics, middle, k) <= GOOD else (low, middle)
    return low

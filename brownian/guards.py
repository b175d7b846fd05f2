"""What is refused before a run starts: steps too long, protocols that go astray, stops that are met already."""

import warnings

import numpy as np

from .dynamics import Langevin
from .potentials.definition import depends_on_time, stiffest
from .potentials.driven import frozen, times_of_extremes
from .stops import StopCondition
from .stops.kernels import NoStop


def thermal_length(simulation):
    """A length on which the potential is looked at: thermal where the curvature is known."""
    curvature, kT = simulation.curvature or 0.0, float(np.max(simulation.dynamics.kT))
    return (kT / curvature) ** 0.5 if curvature > 0.0 and kT > 0.0 else 1.0


def check_step(simulation):
    """Refuse a step that is unstable at the potential's minima, and warn of one that does not resolve velocities."""
    scheme, dt, curvature = simulation.integrator, simulation.dt, simulation.curvature or 0.0
    limit = scheme.stability_limit(simulation.dynamics, curvature)
    if not dt < limit:
        raise ValueError(
            f"dt = {dt:g} is unstable: {scheme} needs dt < {limit:.6g} at the largest curvature {curvature:.6g} of "
            f"{type(simulation.potential).__name__}'s minima"
        )
    if isinstance(simulation.dynamics, Langevin) and simulation.facts.forces:
        gamma_dt = float(np.max(simulation.dynamics.friction)) / simulation.dynamics.mass * dt
        if gamma_dt > 2.0:
            warnings.warn(
                f"gamma dt = {gamma_dt:.3g} > 2: velocities are not resolved (statics and, with GJF, diffusion stay "
                f"right); dt < {2.0 * dt / gamma_dt:.3g} resolves them, Overdamped dynamics does without",
                stacklevel=3,
            )


def check_protocols(simulation, steps):
    """Refuse a run in which a driven parameter becomes invalid, or the step unstable, before it starts."""
    first, last = simulation.first_step * simulation.dt, (simulation.first_step + steps) * simulation.dt
    for t in times_of_extremes(simulation.potential, first, last):
        try:
            curvature = stiffest(frozen(simulation.potential, t), simulation.dimension) or 0.0
        except ValueError as error:
            raise ValueError(f"at t = {t:.6g} of this run: {error}") from None
        limit = simulation.integrator.stability_limit(simulation.dynamics, curvature)
        if not simulation.dt < limit:
            raise ValueError(
                f"dt = {simulation.dt:g} is unstable at t = {t:.6g} of this run: {simulation.integrator} needs "
                f"dt < {limit:.6g} at the curvature {curvature:.6g}"
            )


def stopping_for(simulation):
    """The value that the compiled loop stops particles by."""
    stop = simulation.stop
    if stop is None:
        return NoStop()
    if not isinstance(stop, StopCondition):
        raise TypeError(
            f"stop = {stop!r}, but a stop condition is needed: LeaveInterval, CrossLevel, EnterBall or EnterBox"
        )
    if simulation.bookkeeping and depends_on_time(simulation.potential):
        raise ValueError(
            "bookkeeping and stop together need a potential that does not depend on time: the parameters would go on "
            "doing work on particles at rest"
        )
    return stop.compiled(simulation)


def refuse_stopped(simulation, state):
    """Raise where a particle meets the condition before it has moved."""
    if simulation.stop is None:
        return
    met = np.flatnonzero(simulation.stop.met_at(state[0]))
    if met.size:
        k = int(met[0])
        raise ValueError(
            f"stop = {simulation.stop}: {met.size} of {simulation.particles} particles meet it at the start, e.g. "
            f"particle {simulation.first_particle + k} at x = {state[0, k].tolist()}"
        )

"""What is refused before a run starts: steps too long, protocols that go astray, stops that are met already."""

from dataclasses import replace
from typing import Any

import numpy as np

from .annealing import Annealing
from .arguments import array, shortened
from .dynamics import Dynamics, Langevin
from .integrators import Integrator, default_for
from .integrators.moves import counts_acceptance
from .noise import Given, Philox, PhiloxFloat32
from .observables import Watch
from .outside import warn
from .potentials.curvature import length_scale, stiffest
from .potentials.definition import is_potential, named, without_energy
from .potentials.driven import frozen, times_of_extremes
from .potentials.timing import depends_on_time
from .schedule import steps_in, whole_number
from .stops import StopCondition
from .stops.kernels import NoStop
from .tempering import Tempering
from .theory.checks import finite

SCHEDULES: dict[str, Any] = {"annealing": Annealing, "tempering": Tempering}
NOISES = {"float64": Philox, "float32": PhiloxFloat32}


def checked_integrator(dynamics, integrator):
    """The integrator, by default that of the dynamics; TypeError where one of the two is something else."""
    if not isinstance(dynamics, Dynamics):
        raise TypeError(
            f"dynamics = {shortened(dynamics)}, but one of brownian's is needed: Langevin(...), Overdamped(...), "
            "GeneralizedLangevin(...), ColoredNoise(...) or ActiveForce(...)"
        )
    if integrator is None:
        integrator = default_for(dynamics)
    if isinstance(integrator, type) and issubclass(integrator, Integrator):
        raise TypeError(f"integrator = {integrator.__name__}, but an instance is needed: {integrator.__name__}()")
    if not isinstance(integrator, Integrator):
        raise TypeError(
            f"integrator = {shortened(integrator)}, but one of brownian's integrators is needed, e.g. GJF()"
        )
    return integrator


def check_is_potential(potential):
    """Refuse what can't serve as a potential."""
    if not is_potential(potential):
        raise TypeError(
            f"potential = {shortened(potential)}, but a potential is needed: a built-in, an Expression, or a "
            "NamedTuple with component_energy and component_force, or add_energy and add_force"
        )


def checked_noise(simulation, noise):
    """The noise by its name or as given, of the shape that the scheme asks for."""
    if isinstance(noise, Given):
        array("Given: values", noise.values)
        values = np.ascontiguousarray(finite(**{"Given: values": noise.values}))
        if values.ndim == 3:
            values = values[:, np.newaxis]
        wanted = (simulation.facts.normals, simulation.particles, simulation.dimension + simulation.integrator.deciding)
        if values.shape[1:] != wanted:
            raise ValueError(
                f"Given: values of shape {values.shape}, but (steps, {', '.join(map(str, wanted))}) is needed"
            )
        return Given(values, whole_number("Given: first_step", noise.first_step, 0))
    if not isinstance(noise, str) or noise not in NOISES:
        raise ValueError(
            f"noise = {shortened(noise)}, but it must be {' or '.join(map(repr, NOISES))}, or Given(values)"
        )
    return NOISES[noise](np.uint64(simulation.seed))


def thermal_length(simulation):
    """A length on which the potential is looked at: thermal where the curvature is known, otherwise the force's own."""
    curvature, kT = simulation.curvature or 0.0, float(np.max(simulation.dynamics.kT))
    if curvature > 0.0 and kT > 0.0:
        return (kT / curvature) ** 0.5
    return length_scale(simulation.potential, simulation.dimension, simulation.first_step * simulation.dt)


def check_step(simulation):
    """Refuse a step that is unstable at the potential's minima, and warn of one that does not resolve velocities."""
    scheme, dt, curvature = simulation.integrator, simulation.dt, simulation.curvature or 0.0
    limit = scheme.stability_limit(simulation.dynamics, curvature)
    if not dt < limit:
        raise ValueError(
            f"dt = {dt:g} is unstable: {scheme} needs dt < {limit:.6g} at the largest curvature {curvature:.6g} of "
            f"{named(simulation.potential)}'s minima"
        )
    if isinstance(simulation.dynamics, Langevin) and simulation.facts.forces:
        gamma_dt = float(np.max(simulation.dynamics.friction)) / simulation.dynamics.mass * dt
        if gamma_dt > 2.0:
            warn(
                f"gamma dt = {gamma_dt:.3g} > 2: velocities are not resolved (statics and, with GJF, diffusion stay "
                f"right); dt < {2.0 * dt / gamma_dt:.3g} resolves them, Overdamped dynamics does without"
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


def check_temperatures(simulation):
    """Refuse levels of kT that don't fit the dynamics or the particles."""
    for name, kind in SCHEDULES.items():
        given = getattr(simulation, name)
        if given is None:
            continue
        if not isinstance(given, kind):
            raise TypeError(f"{name} = {shortened(given)}, but {kind.__name__}(...) is needed")
        own, kT = given.kT[0 if name == "tempering" else -1], simulation.dynamics.kT
        if kT != own:
            raise ValueError(
                f"{given}: its {'first' if name == 'tempering' else 'last'} level is kT = {own:g}, "
                f"but the dynamics has kT = {shortened(kT)}"
            )
        if simulation.bookkeeping or simulation.stop is not None:
            raise ValueError(f"{name} can't be combined with bookkeeping or stop")
        for level in (min(given.kT), max(given.kT)):  # each level must have a kernel
            simulation.integrator.kernel(
                replace(simulation.dynamics, kT=level), simulation.dt, simulation.dimension, simulation.potential
            )
    if simulation.annealing is not None and simulation.tempering is not None:
        raise ValueError("annealing and tempering can't be combined")
    if simulation.tempering is None:
        return
    if simulation.particles % len(simulation.tempering.kT):
        raise ValueError(
            f"particles = {simulation.particles}, but {len(simulation.tempering.kT)} levels of kT need a multiple"
        )
    score = without_energy(simulation.potential)
    if score is not None:
        raise TypeError(f"tempering needs an energy to exchange by, and {score.__name__} gives a force only")
    if depends_on_time(simulation.potential):
        raise ValueError("tempering needs a potential that does not depend on time")
    if len(simulation.dynamics.slots) > 1 + simulation.dynamics.inertial:
        raise TypeError(f"tempering is for Langevin and Overdamped dynamics, not {type(simulation.dynamics).__name__}")


def watch_for(simulation, observables, every, start, steps):
    """What a run observes, or None; refused where it does not fit."""
    if observables is None:
        if every is not None or np.any(np.asarray(start) != 0.0):
            raise ValueError("observe_every and observe_from need observe=[...]")
        return None
    stride = 1 if every is None else steps_in("observe_every", every, simulation.dt)
    first = steps_in("observe_from", start, simulation.dt) if start else 0
    if first + stride > steps:
        raise ValueError(
            f"observe_from = {shortened(start)} and observe_every = {shortened(every)}: less than 2 looks in "
            f"{steps} steps"
        )
    levels = 1 if simulation.tempering is None else len(simulation.tempering.kT)
    return Watch(
        observables, every=stride, first=first, steps=steps, particles=simulation.particles // levels,
        dimension=simulation.dimension, inertial=simulation.dynamics.inertial,
    )  # fmt: skip


def kept_particles(simulation, particles):
    """The range of particles whose frames are kept."""
    if particles is None:
        return range(simulation.particles)
    if not (isinstance(particles, range) and particles.step == 1):
        raise TypeError(f"particles = {shortened(particles)}, but a range of neighbours is needed, e.g. range(0, 10)")
    if not 0 <= particles.start < particles.stop <= simulation.particles:
        raise ValueError(f"particles = {shortened(particles)}, but they must lie in 0 ... {simulation.particles}")
    if simulation.tempering is not None and len(particles) < simulation.particles:
        raise ValueError(f"particles = {shortened(particles)}: replicas that are exchanged are kept together")
    return particles


def stopping_for(simulation):
    """The value that the compiled loop stops particles by."""
    stop = simulation.stop
    if stop is None:
        return NoStop()
    if not isinstance(stop, StopCondition):
        raise TypeError(
            f"stop = {shortened(stop)}, but a stop condition is needed: LeaveInterval, CrossLevel, EnterBall or "
            "EnterBox"
        )
    if counts_acceptance(simulation.kernel):
        raise ValueError(
            f"stop = {shortened(stop)}: {simulation.integrator} has no path of the dynamics that could meet it"
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

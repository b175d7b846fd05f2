"""Where a run starts: the scheme's own stationary law where it is known, Boltzmann and Maxwell otherwise, or arrays.

The random numbers of a start have purposes of their own, so that particle k starts at the same place alone or among
others, and a start never meets the noise of a step.
"""

import copy
from dataclasses import replace

import numpy as np

from .arguments import array, shortened
from .integrators.moves import counts_acceptance
from .integrators.probe import affine_probe
from .noise import START_CHOICE, START_MEMORY, START_POSITION, START_VELOCITY, STEP, Philox, normals_at, uniforms_at
from .potentials.affine import affine_force
from .potentials.definition import dimension_of, energy, known_minima, named, without_energy
from .potentials.driven import frozen
from .potentials.moments import box_of
from .potentials.potential import by_component
from .theory.weight import Weight

STARTS = ("stationary", "minimum", "rest", "normal")


def check_start(start):
    """The start; refused where it is neither the name of one nor numbers.  Shapes are looked at when it is drawn."""
    if isinstance(start, str):
        if start not in STARTS:
            raise ValueError(
                f"start = {shortened(start)}, but it must be one of {', '.join(map(repr, STARTS))}, or arrays"
            )
        return start
    for values in start if isinstance(start, tuple) and len(start) == 2 else (start,):
        array("start", values)
    return start


def draw_start(start, simulation, noise):
    """The state (slots, particles, dimension) at the start, and a word on how it was made.

    start: "stationary"; "minimum" (at a minimum of the potential, or the origin, with Maxwell velocities); "rest" (the
    same with velocities zero); "normal" (positions standard normal, velocities Maxwell's); an array of positions; or a
    pair of arrays, positions and velocities.  With tempering every level starts at its own kT.
    """
    if simulation.tempering is not None:
        return _level_by_level(start, simulation, noise)
    if isinstance(start, str):
        if start == "stationary":
            return _stationary(simulation, noise)
        if start == "normal":
            return _with_velocities(simulation, _normals(simulation, START_POSITION)), "start: standard normal"
        return _at_minimum(simulation, thermal=start == "minimum"), f"start: {start}"
    return _given(start, simulation), "start: given arrays"


def _level_by_level(start, simulation, noise):
    """Particle p as in a simulation at the kT of its level."""
    levels = simulation.tempering.kT
    chains, parts, note = simulation.particles // len(levels), [], ""
    for k, kT in enumerate(levels):
        level = copy.copy(simulation)
        level.tempering, level.dynamics = None, replace(simulation.dynamics, kT=kT)
        level.kernel = level.integrator.kernel(level.dynamics, level.dt, level.dimension, level.potential)
        state, note = draw_start(start, level, noise)
        parts.append(state[:, k * chains : (k + 1) * chains])
    return np.concatenate(parts, axis=1), note


def _shape(simulation):
    return simulation.particles, simulation.dimension


def _normals(simulation, purpose):
    generator = Philox(np.uint64(simulation.seed))
    return normals_at(
        generator, 0, 1, first_particle=simulation.first_particle, particles=simulation.particles,
        dimension=simulation.dimension, purpose=purpose,
    )[0, 0]  # fmt: skip


def _maxwell(simulation):
    dynamics = simulation.dynamics
    spread = np.sqrt(dynamics.components("kT", simulation.dimension) / dynamics.mass)
    return spread * _normals(simulation, START_VELOCITY)


def _with_velocities(simulation, positions):
    """The whole state: velocities by Maxwell, and what the dynamics remembers as it is in equilibrium at no force."""
    dynamics, state = simulation.dynamics, [positions]
    if dynamics.inertial:
        state.append(_maxwell(simulation))
    for k, spread in enumerate(dynamics.spreads(simulation.dimension)):
        state.append(spread * _normals(simulation, START_MEMORY + k))
    return np.stack(state)


def _origin(simulation):
    minima = known_minima(simulation.potential, simulation.dimension)
    return minima[0] if len(minima) else np.zeros(simulation.dimension)


def _at_minimum(simulation, thermal):
    positions = np.broadcast_to(_origin(simulation), _shape(simulation)).copy()
    state = _with_velocities(simulation, positions)
    if not thermal and simulation.dynamics.inertial:
        state[1] = 0.0
    return state


def _given(start, simulation):
    pair = isinstance(start, tuple | list) and len(start) == 2 and np.ndim(start[0]) > 0 and np.ndim(start[1]) > 0
    pair = pair and np.shape(start) != _shape(simulation)
    arrays = {"positions": start[0], "velocities": start[1]} if pair else {"positions": start}
    if not simulation.dynamics.inertial and pair:
        raise ValueError("start gives velocities, but overdamped dynamics has none")
    checked = []
    for name, values in arrays.items():
        values = np.array(values, dtype=np.float64)
        if simulation.dimension == 1 and values.shape == (simulation.particles,):
            values = values[:, np.newaxis]
        if values.shape != _shape(simulation):
            raise ValueError(
                f"start: {name} of shape {values.shape}, but (particles, dimension) = {_shape(simulation)} is needed"
            )
        if not np.isfinite(values).all():
            particle = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
            raise ValueError(f"start: {name} of particle {particle} are {values[particle]}, but they must be finite")
        checked.append(values)
    state = _with_velocities(simulation, checked[0])
    if pair:
        state[1] = checked[1]
    return state


def _stationary(simulation, noise):
    potential = _at_start(simulation)
    affine = affine_force(potential, simulation.dimension, simulation.first_step * simulation.dt)
    if affine is None:
        return _boltzmann(simulation, potential)
    stiffness = affine[0]
    if np.all(np.linalg.eigvals(stiffness).real > 0.0):
        state = _own_law(simulation, potential, noise)
        if state is not None:
            return state, "start: the scheme's own stationary law"
        return _boltzmann(simulation, potential)
    if not np.any(stiffness):
        return _at_minimum(
            simulation, thermal=True
        ), "start: at the origin, Maxwell velocities (no stationary positions)"
    raise ValueError(
        f"start = 'stationary': the force is linear with stiffness {stiffness.tolist()}, and no stationary state "
        "exists; give start='minimum', or arrays"
    )


def _at_start(simulation):
    """The potential, with driven parameters as they are when the run begins."""
    return frozen(simulation.potential, simulation.first_step * simulation.dt)


def _own_law(simulation, potential, noise):
    """Draw from the stationary law of the scheme, read off by the affine probe; None where it has none."""
    slots, normals = len(simulation.dynamics.slots), simulation.facts.normals
    kernel, dimension = simulation.kernel, simulation.dimension
    if counts_acceptance(kernel):
        stiffness, constant = affine_force(potential, dimension)
        covariance = simulation.dynamics.components("kT", dimension)[0] * np.linalg.inv(stiffness)
        mean, draws = np.linalg.solve(stiffness, constant), list[np.ndarray]()
    else:
        probe = affine_probe(kernel, potential, slots, normals, dimension, simulation.dt)
        covariance = probe.stationary_covariance()
        if covariance is None:
            return None
        mean, draws = probe.stationary_mean(), []
    if kernel.keeps_noise:  # the noise that the first step will find kept: positions are correlated with it
        draws.append(
            normals_at(noise, simulation.first_step, 1, first_particle=simulation.first_particle,
                       particles=simulation.particles, dimension=dimension, purpose=STEP)[0, 0]
        )  # fmt: skip
    draws.append(_normals(simulation, START_POSITION))
    purposes = [START_VELOCITY] if simulation.dynamics.inertial else []
    purposes += [START_MEMORY + k for k in range(slots - 1 - len(purposes))]
    draws += [_normals(simulation, purpose) for purpose in purposes]
    kept = len(mean) - slots * dimension
    order = np.r_[slots * dimension : len(mean), 0 : slots * dimension]  # kept noise first: it is given
    root = _root(covariance[np.ix_(order, order)])
    values = mean[order] + np.concatenate(draws, axis=1) @ root.T
    return np.ascontiguousarray(values[:, kept:].reshape(-1, slots, dimension).transpose(1, 0, 2))


def _root(covariance):
    """L with L L^T the covariance: Cholesky's, or a symmetric one where some direction does not fluctuate."""
    try:
        return np.linalg.cholesky(covariance + 0.0)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return vectors * np.sqrt(np.maximum(values, 0.0))


def _boltzmann(simulation, potential):
    note = (
        "start: Boltzmann's distribution, which the scheme keeps"
        if counts_acceptance(simulation.kernel)
        else "start: Boltzmann and Maxwell; the scheme's own stationary law differs by its bias at this dt: "
        "discard the first 10 relaxation times"
    )
    kT = simulation.dynamics.components("kT", simulation.dimension)
    if not np.all(kT > 0.0):
        return _at_minimum(simulation, thermal=True), "start: at a minimum (kT = 0)"
    t = simulation.first_step * simulation.dt
    score = without_energy(potential)
    if score is not None:
        raise ValueError(f"start = 'stationary' needs an energy, and {score.__name__} gives a force only; give arrays")
    uniforms = [
        uniforms_at(simulation.seed, first_particle=simulation.first_particle, particles=simulation.particles,
                    component=d, purpose=START_CHOICE)
        for d in range(simulation.dimension)
    ]  # fmt: skip
    if by_component(potential):
        positions = np.stack(
            [_one_axis(potential, d, simulation.dimension, kT[d], uniforms[d][:, 0], t) for d in range(len(kT))], 1
        )
    elif np.any(kT != kT[0]):
        raise ValueError(
            "start = 'stationary': with different kT per component no Boltzmann distribution exists; give arrays"
        )
    elif hasattr(potential, "draw"):
        normals = _normals(simulation, START_POSITION)
        positions = potential.draw(normals, uniforms[0], float(kT[0]))
    elif dimension_of(potential) == 2 or simulation.dimension == 2:
        positions = _plane(potential, float(kT[0]), uniforms[0], t)
    else:
        raise ValueError(
            f"start = 'stationary': no way is known to draw from {named(potential)} in {simulation.dimension} "
            "dimensions; give start='minimum', or arrays"
        )
    return _with_velocities(simulation, positions), note


def _one_axis(potential, d, dimension, kT, uniforms, t):
    def along(x):
        points = np.zeros((np.size(x), dimension))
        points[:, d] = np.ravel(x)
        return energy(potential, points, t).reshape(np.shape(x))

    period = getattr(potential, "period", None)
    if period is not None:
        edges = [0.0, period]  # one period, without the tilt's flow: a start, not a stationary state
    else:
        edges = Weight(along, kT, None, None).edges
    x = np.linspace(edges[0], edges[-1], 16385)
    return _inverse(x, along(x) / kT, uniforms)


def _inverse(x, u, uniforms):
    weight = np.exp(u.min() - u)
    total = np.concatenate([[0.0], np.cumsum(weight[1:] + weight[:-1])])
    return np.interp(uniforms, total / total[-1], x)


def _plane(potential, kT, uniforms, t):
    points = 1025

    def u(x, y):
        return energy(potential, np.stack([np.ravel(x), np.ravel(y)], axis=1), t).reshape(np.shape(x))

    (x0, x1), (y0, y1) = box_of(potential, u, kT)
    x, y = np.linspace(x0, x1, points), np.linspace(y0, y1, points)
    weight = u(*np.meshgrid(x, y, indexing="ij")) / kT
    weight = np.exp(weight.min() - weight)
    first = _inverse(x, -np.log(weight.sum(axis=1)), uniforms[:, 0])
    row = np.clip(np.rint((first - x0) / (x[1] - x[0])).astype(int), 0, points - 1)
    rows = np.concatenate([np.zeros((points, 1)), np.cumsum(weight[:, 1:] + weight[:, :-1], axis=1)], axis=1)
    second = np.empty_like(first)
    for k in np.unique(row):
        chosen = row == k
        second[chosen] = np.interp(uniforms[chosen, 1], rows[k] / max(rows[k, -1], 1e-300), y)
    return np.stack([first, second], axis=1)

"""Energies along paths: what a run counts, and how its counting starts."""

import numpy as np

from .caching import compiled_for
from .integrators.ledger import SLOTS, DrivenLedger, Ledger, NoLedger
from .integrators.moves import counts_acceptance
from .potentials.conserved import add_conserved_energy, check_divisible
from .potentials.potential import at, own
from .potentials.timing import depends_on_time
from .stops.kernels import RUNNING


def ledger_for(simulation):
    """The value that the compiled loop counts by."""
    if not simulation.bookkeeping:
        return NoLedger()
    if counts_acceptance(simulation.kernel):
        raise ValueError(f"bookkeeping counts along a path of the dynamics, and {simulation.integrator} has none")
    check_divisible(simulation.potential)
    mass = simulation.dynamics.mass if simulation.dynamics.inertial else 0.0
    kind = DrivenLedger if depends_on_time(simulation.potential) else Ledger
    return kind(float(mass), len(simulation.dynamics.slots))


def _conserved_energy(potential, x, t, u):
    add_conserved_energy(at(potential, t, 0), x, t, u)


def conserved_energy(potential, x, t):
    """Energy [E] of the terms that have one, for positions (particles, dimension)."""
    u, rows = np.zeros(len(x)), np.ascontiguousarray(x.T)
    compiled_for(_conserved_energy, potential)(own(potential), rows, np.float64(t), u)
    return u


def opened(simulation, state):
    """The whole state at the start: that of the scheme, nothing accepted, an open ledger, and nobody stopped."""
    rows = [state]
    if counts_acceptance(simulation.kernel):
        rows.append(np.zeros((1, *state.shape[1:])))
    if simulation.bookkeeping:
        ledger = np.zeros((SLOTS, *state.shape[1:]))
        start = simulation.first_step * simulation.dt
        ledger[1, :, 0] = -conserved_energy(simulation.potential, state[0], start)
        rows.append(ledger)
    if simulation.stop is not None:
        rows.append(np.full((1, *state.shape[1:]), RUNNING))
    if simulation.tempering is not None:  # nothing exchanged, and every particle is its own replica
        replicas = np.arange(state.shape[1], dtype=np.float64)[:, np.newaxis] + np.zeros(state.shape[1:])
        rows += [np.zeros((1, *state.shape[1:])), replicas[np.newaxis]]
    return np.concatenate(rows) if len(rows) > 1 else state


def first_tallies(simulation, state):
    """The tallies of the first frame, shape (1, particles, columns), or None where there are none."""
    columns = []
    if counts_acceptance(simulation.kernel):
        columns.append(np.zeros(simulation.particles))
    if simulation.bookkeeping:
        particles, dimension = state.shape[1:]
        scheme = len(simulation.dynamics.slots)
        kinetic, mass = np.zeros(particles), getattr(simulation.dynamics, "mass", 0.0)
        if simulation.dynamics.inertial:
            for d in range(dimension):
                kinetic += state[1, :, d] * state[1, :, d]
        zeros = np.zeros((2 + dimension, particles))
        columns += [*zeros, 0.5 * mass * kinetic, -state[scheme + 1].sum(axis=1)]
    if simulation.stop is not None:
        columns.append(state[-1, :, 0])
    if simulation.tempering is not None:
        columns += [state[-2, :, 0], state[-1, :, 0]]
    return np.stack(columns, axis=1)[np.newaxis] if columns else None

"""What a ledger holds, written out for a frame: work, heat per component, shadow work, and energies."""

from numba.extending import overload

from ..compiled import OPTIONS, inlined
from ..potentials.conserved import add_conserved_energy
from ..potentials.potential import at
from .ledger import ENERGY, HEAT, SHADOW, WORK, counts
from .moves import counts_acceptance


@inlined
def potential_energy(potential, s, t, u):
    """Write U at the positions of a block to u (its part that has an energy)."""
    for i in range(s.shape[2]):
        u[i] = 0.0
    add_conserved_energy(at(potential, t, 0), s[0], t, u)


@inlined
def _write(ledger, potential, s, t, work, tallies, frame, first):
    u, dimension = work[ENERGY, 0], s.shape[1]
    potential_energy(potential, s, t, u)
    for i in range(min(s.shape[2], tallies.shape[1] - first)):
        done, shadow, speed2 = 0.0, 0.0, 0.0
        for d in range(dimension):
            done += s[ledger.first + WORK, d, i]
            shadow += s[ledger.first + SHADOW, d, i]
            tallies[frame, first + i, 1 + d] = s[ledger.first + HEAT, d, i]
            if ledger.mass == 0.0:  # overdamped: what the bath does not give, the path does
                shadow -= s[ledger.first + HEAT, d, i]
            if ledger.mass > 0.0:
                speed2 += s[1, d, i] * s[1, d, i]
        tallies[frame, first + i, 0] = done
        tallies[frame, first + i, 1 + dimension] = u[i] + shadow - done
        tallies[frame, first + i, 2 + dimension] = 0.5 * ledger.mass * speed2
        tallies[frame, first + i, 3 + dimension] = u[i]


@inlined
def _write_nothing(ledger, potential, s, t, work, tallies, frame, first):
    pass


def tally(ledger, potential, s, t, work, tallies, frame, first):
    """Write tallies[frame, first + lane]: work, heat per component, W_shadow, m v^2 / 2, U."""
    (_write if counts(ledger) else _write_nothing)(ledger, potential, s, t, work, tallies, frame, first)


@overload(tally, strict=False, jit_options=OPTIONS)
def _compiled_tally(ledger, potential, s, t, work, tallies, frame, first):
    return _write if counts(ledger) else _write_nothing


@inlined
def _write_accepted(kernel, s, tallies, frame, first):
    for i in range(min(s.shape[2], tallies.shape[1] - first)):
        tallies[frame, first + i, 0] = s[1, 0, i]


@inlined
def _write_no_acceptance(kernel, s, tallies, frame, first):
    pass


def tally_accepted(kernel, s, tallies, frame, first):
    """Write tallies[frame, first + lane]: the number of moves that were accepted."""
    (_write_accepted if counts_acceptance(kernel) else _write_no_acceptance)(kernel, s, tallies, frame, first)


@overload(tally_accepted, strict=False, jit_options=OPTIONS)
def _compiled_tally_accepted(kernel, s, tallies, frame, first):
    return _write_accepted if counts_acceptance(kernel) else _write_no_acceptance


def columns(ledger, dimension):
    """Names of the columns of the tallies."""
    if not counts(ledger):
        return ()
    heats = ("heat",) if dimension == 1 else tuple(f"heat {d}" for d in range(dimension))
    return ("work", *heats, "shadow work", "kinetic energy", "potential energy")

"""What a kernel states, and what the loops ask of it.

A kernel is a NamedTuple of coefficients.  It says how one coordinate moves; the loops over components and lanes stand
in ``scheme``, once for each order of moves and forces.

A kernel has ``coefficients(d)`` (the numbers of component d), ``load(s, kept, d, i)`` and ``store(s, kept, d, i, q)``
(the state q of a coordinate as a tuple that starts with its position) and the moves of its order:

    force, move                  move(c, q, f, xi) -> q
    move, force, finish          move(c, q, f, xi) -> q, finish(c, q, f, xi) -> q; f is carried to the next step
    force, predict, force, correct   predict(c, q, f, xi) -> x, correct(c, q, f, f_predicted, xi) -> q
    no force                     move(c, q, 0, xi) -> q
    memory                       kick, drift, mix(s, z, n, new), drift, kick; new[r] of velocities and memory is put
    back
    propose, accept              propose(c, x, f, xi) -> y, log_ratio(c, x, y, g, xi) -> of the two moves' densities;
    g the force at y; the last two components of the noise decide, for all components of a lane together

xi is a tuple of the step's normals for this coordinate.  ``begin`` fills what is carried, at the start of a call.
"""

from ..compiled import class_of, method

FORCE_MOVE, MOVE_FORCE_FINISH, HEUN, NO_FORCE = "force, move", "move, force, finish", "predict, correct", "no force"
MEMORY, METROPOLIS = "kick, drift, mix, drift, kick", "propose, accept"
# Rows of the work array: 0 force, 1 kept noise or prediction, 2 second force, to 9 the ledger's, from 10 what is mixed.
PLAIN_ROWS, MIXED = 3, 10
# Of a Metropolis step: 1 the proposal, 2 the force there, 3 and 4 the energies at both ends, 5 what was accepted.
METROPOLIS_ROWS = 6


@method
def coefficients(kernel, d):
    """The numbers of component d."""
    return kernel.coefficients(d)


@method
def load(kernel, s, kept, d, i):
    """The state of one coordinate."""
    return kernel.load(s, kept, d, i)


@method
def store(kernel, s, kept, d, i, q):
    """Write the state of one coordinate back."""
    kernel.store(s, kept, d, i, q)


@method
def normals(kernel, z, n, d, i):
    """The normals of one coordinate in step n of the window."""
    return kernel.normals(z, n, d, i)


@method
def move(kernel, c, q, f, xi):
    """The moves before (or without) the next force."""
    return kernel.move(c, q, f, xi)


@method
def finish(kernel, c, q, f, xi):
    """The moves after the force."""
    return kernel.finish(c, q, f, xi)


@method
def predict(kernel, c, q, f, xi):
    """The predicted position."""
    return kernel.predict(c, q, f, xi)


@method
def correct(kernel, c, q, f, g, xi):
    """The state from the forces before (f) and at the prediction (g)."""
    return kernel.correct(c, q, f, g, xi)


@method
def mix(kernel, s, z, n, new):
    """The noise and friction of velocities and memory: their new values, row by row."""
    kernel.mix(s, z, n, new)


@method
def propose(kernel, c, x, f, xi):
    """Where a coordinate is offered to go."""
    return kernel.propose(c, x, f, xi)


@method
def log_ratio(kernel, c, x, y, g, xi):
    """Logarithm of the density of the way back over that of the way there, of one coordinate."""
    return kernel.log_ratio(c, x, y, g, xi)


def counts_acceptance(kernel):
    """Whether a scheme (or its type) accepts and rejects, and has one more slot that counts what it accepted."""
    return class_of(kernel).order == METROPOLIS


def deciding_components(kernel):
    """Further components of the noise, by which a scheme decides."""
    return kernel.deciding if counts_acceptance(kernel) else 0


def work_rows(kernel, counted=False):
    """How many rows of the work array a kernel's loops need, with or without a ledger."""
    if kernel.order == MEMORY:
        return MIXED + len(kernel.matrix)
    if kernel.order == METROPOLIS:
        return METROPOLIS_ROWS
    return MIXED if counted else PLAIN_ROWS

"""How a scheme and a force become one step of a block.

A kernel is a NamedTuple of coefficients.  It says how one coordinate moves; the loops over components and lanes stand
here, once for each order of moves and forces.  Where the potential is given by component, the force is computed inside
the same loop, from registers; otherwise the potential's block method runs between two loops.

A kernel has ``coefficients(d)`` (the numbers of component d), ``load(s, kept, d, i)`` and ``store(s, kept, d, i, q)``
(the state q of a coordinate as a tuple that starts with its position) and the moves of its order:

    force, move                  move(c, q, f, xi) -> q
    move, force, finish          move(c, q, f, xi) -> q, finish(c, q, f, xi) -> q; f is carried to the next step
    force, predict, force, correct   predict(c, q, f, xi) -> x, correct(c, q, f, f_predicted, xi) -> q
    no force                     move(c, q, 0, xi) -> q
    memory                       kick, drift, mix(s, z, n, new), drift, kick; new[r] of velocities and memory is put
    back

xi is a tuple of the step's normals for this coordinate.  ``begin`` fills what is carried, at the start of a call.
"""

from numba.extending import overload

from ..compiled import OPTIONS, class_of, fma, inlined, method
from ..potentials.potential import add_force, at, by_component, component_force

FORCE_MOVE, MOVE_FORCE_FINISH, HEUN, NO_FORCE = "force, move", "move, force, finish", "predict, correct", "no force"
MEMORY = "kick, drift, mix, drift, kick"
# Rows of the work array: 0 force, 1 kept noise or prediction, 2 second force, to 9 the ledger's, from 10 what is mixed.
PLAIN_ROWS, MIXED = 3, 10


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


@inlined
def _force_move(kernel, potential, s, work, z, n, t, t_next):
    kept, now = work[1], at(potential, t, 0)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            f = component_force(now, q[0], d, t)
            store(kernel, s, kept, d, i, move(kernel, c, q, f, normals(kernel, z, n, d, i)))


@inlined
def _force_move_block(kernel, potential, s, work, z, n, t, t_next):
    f, kept = work[0], work[1]
    add_force(at(potential, t, 0), s[0], t, f)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            store(kernel, s, kept, d, i, move(kernel, c, q, f[d, i], normals(kernel, z, n, d, i)))
            f[d, i] = 0.0


@inlined
def _move_force_finish(kernel, potential, s, work, z, n, t, t_next):
    f, kept, then = work[0], work[1], at(potential, t_next, 0)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            xi = normals(kernel, z, n, d, i)
            q = move(kernel, c, load(kernel, s, kept, d, i), f[d, i], xi)
            g = component_force(then, q[0], d, t_next)
            f[d, i] = g
            store(kernel, s, kept, d, i, finish(kernel, c, q, g, xi))


@inlined
def _move_force_finish_block(kernel, potential, s, work, z, n, t, t_next):
    f, kept = work[0], work[1]
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            store(kernel, s, kept, d, i, move(kernel, c, q, f[d, i], normals(kernel, z, n, d, i)))
            f[d, i] = 0.0
    add_force(at(potential, t_next, 0), s[0], t_next, f)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            store(kernel, s, kept, d, i, finish(kernel, c, q, f[d, i], normals(kernel, z, n, d, i)))


@inlined
def _heun(kernel, potential, s, work, z, n, t, t_next):
    kept, now, then = work[1], at(potential, t, 0), at(potential, t_next, 1)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            xi = normals(kernel, z, n, d, i)
            f = component_force(now, q[0], d, t)
            g = component_force(then, predict(kernel, c, q, f, xi), d, t_next)
            store(kernel, s, kept, d, i, correct(kernel, c, q, f, g, xi))


@inlined
def _heun_block(kernel, potential, s, work, z, n, t, t_next):
    f, predicted, g, kept = work[0], work[1], work[2], work[1]
    add_force(at(potential, t, 0), s[0], t, f)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            predicted[d, i] = predict(kernel, c, q, f[d, i], normals(kernel, z, n, d, i))
            g[d, i] = 0.0
    add_force(at(potential, t_next, 1), predicted, t_next, g)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            store(kernel, s, kept, d, i, correct(kernel, c, q, f[d, i], g[d, i], normals(kernel, z, n, d, i)))
            f[d, i] = 0.0


@method
def mix(kernel, s, z, n, new):
    """The noise and friction of velocities and memory: their new values, row by row."""
    kernel.mix(s, z, n, new)


@inlined
def kick_and_drift(kernel, s, f):
    """B and A, to where velocities and memory are mixed."""
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            s[1, d, i] = fma(kernel.kick, f[d, i], s[1, d, i])
            s[0, d, i] = fma(kernel.drift, s[1, d, i], s[0, d, i])


@inlined
def drift_mixed(kernel, s, new, f):
    """Put the mixed values back; A."""
    for d in range(s.shape[1]):
        for r in range(new.shape[0]):
            for i in range(s.shape[2]):
                s[1 + r, d, i] = new[r, d, i]
        for i in range(s.shape[2]):
            s[0, d, i] = fma(kernel.drift, s[1, d, i], s[0, d, i])
            f[d, i] = 0.0


@inlined
def kick_again(kernel, s, f):
    """B."""
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            s[1, d, i] = fma(kernel.kick, f[d, i], s[1, d, i])


@inlined
def _memory(kernel, potential, s, work, z, n, t, t_next):
    f, new = work[0], work[MIXED:]
    kick_and_drift(kernel, s, f)
    mix(kernel, s, z, n, new)
    drift_mixed(kernel, s, new, f)
    add_force(at(potential, t_next, 0), s[0], t_next, f)
    kick_again(kernel, s, f)


@inlined
def _no_force(kernel, potential, s, work, z, n, t, t_next):
    kept = work[1]
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            store(kernel, s, kept, d, i, move(kernel, c, q, 0.0, normals(kernel, z, n, d, i)))


_LOOPS = {
    FORCE_MOVE: (_force_move, _force_move_block),
    MOVE_FORCE_FINISH: (_move_force_finish, _move_force_finish_block),
    HEUN: (_heun, _heun_block),
    NO_FORCE: (_no_force, _no_force),
    MEMORY: (_memory, _memory),
}


def _loop_for(kernel, potential):
    in_registers, by_block = _LOOPS[class_of(kernel).order]
    return in_registers if by_component(potential) else by_block


def step(kernel, potential, s, work, z, n, t, t_next):
    """Take a block from t to t_next with row n of the noise window."""
    _loop_for(kernel, potential)(kernel, potential, s, work, z, n, t, t_next)


@overload(step, strict=False, jit_options=OPTIONS)
def _compiled_step(kernel, potential, s, work, z, n, t, t_next):
    return _loop_for(kernel, potential)


def begin(kernel, potential, s, work, z, n, t):
    """Fill what a block carries from step to step: the force, or the noise of its first step."""
    _beginning_for(class_of(kernel))(kernel, potential, s, work, z, n, t)


def _beginning_for(kernel_class):
    if kernel_class.keeps_noise:
        return _keep_noise
    return _first_force if kernel_class.order in (MOVE_FORCE_FINISH, MEMORY) else _clear


def work_rows(kernel, counted=False):
    """How many rows of the work array a kernel's loops need, with or without a ledger."""
    if kernel.order == MEMORY:
        return MIXED + len(kernel.matrix)
    return MIXED if counted else PLAIN_ROWS


@inlined
def _clear(kernel, potential, s, work, z, n, t):
    work[:] = 0.0


@inlined
def _first_force(kernel, potential, s, work, z, n, t):
    work[:] = 0.0
    add_force(at(potential, t, 0), s[0], t, work[0])


@inlined
def _keep_noise(kernel, potential, s, work, z, n, t):
    work[:] = 0.0
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            work[1, d, i] = z[n, 0, d, i]


@overload(begin, strict=False, jit_options=OPTIONS)
def _compiled_begin(kernel, potential, s, work, z, n, t):
    return _beginning_for(class_of(kernel))

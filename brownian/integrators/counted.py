"""The loops of ``scheme`` with a ledger: the same moves, the forces at both ends of every step, and what is
exchanged.
"""

from numba.extending import overload

from ..compiled import OPTIONS, class_of, inlined
from ..potentials.conserved import add_side_force, has_side_force
from ..potentials.potential import add_force, at, by_component, component_force
from .ledger import (
    HEAT,
    OLD_FORCE,
    OLD_V,
    OLD_X,
    SHADOW,
    SIDE,
    book,
    book_path,
    count_moving,
    count_moving_block,
    count_side_force,
    counts,
    driven,
    exchange,
    exchange_finish,
    exchange_move,
    forces_of_path,
    forces_of_path_block,
    held,
    remember,
)
from .moves import (
    FORCE_MOVE,
    HEUN,
    MEMORY,
    MIXED,
    MOVE_FORCE_FINISH,
    NO_FORCE,
    coefficients,
    correct,
    finish,
    load,
    mix,
    move,
    normals,
    predict,
    store,
)
from .scheme import begin, drift_mixed, kick_again, kick_and_drift, step


@inlined
def _count_ends(ledger, kernel, s, d, i, c, before, then, odd, q, f, after, g, t, t_next):
    """Book a coordinate's way from q to after; f, g: the forces there, with the parameters of t and of t_next."""
    x, x_new = q[0], after[0]
    start, end = forces_of_path(ledger, before, then, odd, f, g, x, x_new, d, t, t_next)
    book_path(kernel, ledger, s, d, i, exchange(kernel, ledger.mass, c, start, end, x, q[-1], x_new, after[-1]))
    count_moving(ledger, s, d, i, before, then, x_new if odd else x, t, t_next)


@inlined
def _one_force(ledger, kernel, potential, s, work, z, n, odd, t, t_next):
    f, kept, before, then = work[0], work[1], held(ledger, potential, t), at(potential, t_next, 0)
    remember(potential, s, work)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            after = move(kernel, c, q, f[d, i], normals(kernel, z, n, d, i))
            g = component_force(then, after[0], d, t_next)
            _count_ends(ledger, kernel, s, d, i, c, before, then, odd, q, f[d, i], after, g, t, t_next)
            f[d, i] = g
            store(kernel, s, kept, d, i, after)
    count_side_force(ledger, potential, s, work, t_next)


@inlined
def _heun(ledger, kernel, potential, s, work, z, n, odd, t, t_next):
    f, kept, before, then = work[0], work[1], held(ledger, potential, t), at(potential, t_next, 0)
    remember(potential, s, work)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            xi = normals(kernel, z, n, d, i)
            g = component_force(then, predict(kernel, c, q, f[d, i], xi), d, t_next)
            after = correct(kernel, c, q, f[d, i], g, xi)
            g = component_force(then, after[0], d, t_next)
            _count_ends(ledger, kernel, s, d, i, c, before, then, odd, q, f[d, i], after, g, t, t_next)
            f[d, i] = g
            store(kernel, s, kept, d, i, after)
    count_side_force(ledger, potential, s, work, t_next)


@inlined
def _count_ends_block(ledger, kernel, potential, s, work, odd, t, t_next):
    """Ask for the forces at the new positions, and book what each coordinate took since the old ones."""
    f, kept, start, end, x_old = work[0], work[1], work[OLD_FORCE], work[2], work[OLD_X]
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            f[d, i] = 0.0
    add_force(at(potential, t_next, 0), s[0], t_next, f)
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            end[d, i] = f[d, i]
    forces_of_path_block(ledger, potential, s, odd, x_old, start, end, t, t_next)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            after = load(kernel, s, kept, d, i)
            x, v = x_old[d, i], work[OLD_V, d, i]
            flows = exchange(kernel, ledger.mass, c, start[d, i], end[d, i], x, v, after[0], after[-1])
            book_path(kernel, ledger, s, d, i, flows)
    count_moving_block(ledger, potential, s, work, s[0] if odd else x_old, t, t_next)
    count_side_force(ledger, potential, s, work, t_next)


@inlined
def _one_force_block(ledger, kernel, potential, s, work, z, n, odd, t, t_next):
    f, kept = work[0], work[1]
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            work[OLD_X, d, i], work[OLD_V, d, i], work[OLD_FORCE, d, i] = q[0], q[-1], f[d, i]
            store(kernel, s, kept, d, i, move(kernel, c, q, f[d, i], normals(kernel, z, n, d, i)))
    _count_ends_block(ledger, kernel, potential, s, work, odd, t, t_next)


@inlined
def _heun_block(ledger, kernel, potential, s, work, z, n, odd, t, t_next):
    f, predicted, g, kept = work[0], work[1], work[2], work[1]
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            work[OLD_X, d, i], work[OLD_V, d, i], work[OLD_FORCE, d, i] = q[0], q[-1], f[d, i]
            predicted[d, i] = predict(kernel, c, q, f[d, i], normals(kernel, z, n, d, i))
            g[d, i] = 0.0
    add_force(at(potential, t_next, 0), predicted, t_next, g)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            q = load(kernel, s, kept, d, i)
            store(kernel, s, kept, d, i, correct(kernel, c, q, f[d, i], g[d, i], normals(kernel, z, n, d, i)))
    _count_ends_block(ledger, kernel, potential, s, work, odd, t, t_next)


@inlined
def _move_force_finish(ledger, kernel, potential, s, work, z, n, odd, t, t_next):
    f, kept, before, then = work[0], work[1], held(ledger, potential, t), at(potential, t_next, 0)
    mass = ledger.mass
    remember(potential, s, work)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            xi = normals(kernel, z, n, d, i)
            old = load(kernel, s, kept, d, i)
            q = move(kernel, c, old, f[d, i], xi)
            g = component_force(then, q[0], d, t_next)
            after = finish(kernel, c, q, g, xi)
            bath, kick = exchange_move(kernel, mass, c, old, f[d, i], xi, q)
            bath_then, kick_then = exchange_finish(kernel, mass, c, q, g, xi, after)
            book(ledger, s, d, i, (bath + bath_then, kick + kick_then))
            count_moving(ledger, s, d, i, before, then, 0.5 * (old[0] + q[0]), t, t_next)
            f[d, i] = g
            store(kernel, s, kept, d, i, after)
    count_side_force(ledger, potential, s, work, t_next)


@inlined
def _move_force_finish_block(ledger, kernel, potential, s, work, z, n, odd, t, t_next):
    f, kept, middle, mass = work[0], work[1], work[2], ledger.mass
    remember(potential, s, work)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            xi = normals(kernel, z, n, d, i)
            old = load(kernel, s, kept, d, i)
            q = move(kernel, c, old, f[d, i], xi)
            book(ledger, s, d, i, exchange_move(kernel, mass, c, old, f[d, i], xi, q))
            store(kernel, s, kept, d, i, q)
            middle[d, i] = 0.5 * (old[0] + q[0])
            f[d, i] = 0.0
    count_moving_block(ledger, potential, s, work, middle, t, t_next)
    add_force(at(potential, t_next, 0), s[0], t_next, f)
    for d in range(s.shape[1]):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            xi = normals(kernel, z, n, d, i)
            q = load(kernel, s, kept, d, i)
            after = finish(kernel, c, q, f[d, i], xi)
            book(ledger, s, d, i, exchange_finish(kernel, mass, c, q, f[d, i], xi, after))
            store(kernel, s, kept, d, i, after)
    count_side_force(ledger, potential, s, work, t_next)


@inlined
def _memory(ledger, kernel, potential, s, work, z, n, odd, t, t_next):
    f, middle, new = work[0], work[2], work[MIXED:]
    remember(potential, s, work)
    _count_kinetic(ledger, s, -1.0, SHADOW)
    kick_and_drift(kernel, s, f)
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            middle[d, i] = s[0, d, i]
    _count_kinetic(ledger, s, 1.0, SHADOW)
    _count_kinetic(ledger, s, -1.0, HEAT)
    count_moving_block(ledger, potential, s, work, middle, t, t_next)
    mix(kernel, s, z, n, new)
    drift_mixed(kernel, s, new, f)
    _count_kinetic(ledger, s, 1.0, HEAT)
    _count_kinetic(ledger, s, -1.0, SHADOW)
    add_force(at(potential, t_next, 0), s[0], t_next, f)
    kick_again(kernel, s, f)
    _count_kinetic(ledger, s, 1.0, SHADOW)
    count_side_force(ledger, potential, s, work, t_next)


@inlined
def _count_kinetic(ledger, s, sign, slot):
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            s[ledger.first + slot, d, i] += sign * 0.5 * ledger.mass * s[1, d, i] * s[1, d, i]


_LOOPS = {
    FORCE_MOVE: (_one_force, _one_force_block),
    NO_FORCE: (_one_force, _one_force_block),
    MOVE_FORCE_FINISH: (_move_force_finish, _move_force_finish_block),
    HEUN: (_heun, _heun_block),
    MEMORY: (_memory, _memory),
}


@inlined
def _plain(ledger, kernel, potential, s, work, z, n, odd, t, t_next):
    step(kernel, potential, s, work, z, n, t, t_next)


def _loop_for(ledger, kernel, potential):
    if not counts(ledger):
        return _plain
    in_registers, by_block = _LOOPS[class_of(kernel).order]
    split = driven(ledger) and has_side_force(potential)  # then the force is whole, and the energy is not
    return in_registers if by_component(potential) and not split else by_block


def counted_step(ledger, kernel, potential, s, work, z, n, odd, t, t_next):
    """Take a block from t to t_next, in an odd or even step, and count what it exchanges, if the ledger counts."""
    _loop_for(ledger, kernel, potential)(ledger, kernel, potential, s, work, z, n, odd, t, t_next)


@overload(counted_step, strict=False, jit_options=OPTIONS)
def _compiled_step(ledger, kernel, potential, s, work, z, n, odd, t, t_next):
    return _loop_for(ledger, kernel, potential)


@inlined
def _begin_plain(ledger, kernel, potential, s, work, z, n, t):
    begin(kernel, potential, s, work, z, n, t)


@inlined
def _begin_counted(ledger, kernel, potential, s, work, z, n, t):
    begin(kernel, potential, s, work, z, n, t)
    now = at(potential, t, 0)
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            work[0, d, i] = 0.0
    add_force(now, s[0], t, work[0])
    add_side_force(now, s[0], t, work[SIDE])


def counted_begin(ledger, kernel, potential, s, work, z, n, t):
    """Fill what a block carries from step to step: with a ledger, the force too."""
    (_begin_counted if counts(ledger) else _begin_plain)(ledger, kernel, potential, s, work, z, n, t)


@overload(counted_begin, strict=False, jit_options=OPTIONS)
def _compiled_begin(ledger, kernel, potential, s, work, z, n, t):
    return _begin_counted if counts(ledger) else _begin_plain

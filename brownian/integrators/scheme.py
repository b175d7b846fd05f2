"""How a scheme and a force become one step of a block: the loops, once for each order of moves and forces.

Where the potential is given by component, the force is computed inside the same loop, from registers; otherwise the
potential's block method runs between two loops.  What a kernel states: see ``moves``.
"""

import numpy as np
from numba.extending import overload

from ..compiled import OPTIONS, class_of, fma, inlined
from ..potentials.potential import add_energy, add_force, at, by_component, component_force
from .moves import (
    FORCE_MOVE,
    HEUN,
    MEMORY,
    METROPOLIS,
    MIXED,
    MOVE_FORCE_FINISH,
    NO_FORCE,
    coefficients,
    correct,
    finish,
    load,
    log_ratio,
    mix,
    move,
    normals,
    predict,
    propose,
    store,
)


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


@inlined
def _metropolis(kernel, potential, s, work, z, n, t, t_next):
    f, y, g, u, u_new, taken = work[0], work[1], work[2], work[3, 0], work[4, 0], work[5, 0]
    dimension = s.shape[1]
    for d in range(dimension):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            y[d, i] = propose(kernel, c, s[0, d, i], f[d, i], np.float64(z[n, 0, d, i]))
            g[d, i] = 0.0
    for i in range(s.shape[2]):
        u_new[i] = 0.0
        taken[i] = 0.0
    add_force(potential, y, t, g)
    add_energy(potential, y, t, u_new)
    for d in range(dimension):
        c = coefficients(kernel, d)
        for i in range(s.shape[2]):
            taken[i] += log_ratio(kernel, c, s[0, d, i], y[d, i], g[d, i], np.float64(z[n, 0, d, i]))
    for i in range(s.shape[2]):
        a, b = np.float64(z[n, 0, dimension, i]), np.float64(z[n, 0, dimension + 1, i])
        # -ln of a uniform number is exponential, and so is half the square of two normals; NaN is not accepted
        log_accept = fma(kernel.beta, u[i] - u_new[i], taken[i])
        taken[i] = 1.0 if 0.5 * fma(a, a, b * b) >= -log_accept else 0.0
        u[i] = u_new[i] if taken[i] > 0.0 else u[i]
        s[1, 0, i] += taken[i]
    for d in range(dimension):
        for i in range(s.shape[2]):
            s[0, d, i] = y[d, i] if taken[i] > 0.0 else s[0, d, i]
            f[d, i] = g[d, i] if taken[i] > 0.0 else f[d, i]


_LOOPS = {
    FORCE_MOVE: (_force_move, _force_move_block),
    MOVE_FORCE_FINISH: (_move_force_finish, _move_force_finish_block),
    HEUN: (_heun, _heun_block),
    NO_FORCE: (_no_force, _no_force),
    MEMORY: (_memory, _memory),
    METROPOLIS: (_metropolis, _metropolis),
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
    if kernel_class.order == METROPOLIS:
        return _first_force_and_energy
    return _first_force if kernel_class.order in (MOVE_FORCE_FINISH, MEMORY) else _clear


@inlined
def _clear(kernel, potential, s, work, z, n, t):
    work[:] = 0.0


@inlined
def _first_force(kernel, potential, s, work, z, n, t):
    work[:] = 0.0
    add_force(at(potential, t, 0), s[0], t, work[0])


@inlined
def _first_force_and_energy(kernel, potential, s, work, z, n, t):
    _first_force(kernel, potential, s, work, z, n, t)
    add_energy(potential, s[0], t, work[3, 0])


@inlined
def _keep_noise(kernel, potential, s, work, z, n, t):
    work[:] = 0.0
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            work[1, d, i] = z[n, 0, d, i]


@overload(begin, strict=False, jit_options=OPTIONS)
def _compiled_begin(kernel, potential, s, work, z, n, t):
    return _beginning_for(class_of(kernel))

"""Work and heat along every path, counted in the loop: E_end - E_start = W + Q + W_shadow, all into the system.

    W         change of U at fixed x when t moves: before the move in even steps, after it in odd ones (one force;
              Heun), at the middle of the path where a step is split (BAOAB family, OBABO): to order dt^2; and
              the work of forces without energy along dx, (f + f') dx / 2
    Q         what the bath gives, as each kernel states it (``exchange``)
    W_shadow  what the moves add: the change of U along dx at fixed t and that of m v^2 / 2 across the kicks, less the
              work of forces without energy

A ledger has three slots of the state, behind those of the scheme: heat per component, shadow and work.  The shadow slot
holds the kicks less U at the start, so that W_shadow = U + shadow - W at any time (overdamped: without kicks, less Q).
The moves are those of the plain loops, operation by operation: a ledger changes no bit of a path.
"""

import functools
from typing import NamedTuple

from numba.extending import overload

from ..compiled import OPTIONS, class_of, inlined, method
from ..potentials.conserved import add_conserved_energy, add_side_force, has_side_force
from ..potentials.potential import add_force, at, component_energy, component_force
from .integrator import exchange_along_path

HEAT, SHADOW, WORK = range(3)
SLOTS = 3
# rows of the work array behind the three of the plain loops
OLD_X, OLD_V, OLD_FORCE, SIDE, NEW_SIDE, ENERGY, OLD_ENERGY = range(3, 10)


class NoLedger(NamedTuple):
    """Nothing is counted, and nothing is paid for it."""


class Ledger(NamedTuple):
    """Work and heat under a potential that does not depend on time."""

    mass: float
    first: int


class DrivenLedger(NamedTuple):
    """Work and heat, with the work of parameters that move."""

    mass: float
    first: int


def counts(ledger):
    """Whether a ledger (or its type) counts at all."""
    return class_of(ledger) is not NoLedger


def driven(ledger):
    """Whether a ledger (or its type) is one for parameters that move."""
    return class_of(ledger) is DrivenLedger


def driven_or(moving, still):
    """Make a stub the call of one function where the ledger's parameters move, and of another where they do not."""

    def hook(stub):
        def call(ledger, *arguments):
            return (moving if driven(ledger) else still)(ledger, *arguments)

        def choose(ledger, *arguments):
            return moving if driven(ledger) else still

        overload(functools.wraps(stub)(call), strict=False, jit_options=OPTIONS)(choose)
        return call

    return hook


@method
def exchange(kernel, mass, c, f, g, x, v, x_new, v_new):
    """(bath, kick): energies [E] that a coordinate takes in a whole step; f, g: the forces before and after."""
    return kernel.exchange(mass, c, f, g, x, v, x_new, v_new)


@method
def exchange_move(kernel, mass, c, q, f, xi, after):
    """(bath, kick) of the moves before the force."""
    return kernel.exchange_move(mass, c, q, f, xi, after)


@method
def exchange_finish(kernel, mass, c, q, g, xi, after):
    """(bath, kick) of the moves after the force."""
    return kernel.exchange_finish(mass, c, q, g, xi, after)


@inlined
def _held(ledger, potential, t):
    return at(potential, t, 1)


@inlined
def _not_held(ledger, potential, t):
    return potential


@driven_or(_held, _not_held)
def held(ledger, potential, t):
    """The potential as it is before its parameters move (row 1)."""


@inlined
def _count_moving(ledger, s, d, i, before, then, x, t, t_next):
    s[ledger.first + WORK, d, i] += component_energy(then, x, d, t_next) - component_energy(before, x, d, t)


@inlined
def _count_nothing(ledger, s, d, i, before, then, x, t, t_next):
    pass


@driven_or(_count_moving, _count_nothing)
def count_moving(ledger, s, d, i, before, then, x, t, t_next):
    """Work of moving the parameters while a coordinate stands at x."""


@inlined
def _at_one_time(ledger, before, then, odd, f, g, x, x_new, d, t, t_next):
    if odd:
        return f, component_force(before, x_new, d, t)
    return component_force(then, x, d, t_next), g


@inlined
def _as_given(ledger, before, then, odd, f, g, x, x_new, d, t, t_next):
    return f, g


@driven_or(_at_one_time, _as_given)
def forces_of_path(ledger, before, then, odd, f, g, x, x_new, d, t, t_next):
    """Forces at both ends of a path, with the parameters it is walked at: of t in odd steps, of t_next in even."""


@inlined
def _count_moving_block(ledger, potential, s, work, x, t, t_next):
    old, new = work[OLD_ENERGY, 0], work[ENERGY, 0]
    for i in range(s.shape[2]):
        old[i] = 0.0
        new[i] = 0.0
    add_conserved_energy(at(potential, t, 1), x, t, old)
    add_conserved_energy(at(potential, t_next, 0), x, t_next, new)
    for i in range(s.shape[2]):
        s[ledger.first + WORK, 0, i] += new[i] - old[i]


@inlined
def _count_nothing_block(ledger, potential, s, work, x, t, t_next):
    pass


@driven_or(_count_moving_block, _count_nothing_block)
def count_moving_block(ledger, potential, s, work, x, t, t_next):
    """Work of moving the parameters while a block stands at x; booked on the first component."""


@inlined
def _block_at_one_time(ledger, potential, s, odd, x_old, start, end, t, t_next):
    f = end if odd else start
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            f[d, i] = 0.0
    add_force(at(potential, t if odd else t_next, 0), s[0] if odd else x_old, t if odd else t_next, f)


@inlined
def _block_as_given(ledger, potential, s, odd, x_old, start, end, t, t_next):
    pass


@driven_or(_block_at_one_time, _block_as_given)
def forces_of_path_block(ledger, potential, s, odd, x_old, start, end, t, t_next):
    """Forces of a block, as ``forces_of_path``: one of start and end is asked for anew."""


def _keeps(potential):
    return _keep_positions if has_side_force(potential) else _keep_nothing


def remember(potential, s, work):
    """Keep the positions, where a force without energy will want them."""
    _keeps(potential)(potential, s, work)


@overload(remember, strict=False, jit_options=OPTIONS)
def _compiled_remember(potential, s, work):
    return _keeps(potential)


@inlined
def _keep_positions(potential, s, work):
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            work[OLD_X, d, i] = s[0, d, i]


@inlined
def _keep_nothing(potential, s, work):
    pass


@inlined
def _count_side_force(ledger, potential, s, work, t_next):
    before, after = work[SIDE], work[NEW_SIDE]
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            after[d, i] = 0.0
    add_side_force(at(potential, t_next, 0), s[0], t_next, after)
    for d in range(s.shape[1]):
        for i in range(s.shape[2]):
            s[ledger.first + WORK, d, i] += 0.5 * (before[d, i] + after[d, i]) * (s[0, d, i] - work[OLD_X, d, i])
            before[d, i] = after[d, i]


@inlined
def _count_no_side_force(ledger, potential, s, work, t_next):
    pass


def _side_work(potential):
    return _count_side_force if has_side_force(potential) else _count_no_side_force


def count_side_force(ledger, potential, s, work, t_next):
    """Work of the forces without energy along the path of a step."""
    _side_work(potential)(ledger, potential, s, work, t_next)


@overload(count_side_force, strict=False, jit_options=OPTIONS)
def _compiled_side_force(ledger, potential, s, work, t_next):
    return _side_work(potential)


@inlined
def book(ledger, s, d, i, flows):
    """Add (bath, kick) of a coordinate."""
    s[ledger.first + HEAT, d, i] += flows[0]
    s[ledger.first + SHADOW, d, i] += flows[1]


@inlined
def _book_heat(kernel, ledger, s, d, i, flows):
    s[ledger.first + HEAT, d, i] += flows[0]


@inlined
def _book_both(kernel, ledger, s, d, i, flows):
    book(ledger, s, d, i, flows)


def _books_of(kernel):
    return _book_heat if class_of(kernel).exchange is exchange_along_path else _book_both


def book_path(kernel, ledger, s, d, i, flows):
    """Book what a path exchanged; where all goes to the bath, heat says it all."""
    _books_of(kernel)(kernel, ledger, s, d, i, flows)


@overload(book_path, strict=False, jit_options=OPTIONS)
def _compiled_book_path(kernel, ledger, s, d, i, flows):
    return _books_of(kernel)

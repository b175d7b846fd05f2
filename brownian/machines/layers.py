"""Two layers of units that only act on each other, compiled: all units of a layer are drawn at once, from the other.

Unit u = 4 f + i of a layer with F fours of units (F even) stands at place i F + f.  Four units choose one of 16 sums of
weights, made beforehand: the input of a layer is a sum of rows of a table, one for each four of the other layer.
Vectors are filled up to a multiple of 32 places, by units that act on nothing.
"""

from typing import NamedTuple

import numpy as np

from ..box_muller import normal_pair
from ..compiled import fma, inlined
from .decisions import (
    ALONG,
    BASE_MARGIN,
    FIXED,
    HIDDEN,
    ROUNDING,
    UNITS_PER_CALL,
    VISIBLE,
    decide,
    fill_draws,
    fill_words,
    settle,
    softplus,
)

_CACHE = 2**19  # bytes of tables that stay in it


class Layer(NamedTuple):
    """What a layer is drawn from, by place.

    Parameters
    ----------
    table
        Float32 sums of the weights of four source units, (fours of the source, 16, places), and a row of zeros: flat.
    weights
        The weights in float64, shape (places of the source, places).
    bias
        Float64, shape (places,); narrow_bias: the same in float32.
    spread
        Standard deviations of Gaussian units, shape (places,); empty for binary ones.
    margin
        Bound of all errors in float32, see ``decisions``.
    """

    table: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    narrow_bias: np.ndarray
    spread: np.ndarray
    margin: np.float32


class Scratch(NamedTuple):
    """Room for some chains, by place: states as numbers and flags, rows of the table, inputs; the rest for one of them.

    The chains of such a group go through a layer together, so that a part of a large table that is in the cache serves
    them all.
    """

    state: np.ndarray
    on: np.ndarray
    row: np.ndarray
    narrow: np.ndarray
    words: np.ndarray
    halves: np.ndarray
    draws: np.ndarray
    wide: np.ndarray
    unsure: np.ndarray


def fours(units):
    """Number of fours of a layer, even."""
    return 2 * -(-units // UNITS_PER_CALL)


def place_of(units):
    """The place of every unit, shape (units,)."""
    u = np.arange(units)
    return u % 4 * fours(units) + u // 4


def layer(weights, bias, spread=None):
    """A `Layer` from weights (source units, units), bias (units,) and the spread of Gaussian units."""
    sources, units = weights.shape
    rows, columns, places = place_of(sources), place_of(units), 4 * fours(units)
    full = np.zeros((4 * fours(sources), places))
    full[np.ix_(rows, columns)] = weights
    table = np.zeros((fours(sources), 16, places))
    for i, part in enumerate(full.reshape(4, -1, 1, places)):
        np.add(table[:, : 1 << i], part, out=table[:, 1 << i : 2 << i])
    placed = np.zeros((2, places))
    placed[0, columns] = bias
    placed[1, columns] = 0.0 if spread is None else spread
    # float32: an entry of the table is rounded once, then in three sums of eight rows and in one for each eight, and a
    # few times in what follows; all numbers are below reach
    reach = np.abs(weights).sum(axis=0, initial=0.0).max() + np.abs(bias).max()
    margin = np.float32(2.0**16 * (BASE_MARGIN + 0.25 * (len(table) / 8 + 12) * ROUNDING * reach))
    with np.errstate(over="ignore"):
        narrow = np.append(table.astype(np.float32), np.zeros(places, np.float32))
        single = placed[0].astype(np.float32)
    return Layer(narrow, full, placed[0], single, placed[1] if spread is not None else np.empty(0), margin)


def group_of(*made):
    """Number of chains that go through layers together: many where the tables do not stay in the cache."""
    return 64 if sum(one.table.nbytes for one in made) > _CACHE else 4


def scratch(units, group):
    """A `Scratch` for a layer of so many units, and a group of chains."""
    places, calls = 4 * fours(units), 4 * -(-fours(units) // 8)  # whole vectors of calls
    words, many, rows = np.zeros((4, calls), np.uint32), 32 * -(-places // 32), 8 * -(-places // 32)
    return Scratch(
        np.zeros((group, places)), np.zeros((group, many + rows), np.int32), np.zeros((group, rows), np.uint64),
        np.zeros((group, many), np.float32), words, words.view(np.uint16), np.zeros(many, np.float32),
        np.zeros(places), np.zeros(many, np.int32),
    )  # fmt: skip


@inlined
def _choose(on, count, places, row):
    """Where the rows of the table begin that ``count`` fours of units choose; beyond them the row of zeros."""
    for f in range(row.size):
        chosen = on[f] | on[count + f] << 1 | on[2 * count + f] << 2 | on[3 * count + f] << 3
        row[f] = np.uint64(places) * np.uint64(16 * f + chosen if f < count else 16 * count)


@inlined
def _add_eight(table, row, f, out):
    """Add eight rows of the table."""
    a, b, c, d = row[f], row[f + 1], row[f + 2], row[f + 3]
    e, g, h, k = row[f + 4], row[f + 5], row[f + 6], row[f + 7]
    for i in range(out.size):
        p = np.uint64(i)
        ab, cd = table[a + p] + table[b + p], table[c + p] + table[d + p]
        eg, hk = table[e + p] + table[g + p], table[h + p] + table[k + p]
        out[i] += (ab + cd) + (eg + hk)


@inlined
def _inputs(weights, state, out):
    """Inputs state . weights in float64."""
    for p in range(out.size):
        out[p] = 0.0
    for k in range(0, state.size, 4):
        a, b, c, d = state[k], state[k + 1], state[k + 2], state[k + 3]
        for p in range(out.size):
            out[p] = fma(d, weights[k + 3, p], fma(c, weights[k + 2, p], fma(b, weights[k + 1, p], fma(
                a, weights[k, p], out[p]))))  # fmt: skip


@inlined
def _input_of(row, on):
    total = 0.0
    for k in range(row.size):
        total = fma(np.float64(on[k]), row[k], total)
    return total


@inlined
def _set_binary(target, back, source, to, chains, old, new, sweep, chain, purpose, seed, wide, logs):
    """Draw the binary units of a layer, given the other one; ``wide``: with inputs in float64.

    ``back`` is the layer of the other one, whose weights are the same in rows: unless ``wide``, single inputs use them.
    """
    places, count = target.bias.size, target.bias.size // 4
    single = np.float32(new)
    if not wide:
        for c in range(chains):
            _choose(source.on[c], target.weights.shape[0] // 4, places, source.row[c])
            for p in range(places):
                to.narrow[c, p] = np.float32(0.0)
        for f in range(0, source.row.shape[1], 8):
            for c in range(chains):
                x = to.narrow[c]  # a row of an array, then its beginning: the compiler takes both for contiguous
                _add_eight(target.table, source.row[c], f, x[:places])
    for c in range(chains):
        x, on, lane = to.narrow[c], to.on[c], chain + np.uint64(c)
        if wide:
            _inputs(target.weights, source.state[c], to.wide)
            for p in range(places):
                x[p] = np.float32(fma(new, to.wide[p], target.bias[p]))
            if logs.size:
                logs[c] += _annealed(target, to.wide, old, new)
        else:
            for p in range(places):
                x[p] = fma(single, x[p], target.narrow_bias[p])
        fill_words(to.words, sweep, lane, FIXED, np.uint64(0), ALONG, purpose, seed)
        for i in range(4):
            fill_draws(to.halves, i, to.draws[i * count : (i + 1) * count])
        if decide(x, to.draws, target.margin, on, to.unsure):
            for p in range(places):
                if to.unsure[p]:
                    total = to.wide[p] if wide else _input_of(back.weights[p], source.on[c])
                    unit = np.uint64(4 * (p % count) + p // count)
                    is_on = settle(fma(new, total, target.bias[p]), to.draws[p], sweep, lane, unit, purpose, seed)
                    on[p] = np.int32(1) if is_on else np.int32(0)


@inlined
def _as_numbers(layer, chains):
    for c in range(chains):
        for p in range(layer.state.shape[1]):
            layer.state[c, p] = np.float64(layer.on[c, p])


@inlined
def _set_gaussian(target, source, to, chains, beta, sweep, chain, seed):
    """Draw Gaussian units: bias + input + spread times a normal; a pair of normals from each two words."""
    count = target.bias.size // 4
    for c in range(chains):
        state = to.state[c]
        _inputs(target.weights, source.state[c], to.wide)
        for half in range(2):
            fill_words(to.words, sweep, chain + np.uint64(c), FIXED, np.uint64(0), ALONG, VISIBLE + half, seed)
            for i in range(0, 4, 2):
                for q in range(count // 2):
                    p = i * count + 2 * q + half
                    r = p + count
                    a, b = normal_pair(np.uint64(to.words[i, q]), np.uint64(to.words[i + 1, q]))
                    state[p] = fma(target.spread[p], a, fma(beta, to.wide[p], target.bias[p]))
                    state[r] = fma(target.spread[r], b, fma(beta, to.wide[r], target.bias[r]))


@inlined
def _annealed(layer, wide, old, new):
    """The change of sum ln(1 + e^x) over units of inputs ``wide`` when their scale goes from old to new."""
    total = 0.0
    for p in range(wide.size):
        total += softplus(fma(new, wide[p], layer.bias[p])) - softplus(fma(old, wide[p], layer.bias[p]))
    return total


def sweep_layers(first, last, seen, felt, visible, hidden, to_visible, to_hidden, seen_frames, felt_frames,
                 hidden_frames, betas, logs, seed, first_chain, first_sweep, last_sweep, origin, every):  # fmt: skip
    """Take chains [first, last) through the sweeps hidden | visible, visible | hidden.

    seen (binary) or felt (Gaussian), whichever is not empty, holds the visible units of every chain, shape (chains,
    units); the frames are kept ``every`` sweeps, counted from ``origin``.  Weights are scaled by ``betas``, one for
    every sweep and one before them (or one for all).  Where ``logs`` is not empty, ln f_new(v) - ln f_old(v) is added
    to it before each sweep, f being the unnormalised weight of the visible units at the two betas.
    """
    gaussian, annealed = felt.size > 0, logs.size > 0
    units, many = felt.shape[1] if gaussian else seen.shape[1], hidden_frames.shape[2]
    v_fours, h_fours, group = visible.state.shape[1] // 4, hidden.state.shape[1] // 4, visible.state.shape[0]
    for c0 in range(first, last, group):
        chain, chains = np.uint64(first_chain + c0), min(group, last - c0)
        mine = logs[c0 : c0 + chains]
        frame = (first_sweep - origin) // every
        kept = origin + (frame + 1) * every
        for c in range(chains):
            for u in range(units):
                p = u % 4 * v_fours + u // 4
                visible.state[c, p] = felt[c0 + c, u] if gaussian else np.float64(seen[c0 + c, u])
                visible.on[c, p] = np.int32(0) if gaussian else np.int32(seen[c0 + c, u])
        for n in range(first_sweep, last_sweep):
            sweep, wide = np.uint64(n), gaussian | annealed
            old, new = betas[min(n - origin, betas.size - 1)], betas[min(n - origin + 1, betas.size - 1)]
            _set_binary(
                to_hidden, to_visible, visible, hidden, chains, old, new, sweep, chain, HIDDEN, seed, wide, mine
            )
            if gaussian:
                _as_numbers(hidden, chains)
                _set_gaussian(to_visible, hidden, visible, chains, new, sweep, chain, seed)
            else:
                _set_binary(
                    to_visible, to_hidden, hidden, visible, chains, old, new, sweep, chain, VISIBLE, seed, False, mine
                )
                if annealed:
                    _as_numbers(visible, chains)
            if n + 1 == kept:
                for c in range(chains):
                    for u in range(units):
                        p = u % 4 * v_fours + u // 4
                        if gaussian:
                            felt_frames[frame, c0 + c, u] = visible.state[c, p]
                        else:
                            seen_frames[frame, c0 + c, u] = np.int8(visible.on[c, p])
                    for u in range(many):
                        hidden_frames[frame, c0 + c, u] = np.int8(hidden.on[c, u % 4 * h_fours + u // 4])
                frame += 1
                kept += every
        for c in range(chains):
            for u in range(units):
                p = u % 4 * v_fours + u // 4
                if gaussian:
                    felt[c0 + c, u] = visible.state[c, p]
                else:
                    seen[c0 + c, u] = np.int8(visible.on[c, p])

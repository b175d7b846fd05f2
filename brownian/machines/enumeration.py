"""Sums over all states of up to 25 units, compiled; further units that act on these alone are summed in closed form.

    ln weight = s J s / 2 + c s + sum_i ln(1 + exp(a_i + W_i s)),   s_k = low or 1

The first bits of a state run through a block of up to 2^10 states that stand side by side; so a block's exponents are
made by doubling, an addition for each state, and sums by halving, in pairs.  Blocks are gathered in at most 64 pieces
and the pieces are added in order: the number of threads changes no bit.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from ..caching import compiled_for
from ..compiled import inlined
from ..engine import available_threads
from ..schedule import whole_number
from ..vectormath import exp, log

LIMIT = 25  # units
_BITS, _PIECES = 10, 64
_WORTH_A_THREAD = 2**20  # states, for each unit summed in closed form once more


class Sums(NamedTuple):
    """Sums of one piece after another, relative to e^top: of weights, of units that are on, of pairs that both are.

    Parameters
    ----------
    top, total
        Shape (pieces,).
    on, pairs
        Of the units that are enumerated, shapes (pieces, n) and (pieces, n, n).
    others, cross
        Of those summed in closed form, and of pairs with the enumerated ones, (pieces, m) and (pieces, m, n).
    """

    top: np.ndarray
    total: np.ndarray
    on: np.ndarray
    pairs: np.ndarray
    others: np.ndarray
    cross: np.ndarray


@inlined
def _sum(values, first, count, room):
    """Sum of values[first : first + count] in pairs; count is a power of two."""
    half = count >> 1
    if half == 0:
        return values[first]
    for j in range(half):
        room[j] = values[first + j] + values[first + half + j]
    while half > 1:
        half >>= 1
        for j in range(half):
            room[j] += room[half + j]
    return room[0]


@inlined
def _on_sums(values, bits, room, out):
    """out[k] = sum of the values of states with bit k on; returns the sum of all.  The values are used up."""
    for k in range(bits - 1, -1, -1):
        size = 1 << k
        out[k] = _sum(values, size, size, room)
        for j in range(size):
            values[j] += values[size + j]
    return values[0]


@inlined
def _largest(values, room):
    half = values.size >> 1
    if half == 0:
        return values[0]
    for j in range(half):
        room[j] = max(values[j], values[half + j])
    while half > 1:
        half >>= 1
        for j in range(half):
            room[j] = max(room[j], room[half + j])
    return room[0]


@inlined
def _double(values, start, bits, steps, scale):
    """values[j] = start + scale * sum of steps[k] over the bits k of j."""
    values[0] = start
    for k in range(bits):
        step, size = scale * steps[k], 1 << k
        for j in range(size):
            values[size + j] = values[j] + step


@inlined
def _value(state, k, low):
    return 1.0 if state >> k & 1 else low


@inlined
def _base(weights, bits, block, low):
    """Sum of weights[k] s_k with the first bits all low and the others those of the block."""
    total = 0.0
    for k in range(weights.size):
        total += weights[k] * (low if k < bits else _value(block, k - bits, low))
    return total


def add_up(first, last, blocks, couplings, bias, weights, others, low, bits, moments, sums, rows):
    """Pieces [first, last) of the sums, each of ``blocks`` blocks; rows: room for eight rows of a block."""
    size, n = 1 << bits, bias.size
    own, e, w, x, q, table, room, part = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7]
    for j in range(size):
        own[j] = 0.0
        for k in range(bits):
            for l in range(k):
                own[j] += couplings[k, l] * _value(j, k, low) * _value(j, l, low)
    for piece in range(first, last):
        for j in range(size):
            table[j] = 0.0
        for block in range(piece * blocks, (piece + 1) * blocks):
            start = 0.0
            for k in range(n):
                s = low if k < bits else _value(block, k - bits, low)
                pull = bias[k]
                for l in range(bits, n):
                    s_l = _value(block, l - bits, low)
                    pull += couplings[k, l] * s_l * (1.0 if k < bits else 0.5)
                start += pull * s
                if k < bits:
                    part[k] = pull
            _double(e, start, bits, part, 1.0 - low)
            for j in range(size):
                e[j] += own[j]
                q[j] = 1.0
            for i in range(others.size):
                _double(x, others[i] + _base(weights[i], bits, block, low), bits, weights[i], 1.0 - low)
                for j in range(size):
                    e[j] += max(x[j], 0.0)
                    q[j] *= 1.0 + exp(-abs(x[j]))
                if i % 512 == 511:
                    for j in range(size):
                        e[j] += log(q[j])
                        q[j] = 1.0
            if others.size:
                for j in range(size):
                    e[j] += log(q[j])
            top = _largest(e, room)
            if top > sums.top[piece]:
                _rescale(sums, piece, table, exp(sums.top[piece] - top))
                sums.top[piece] = top
            for j in range(size):
                w[j] = exp(e[j] - sums.top[piece])
                q[j] = w[j]
            if not moments:
                sums.total[piece] += _sum(q, 0, size, room)
                continue
            for j in range(size):
                table[j] += w[j]
            total = _on_sums(q, bits, room, part)
            sums.total[piece] += total
            for k in range(bits, n):
                if block >> (k - bits) & 1:
                    sums.on[piece, k] += total
                    for l in range(bits):
                        sums.pairs[piece, k, l] += part[l]
                    for l in range(bits, k):
                        if block >> (l - bits) & 1:
                            sums.pairs[piece, k, l] += total
            for i in range(others.size):
                _double(x, others[i] + _base(weights[i], bits, block, low), bits, weights[i], 1.0 - low)
                for j in range(size):
                    q[j] = w[j] / (1.0 + exp(-x[j]))
                total = _on_sums(q, bits, room, part)
                sums.others[piece, i] += total
                for k in range(bits):
                    sums.cross[piece, i, k] += part[k]
                for k in range(bits, n):
                    if block >> (k - bits) & 1:
                        sums.cross[piece, i, k] += total
        if moments:
            for k in range(bits):
                for j in range(size):
                    q[j] = table[j] if j >> k & 1 else 0.0
                sums.on[piece, k] += _on_sums(q, bits, room, part)
                for l in range(k):
                    sums.pairs[piece, k, l] += part[l]


@inlined
def _rescale(sums, piece, table, factor):
    sums.total[piece] *= factor
    for k in range(sums.on.shape[1]):
        sums.on[piece, k] *= factor
        for l in range(sums.on.shape[1]):
            sums.pairs[piece, k, l] *= factor
    for i in range(sums.others.shape[1]):
        sums.others[piece, i] *= factor
        for k in range(sums.on.shape[1]):
            sums.cross[piece, i, k] *= factor
    for j in range(table.size):
        table[j] *= factor


class Averages(NamedTuple):
    """ln Z; probabilities that units are on, and that both units of a pair are (for the other units: with one of n)."""

    log_sum: float
    on: np.ndarray
    pairs: np.ndarray
    others: np.ndarray
    cross: np.ndarray


def enumerate_states(couplings, bias, weights, others, low, *, moments=True, threads=None):
    """All states of the n units with biases c and couplings J (n, n), and the m others, a and W (m, n), summed up."""
    threads = available_threads() if threads is None else whole_number("threads", threads, 1)
    n, m = bias.size, others.size
    if n > LIMIT:
        raise ValueError(
            f"{n} units, but enumeration takes at most {LIMIT} (2**{LIMIT} states); log_partition_function_ais, "
            "annealed importance sampling, estimates ln Z of larger machines"
        )
    bits = min(n, _BITS)
    pieces = min(_PIECES, 1 << n - bits)
    blocks, kept = (1 << n - bits) // pieces, (n, m) if moments else (0, 0)
    sums = Sums(
        np.full(pieces, -np.inf), np.zeros(pieces), np.zeros((pieces, kept[0])), np.zeros((pieces, kept[0], kept[0])),
        np.zeros((pieces, kept[1])), np.zeros((pieces, *kept[::-1])),
    )  # fmt: skip
    take = compiled_for(add_up, sums)

    def piece(first, last):
        rows = np.empty((8, 1 << bits))
        take(first, last, blocks, couplings, bias, weights, others, float(low), bits, bool(moments), sums, rows)

    with np.errstate(over="ignore", invalid="ignore"):
        if threads == 1 or pieces == 1 or (m + 1) << n < _WORTH_A_THREAD:
            piece(0, pieces)
        else:
            with ThreadPoolExecutor(threads, thread_name_prefix="brownian") as pool:
                for future in [pool.submit(piece, k, k + 1) for k in range(pieces)]:
                    future.result()
    top = sums.top.max()
    scales = [float(exp(value - top)) for value in sums.top]
    total, on, pairs, of_others, cross = (
        sum(scale * part for scale, part in zip(scales, parts, strict=True)) for parts in sums[1:]
    )
    if moments:
        pairs = pairs + pairs.T + np.diag(on)
    return Averages(float(top + log(total)), on / total, pairs / total, of_others / total, cross / total)

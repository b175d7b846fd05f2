"""Units that all act on each other, compiled: one after the other, for a block of chains at once."""

from typing import NamedTuple

import numpy as np

from ..compiled import fma, inlined
from .decisions import ALONG, BASE_MARGIN, FIXED, ROUNDING, VISIBLE, decide, fill_words, settle

LANES = 64  # chains of a block: enough that sums of four terms do not wait for each other


class Network(NamedTuple):
    """What units are drawn from: inputs, biases, in float64 and float32, rows filled up to a multiple of four.

    Parameters
    ----------
    weights, narrow
        (high - low) W / kT, shape (units, units and some zeros).
    bias
        (high - low) h / kT, shape (units,).
    low
        The lower value of a unit; the upper one is 1.
    margin
        Bound of all errors in float32, see ``decisions``.
    """

    weights: np.ndarray
    narrow: np.ndarray
    bias: np.ndarray
    low: np.float64
    margin: np.float32


class Lanes(NamedTuple):
    """Room for one block of chains."""

    state: np.ndarray
    x: np.ndarray
    words: np.ndarray
    draws: np.ndarray
    on: np.ndarray
    unsure: np.ndarray
    wide: np.ndarray


def network(weights, biases, low, kT):
    """A `Network` for the energy -s W s / 2 - h s of units with the values low and 1."""
    units, scale = len(biases), (1.0 - low) / kT
    full = np.zeros((units, -(-units // 4) * 4))
    full[:, :units] = scale * weights
    bias = scale * biases
    reach = np.abs(full).sum(axis=1).max() + np.abs(bias).max()
    margin = np.float32(2.0**16 * (BASE_MARGIN + 0.25 * (full.shape[1] + 8) * ROUNDING * reach))
    with np.errstate(over="ignore"):
        return Network(full, full.astype(np.float32), bias, np.float64(low), margin)


def lanes(units):
    """A `Lanes` for so many units."""
    return Lanes(
        np.zeros((-(-units // 4) * 4, LANES), np.float32), np.zeros(LANES, np.float32), np.zeros((4, LANES), np.uint32),
        np.zeros(LANES, np.float32), np.zeros(LANES, np.int32), np.zeros(LANES, np.int32), np.zeros(LANES),
    )  # fmt: skip


@inlined
def _inputs(weights, u, state, x):
    """Inputs x = weights[u] . state in float32."""
    for l in range(x.size):
        x[l] = np.float32(0.0)
    for v in range(0, weights.shape[1], 4):
        a, b, c, d = weights[u, v], weights[u, v + 1], weights[u, v + 2], weights[u, v + 3]
        for l in range(x.size):
            x[l] = fma(d, state[v + 3, l], fma(c, state[v + 2, l], fma(b, state[v + 1, l], fma(a, state[v, l], x[l]))))


@inlined
def _input_of(weights, u, state, l):
    total = 0.0
    for v in range(weights.shape[1]):
        total = fma(weights[u, v], np.float64(state[v, l]), total)
    return total


@inlined
def _draw_row(words, unit, draws):
    """Take the upper 16 bits of the uniforms of a unit."""
    row, shift = unit & 3, np.uint32(16 * (unit >> 2 & 1))
    for l in range(draws.size):
        draws[l] = np.float32(np.uint32(words[row, l] >> shift & np.uint32(0xFFFF)).view(np.int32))


@inlined
def _add_couplings(network, work, scale, logs, first):
    """Add scale * s W s / 2 kT to the logs of the chains of a block."""
    units = network.bias.size
    half = 0.5 * scale / (1.0 - network.low)
    for l in range(min(LANES, logs.size - first)):
        total = 0.0
        for u in range(units):
            total += np.float64(work.state[u, l]) * _input_of(network.weights, u, work.state, l)
        logs[first + l] += half * total


def sweep_units(first, last, states, network, work, frames, betas, logs, seed, first_chain, first_sweep, last_sweep,
                origin, every):  # fmt: skip
    """Take blocks of chains [first, last) through sweeps over all units, each drawn given all others.

    states, shape (chains, units), int8; ``betas`` and ``logs``: as for ``layers.sweep_layers``.
    """
    chains, units = states.shape
    one, low = np.float32(1.0), np.float32(network.low)
    for block in range(first, last):
        lane0 = block * LANES
        count = min(LANES, chains - lane0)
        chain = np.uint64(first_chain + lane0)
        frame = (first_sweep - origin) // every
        kept = origin + (frame + 1) * every
        for l in range(count):
            for u in range(units):
                work.state[u, l] = np.float32(states[lane0 + l, u])
        for n in range(first_sweep, last_sweep):
            sweep = np.uint64(n)
            old, beta = betas[min(n - origin, betas.size - 1)], betas[min(n - origin + 1, betas.size - 1)]
            if logs.size:
                _add_couplings(network, work, beta - old, logs, lane0)
            narrow_beta = np.float32(beta)
            for u in range(units):
                if u & 7 == 0:
                    fill_words(work.words, sweep, chain, ALONG, np.uint64(u >> 3), FIXED, VISIBLE, seed)
                _draw_row(work.words, u, work.draws)
                _inputs(network.narrow, u, work.state, work.x)
                bias = np.float32(network.bias[u])
                for l in range(LANES):
                    work.x[l] = fma(narrow_beta, work.x[l], bias)
                if decide(work.x, work.draws, network.margin, work.on, work.unsure):
                    for l in range(LANES):
                        if work.unsure[l]:
                            x = fma(beta, _input_of(network.weights, u, work.state, l), network.bias[u])
                            lane = chain + np.uint64(l)
                            on = settle(x, work.draws[l], sweep, lane, np.uint64(u), VISIBLE, seed)
                            work.on[l] = np.int32(1) if on else np.int32(0)
                for l in range(LANES):
                    work.state[u, l] = one if work.on[l] else low
            if n + 1 == kept:
                for l in range(count):
                    for u in range(units):
                        frames[frame, lane0 + l, u] = np.int8(work.state[u, l])
                frame += 1
                kept += every
        for l in range(count):
            for u in range(units):
                states[lane0 + l, u] = np.int8(work.state[u, l])

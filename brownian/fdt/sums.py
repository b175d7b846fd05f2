"""Sums over innovations that every test is made of, added slab by slab; memory does not grow with the file."""

import math

import numpy as np
from scipy import special

from .exact import MEDIAN_SQUARE

LAGS = 20
TIME_BLOCKS = 16


def _dot(a, b):
    # not np.dot: the threads of BLAS would wait for each other beside those that call it
    return float(np.einsum("i,i->", a.reshape(-1), b.reshape(-1)))


class Moments:
    """Powers of xi, per particle and per component; strength per stretch of time; the largest |xi|."""

    def __init__(self, steps, particles, channels):
        self.steps, self.done = steps, 0
        self.powers = np.zeros(4)
        self.per_particle = np.zeros((particles, channels))
        self.mean = np.zeros(channels)
        self.in_time = np.zeros(min(TIME_BLOCKS, steps))
        self.steps_in_time = np.zeros(self.in_time.size)
        self.largest = 0.0

    def add(self, part):
        """Add the innovations of a slab."""
        xi, square = part.xi, part.square
        by_particle = square.sum(axis=0)
        self.per_particle += by_particle
        sums = xi.sum(axis=(0, 1))
        self.mean += sums
        self.powers += (sums.sum(), by_particle.sum(), _dot(square, xi), _dot(square, square))
        self.largest = max(self.largest, float(xi.max()), -float(xi.min()))
        at, rows = 0, len(xi)
        while at < rows:
            block = (self.done + at) * self.in_time.size // self.steps
            end = -(-(block + 1) * self.steps // self.in_time.size) - self.done
            taken = min(end, rows) - at
            self.in_time[block] += by_particle.sum() if taken == rows else square[at : at + taken].sum()
            self.steps_in_time[block] += taken
            at += taken
        self.done += rows


class InTime:
    """Products of xi at neighbouring steps, to lag 20; and whether large |xi| follow large ones."""

    def __init__(self):
        self.tail = None
        self.products, self.squares, self.signs, self.counts = np.zeros((4, LAGS))

    def add(self, part):
        """Add the innovations of a slab; the last 20 of the slab before are kept."""
        xi, n = part.xi, len(part.xi)
        whole = xi if self.tail is None else np.concatenate([self.tail, xi])
        before = len(whole) - n
        large = whole * whole
        large -= MEDIAN_SQUARE
        np.copysign(1.0, large, out=large)
        size = xi[0].size
        for k in range(1, LAGS + 1):
            skip = max(0, k - before)  # of this slab: no partner k steps earlier
            if skip >= n:
                break
            first = before + skip - k
            rows = slice(first, first + n - skip)
            self.products[k - 1] += _dot(whole[rows], xi[skip:])
            self.squares[k - 1] += _dot(large[rows], part.square[skip:])
            self.signs[k - 1] += large[rows].sum()
            self.counts[k - 1] += (n - skip) * size
        self.tail = whole[-LAGS:].copy()


class Between:
    """Noise of different particles and of different components in one step."""

    def __init__(self, particles, channels):
        self.sum_of_rows, self.rows = 0.0, 0
        self.neighbours, self.halves = 0.0, 0.0
        self.pairs = np.zeros(2)
        self.gram = np.zeros((channels, channels))
        self.half = particles // 2

    def add(self, part):
        """Add the innovations of a slab."""
        xi = part.xi
        steps, particles, channels = xi.shape
        if particles > 1:
            rows = xi.sum(axis=1)
            self.sum_of_rows += _dot(rows, rows) / particles
            self.rows += rows.size
            self.neighbours += _paired(xi[:, :-1], xi[:, 1:])
            self.pairs[0] += steps * (particles - 1) * channels
        if particles > 3:
            self.halves += _paired(xi[:, : self.half], xi[:, self.half : 2 * self.half])
            self.pairs[1] += steps * self.half * channels
        if channels > 1:
            for c in range(channels):
                for d in range(c + 1):
                    self.gram[c, d] += np.einsum("np,np->", xi[:, :, c], xi[:, :, d])
                    self.gram[d, c] = self.gram[c, d]


def _paired(a, b):
    return float((a * b).sum())


class AgainstState:
    """Sums of s xi, s xi^2 and s, s the sign of something known before the noise was drawn."""

    def __init__(self, channels, thermal_speed2, force):
        self.signed, self.signs = {}, {}
        self.speed = np.zeros(channels)
        self.channels, self.thermal_speed2, self.force = channels, thermal_speed2, force
        self.center = self.spread = np.zeros(0)
        self.centers, self.seen = 0.0, 0

    def add(self, part):
        """Add the innovations of a slab with the state before each."""
        kinds = part.xi.shape[2] // part.x.shape[2]
        if part.before is not None:
            speeds = np.abs(part.before).sum(axis=(0, 1))
            self.speed += np.tile(speeds, kinds)
            self._count("v", part.before, part.xi, kinds)
            self._count("v^2", part.before * part.before - MEDIAN_SQUARE * self.thermal_speed2, part.square, kinds)
        # The middle of the positions seen so far is known before the noise of this slab; the slab's own is not.
        x = part.x
        if self.seen == 0:
            self.center, self.spread = x[0].mean(axis=0), x[0].var(axis=0)
        away = x - self.center
        self._count("x", away, part.xi, kinds)
        square = away * away
        self._count("x^2", square - MEDIAN_SQUARE * self.spread, part.square, kinds)
        if self.force:
            self._count("F", part.f, part.xi, kinds)
        count = x.shape[0] * x.shape[1]
        share = count / (self.seen + count)
        self.center = self.center + share * away.mean(axis=(0, 1))
        self.spread = self.spread + share * (square.mean(axis=(0, 1)) - self.spread)
        self.seen += count

    def _count(self, name, quantity, what, kinds):
        sign = np.copysign(1.0, quantity)
        size = sign.shape[2]
        sums = [np.einsum("npc,npc->c", sign, what[:, :, k * size : (k + 1) * size]) for k in range(kinds)]
        self.signed[name] = self.signed.get(name, 0.0) + np.concatenate(sums)
        self.signs[name] = self.signs.get(name, 0.0) + float(sign.sum()) * kinds


class Classes:
    """How many xi fall into each of equally probable classes."""

    def __init__(self, expected):
        self.counts = np.zeros(int(min(256, max(8, 2 ** math.floor(math.log2(max(expected / 50.0, 8.0)))))), np.int64)

    def add(self, part):
        """Add the innovations of a slab."""
        u = special.ndtr(part.xi)
        u *= self.counts.size
        index = np.minimum(u.astype(np.int16), self.counts.size - 1)
        self.counts += np.bincount(index.reshape(-1), minlength=self.counts.size)

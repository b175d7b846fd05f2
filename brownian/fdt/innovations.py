"""The battery of tests on the noise, from sums."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .exact import (
    chi_square_tail,
    chi_square_test,
    common_test,
    kurtosis_test,
    largest_test,
    normal_p,
    pearson_test,
    scores,
    signed_squares_test,
    skewness_test,
    strength_interval,
    strength_test,
    t_test,
)
from .sums import AgainstState, Between, Classes, InTime, Moments
from .verdict import Headline, Line

FROZEN = 1e-12  # strength, below which nothing else can be said about the noise
ABSURD = 1e60  # standard deviations, up to which fourth powers are numbers
LEAST = 200  # innovations, below which the approximations of the battery have no size to show
SEEN = 0.1  # standard errors of R: rounding beyond this may be seen, and is not to be taken for the noise
LIKE_ROUNDING = (
    "noise in time", "squares in time", "skewness", "kurtosis", "distribution", "largest", "noise against",
    "strength against", "noise strength of", "friction from",
)  # fmt: skip


class Part(NamedTuple):
    """Innovations of a slab (steps, particles, channels), their squares, and the state before each."""

    xi: np.ndarray
    square: np.ndarray
    x: np.ndarray
    before: np.ndarray | None
    f: np.ndarray


def refuse_absurd(xi):
    """ValueError where innovations are beyond all noise, and their powers no numbers."""
    largest = max(float(xi.max(initial=0.0)), -float(xi.min(initial=0.0)))
    if not largest < ABSURD:
        raise ValueError(
            f"the noise that would have made these frames is {largest:.2g} standard deviations large somewhere: the "
            "file is damaged, or dt, mass, friction or kT are not those of the run"
        )


class Battery:
    """All sums over the innovations of a trajectory.

    Parameters
    ----------
    steps, particles, channels
        How many will come; channels: normals per particle and step.
    thermal_speed2
        kT / m per component, or None.
    force
        Whether there is a force that changes from place to place.
    predictable
        Whether the state of a frame is independent of the noise of the next step.
    in_time
        Whether the first axis is time.
    """

    def __init__(self, steps, particles, channels, *, thermal_speed2=None, force=True, predictable=True, in_time=True):
        self.channels, self.particles = channels, particles
        self.moments = Moments(steps, particles, channels)
        self.in_time = InTime() if in_time else None
        self.between = Between(particles, channels)
        self.classes = Classes(steps * particles * channels)
        self.state = AgainstState(channels, thermal_speed2, force) if predictable else None
        self.rounding = 0.0

    @property
    def count(self):
        """Innovations so far."""
        return self.moments.done * self.particles * self.channels

    def add(self, part, pool):
        """Add a slab: every kind of sum is a task of its own."""
        kinds = (self.moments, self.in_time, self.between, self.classes, self.state)
        for task in [pool.submit(kind.add, part) for kind in kinds if kind is not None]:
            task.result()

    @property
    def rounded(self):
        """Whether the rounding of the stored numbers may be seen."""
        return self.count > 0 and self.rounding * math.sqrt(self.count / 2.0) > SEEN

    def headline(self, error):
        """R with its exact interval; what rounding may have added to R may be missing."""
        squares = float(self.moments.powers[1])
        low, high = strength_interval(squares, self.count, error)
        return Headline(squares / self.count, (low - self.rounding, high), self.count, self.rounding)

    def fair(self, lines):
        """The lines, not counting those that rounding can make fail, where it may be seen."""
        if not self.rounded:
            return lines
        word = "rounding does the same"
        return [
            replace(line, kind="note", p=None, word=word) if line.name.startswith(LIKE_ROUNDING) else line
            for line in lines
        ]

    def lines(self, error):
        """All lines of the block."""
        if self.count < LEAST:
            return []
        n, m = self.count, self.moments
        total, squares = float(m.powers[0]), float(m.powers[1])
        if squares / n < FROZEN:
            return [self._strength(squares, n, error)]
        t, p = t_test(total, squares, n)
        lines = [
            Line("noise mean <xi>", "innovations", total / n, 0.0, math.sqrt(squares) / n, t, p),
            self._strength(squares, n, error),
        ]
        lines += self._groups()
        for name, test, where in (
            ("skewness", skewness_test, "0"),
            ("kurtosis - 3", kurtosis_test, "0; uniform noise: -1.2"),
        ):
            value, deviation, z, p = test(n, m.powers)
            lines.append(Line(name, "innovations", value, 0.0, deviation, z, p, word=where if abs(z) > 6.0 else ""))
        name = f"distribution, {self.classes.counts.size} classes"
        lines.append(_chi_square_line(name, pearson_test(self.classes.counts)))
        median, p = largest_test(m.largest, n)
        width = 1.0 / max(median, 1.0)  # of the Gumbel limit
        lines.append(Line("largest |xi|", "innovations", m.largest, median, width, (m.largest - median) / width, p))
        return lines + self._in_time() + self._between() + self._state()

    def _strength(self, squares, n, error):
        interval, ratio = self.headline(error).interval, squares / n
        # rounding of stored numbers can only add: what it may add does not count
        _, z, p = strength_test(n * max(1.0, ratio / (1.0 + self.rounding)) if ratio > 1.0 else squares, n)
        return Line(
            "noise strength R", "innovations", ratio, 1.0, math.sqrt(2.0 / n), z, p, interval=interval,
            bias=self.rounding if self.rounding > 1e-9 else 0.0,
            word=f"[{interval[0]:.6g}, {interval[1]:.6g}]",
        )  # fmt: skip

    def _groups(self):
        """Whether the strength is the same everywhere: exact for each group, relative to the claimed strength."""
        m, lines = self.moments, []
        steps, channels = m.done, self.channels
        groups = {
            "time": (m.in_time, m.steps_in_time * self.particles * channels),
            "particles": (m.per_particle.sum(axis=1), np.full(self.particles, steps * channels)),
            "components": (m.per_particle.sum(axis=0), np.full(channels, steps * self.particles)),
        }
        mean = float(m.powers[1]) / self.count
        for name, (squares, counts) in groups.items():
            if len(squares) < 2 or (name == "time" and self.in_time is None):
                continue
            if counts.min() < 20.0:
                continue
            # the common factor is taken out: the strength as a whole has its own line, and one degree of freedom goes
            statistic = chi_square_test(scores(squares / mean, counts))[0]
            lines.append(_chi_square_line(f"strength between {name}", chi_square_tail(statistic, len(squares) - 1)))
        return lines

    def _in_time(self):
        if self.in_time is None:
            return []
        sums = self.in_time
        lines: list[Line] = []
        variance = float(self.moments.powers[1]) / self.count
        used = sums.counts > 0
        if not used.any():
            return lines
        counts, squares = sums.counts[used], variance * sums.counts[used]
        z = sums.products[used] / (variance * np.sqrt(counts))
        value, error = sums.products[0] / counts[0] / variance, math.sqrt(1.0 / counts[0])
        lines += self._lags("noise in time", value, error, z)
        each_lag = zip(sums.squares[used], sums.signs[used], squares, counts, strict=True)
        found = [test for test in (signed_squares_test(*lag) for lag in each_lag) if test is not None]
        if not found:
            return lines
        return lines + self._lags("squares in time", found[0][0], found[0][1], np.array([test[2] for test in found]))

    def _lags(self, name, value, error, z):
        lines = [Line(f"{name}, lag 1", "innovations", value, 0.0, error, float(z[0]), normal_p(z[0]))]
        if z.size > 1:
            lines.append(_chi_square_line(f"{name}, lags 1 to {z.size}", chi_square_test(z)))
        return lines

    def _between(self):
        sums, lines = self.between, []
        n, squares = self.count, float(self.moments.powers[1])
        variance = squares / n
        if self.particles > 1:
            ratio, z, p = common_test(sums.sum_of_rows, sums.rows, squares, self.particles)
            error = math.sqrt(2.0 * self.particles / (sums.rows * (self.particles - 1)))
            lines.append(Line("noise of all particles, in common", "innovations", ratio, 1.0, error, z, p))
        for name, total, pairs in (
            ("noise between neighbours", sums.neighbours, sums.pairs[0]),
            ("noise between halves of the particles", sums.halves, sums.pairs[1]),
        ):
            if pairs > 0:
                z = total / (variance * math.sqrt(pairs))
                lines.append(Line(name, "innovations", total / pairs / variance, 0.0, 1.0 / math.sqrt(pairs), z,
                                  normal_p(z)))  # fmt: skip
        if self.channels > 1:
            rows = n // self.channels
            upper = np.triu_indices(self.channels, 1)
            norm = np.sqrt(np.diag(sums.gram))
            z = (sums.gram / np.outer(norm, norm))[upper] * math.sqrt(rows)
            lines.append(_chi_square_line("noise between components", chi_square_test(z)))
        return lines

    def _state(self):
        if self.state is None:
            return []
        n, squares, lines = self.count, float(self.moments.powers[1]), []
        variance = squares / n
        for name, per_channel in self.state.signed.items():
            total = float(per_channel.sum())
            if name.endswith("^2"):
                found = signed_squares_test(total, self.state.signs[name], squares, n)
                if found is not None:
                    value, error, z, p = found
                    lines.append(Line(f"strength against {name}", "innovations", value, 0.0, error, z, p))
            elif name != "v":  # that one is the friction
                t, p = t_test(total, squares, n)
                lines.append(
                    Line(f"noise against {name}", "innovations", total / n, 0.0, math.sqrt(variance / n), t, p)
                )
        return lines


def _chi_square_line(name, test):
    statistic, degrees, z, p = test
    return Line(name, "innovations", statistic, degrees, math.sqrt(2.0 * degrees), z, p)

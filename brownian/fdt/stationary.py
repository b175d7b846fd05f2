"""The stationary part of a trajectory, cut into groups that are independent of each other.

All averages are compared with their expectation by Student's test over such groups: particles, or stretches of time of
50 relaxation times where there are few particles.  No autocorrelation function is modelled.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from ..trajectory.description import word_on_start
from .rounding import Grid, grid_of
from .stream import Forces, curvature_at

GROUPS_WANTED, FEWEST_GROUPS = 64, 16
DISCARDED, STRETCH = 10.0, 50.0  # relaxation times
OWN_LAW = "the scheme's own stationary law"


@dataclass
class Stationary:
    """Frames ``rows`` of a trajectory, in groups of particles and stretches of time.

    relaxation: slowest relaxation time [T]; stride: steps between frames, 0 if not constant; time_groups: first frame
    of each stretch, and the end; particle_groups: particles of each group; grid: what stored numbers are multiples of.
    """

    trajectory: Any
    claim: Any
    forces: Forces
    rows: range
    relaxation: float
    stride: int
    time_groups: np.ndarray
    particle_groups: np.ndarray
    grid: Grid

    @property
    def groups(self):
        """Number of groups."""
        return (len(self.time_groups) - 1) * (len(self.particle_groups) - 1)

    def sample(self):
        """Up to about 4000 positions (points, components), from up to 32 frames."""
        frames = np.unique(np.linspace(self.rows.start, self.rows.stop - 1, 32).astype(int))
        count = max(1, 4096 // len(frames))
        x = np.asarray(self.trajectory.positions[frames][:, :count], dtype=np.float64)
        return x.reshape(-1, x.shape[2])

    def rounding(self):
        """What the grid of the stored numbers adds to averages of x dU/dx / kT and m v^2 / kT, at most."""
        if not any(self.grid):
            return 0.0
        claim, first = self.claim, self.rows.start
        x = np.asarray(self.trajectory.positions[first], dtype=np.float64)
        curvature = curvature_at(self.forces, x, int(self.trajectory.steps[first]))
        share = curvature * self.grid.x**2 + (claim.mass * self.grid.v**2 if claim.underdamped else 0.0)
        return share / 12.0 / float(claim.kT.min())

    def particle_sums(self, values):
        """Sums over the particles of each group: (frames, particles, ...) to (groups, ...) summed over frames too."""
        return np.add.reduceat(values.sum(axis=0), self.particle_groups[:-1], axis=0)


class GroupMeans:
    """Means of quantities over the groups, added frame by frame."""

    def __init__(self, stationary):
        self.s = stationary
        self.sums, self.counts = {}, {}

    def add(self, first, quantities):
        """Add arrays (frames, particles, k) that begin at frame ``first``."""
        s, frames = self.s, len(next(iter(quantities.values())))
        for block, (start, stop) in enumerate(zip(s.time_groups[:-1], s.time_groups[1:], strict=True)):
            a, b = max(start, first) - first, min(stop, first + frames) - first
            if a >= b:
                continue
            for name, values in quantities.items():
                shape = (len(s.time_groups) - 1, len(s.particle_groups) - 1, values.shape[2])
                self.sums.setdefault(name, np.zeros(shape))[block] += s.particle_sums(values[a:b])
                counts = self.counts.setdefault(name, np.zeros(shape[:2]))
                counts[block] += (b - a) * np.diff(s.particle_groups)

    def of(self, name):
        """Means, shape (groups, k); groups without data are left out."""
        sums, counts = self.sums[name], self.counts[name]
        used = counts > 0
        return sums[used] / counts[used][:, np.newaxis]


def hotelling_test(values, expected, bias=0.0):
    """Whether the mean vector of independent rows is ``expected``: (T^2, degrees, z, p), Hotelling.

    With ``bias`` the components are tested one by one beyond it, and the smallest p is multiplied by their number.
    """
    count, size = values.shape
    difference = values.mean(axis=0) - expected
    if bias > 0.0:
        error = values.std(axis=0, ddof=1) / math.sqrt(count)
        t = np.maximum(0.0, np.abs(difference) - bias) / error
        p = min(1.0, size * 2.0 * float(stats.t.sf(t.max(), count - 1)))
        return float((t**2).max()), 1, float(t.max()), p
    covariance = np.atleast_2d(np.cov(values.T))
    statistic = float(count * difference @ np.linalg.solve(covariance, difference))
    p = float(stats.f.sf(statistic * (count - size) / (size * (count - 1)), size, count - size))
    return statistic, size, float(stats.norm.isf(p)) if p > 0.0 else math.sqrt(statistic), p


def stationary_part(trajectory, claim):
    """The stationary part (None if there is too little), and words on what was left out."""
    forces = Forces(claim.potential, claim.dt)
    steps = trajectory.steps
    strides = np.unique(np.diff(steps))
    stride = int(strides[0]) if strides.size == 1 else 0
    if not forces.steady:
        return None, ["the force depends on time: stationary averages are not tested"]
    relaxation = _relaxation_time(trajectory, claim, stride)
    duration = (steps[-1] - steps[0]) * claim.dt
    if not math.isfinite(relaxation) or relaxation <= 0.0:
        return None, ["no stationary state is known: averages are not tested"]
    note = word_on_start(trajectory.description)
    first, words = 0, []
    free_from_start = claim.free and (not claim.underdamped or "Maxwell velocities" in note)
    if OWN_LAW not in note and not free_from_start:
        first = int(np.searchsorted(steps, steps[0] + DISCARDED * relaxation / claim.dt))
        share = min(1.0, DISCARDED * relaxation / max(duration, 1e-300))
        words.append(
            f"the run did not start in its stationary state: {first} of {len(steps)} frames ({100.0 * share:.0f} %), "
            f"10 relaxation times of {relaxation:.3g}, are left out of the averages"
        )
    rows = range(first, len(steps))
    left = (steps[-1] - steps[first]) * claim.dt if first < len(steps) else 0.0
    if len(rows) < 4 or left < DISCARDED * relaxation:
        needed = 2.0 * DISCARDED * relaxation / claim.dt - (steps[-1] - steps[0])
        return None, [
            *words, f"too short for averages: {max(1, math.ceil(needed)):,} more steps are needed"
        ]  # fmt: skip
    particles = trajectory.particles
    groups = min(particles, GROUPS_WANTED)
    stretches = 1
    if groups < GROUPS_WANTED // 2:
        stretches = max(1, min(GROUPS_WANTED // groups, int(left / (STRETCH * relaxation)), len(rows) // 4))
    if groups * stretches < FEWEST_GROUPS:
        needed = FEWEST_GROUPS / groups * STRETCH * relaxation / claim.dt - left / claim.dt
        return None, [
            *words,
            f"too few independent stretches for averages: {math.ceil(needed):,} more steps are needed",
        ]
    return Stationary(
        trajectory, claim, forces, rows, relaxation, stride, np.linspace(first, len(steps), stretches + 1).astype(int),
        np.linspace(0, particles, groups + 1).astype(int), grid_of(trajectory),
    ), words  # fmt: skip


def _relaxation_time(trajectory, claim, stride):
    if claim.linear is not None:
        moduli = np.abs(np.linalg.eigvals(claim.probe().matrix))
        if claim.free:  # positions never relax; velocities do
            if not claim.underdamped:
                return claim.dt
            if claim.remembers:
                relaxing = moduli[moduli < 1.0 - 1e-9]
                return -claim.dt / math.log(float(relaxing.max())) if relaxing.size else math.inf
            gamma = float(np.min(claim.friction)) / claim.mass
            return 1.0 / gamma if gamma > 0.0 else math.inf
        slowest = float(moduli.max())
        return -claim.dt / math.log(slowest) if 0.0 < slowest < 1.0 else math.inf
    if not getattr(type(claim.potential), "confining", True) or hasattr(claim.potential, "period"):
        return math.inf
    if stride == 0:
        return math.inf
    return max(_autocorrelation_time(trajectory) * stride * claim.dt, _fastest(claim))


def _fastest(claim):
    return (
        float(claim.mass / np.max(claim.friction)) if claim.underdamped and np.max(claim.friction) > 0.0 else claim.dt
    )


def _autocorrelation_time(trajectory):
    """Integrated autocorrelation time of x and x^2 in frames, the larger (Sokal's window), over up to 64 particles."""
    frames = min(len(trajectory), 2**15)
    particles = min(trajectory.particles, 64, max(1, 2**21 // (frames * trajectory.dimension)))
    x = np.asarray(trajectory.positions[:frames, :particles], dtype=np.float64)
    x = x.reshape(frames, -1)
    largest = 0.5
    for series in (x, (x - x.mean(axis=0)) ** 2):
        centered = series - (series.mean(axis=1, keepdims=True) if series.shape[1] >= 32 else series.mean(axis=0))
        spectrum = np.fft.rfft(centered, 2 * frames, axis=0)
        acf = np.fft.irfft((np.abs(spectrum) ** 2).sum(axis=1))[:frames] / np.arange(frames, 0, -1)
        if acf[0] <= 0.0:
            continue
        taus = 0.5 + np.cumsum(acf[1:] / acf[0])
        window = np.arange(1, frames) >= 6.0 * taus
        largest = max(largest, float(taus[np.argmax(window)] if window.any() else taus.max()))
    return largest

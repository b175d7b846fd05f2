"""Parallel tempering: copies of the system at several temperatures, which change places."""

from dataclasses import dataclass, replace

import numpy as np

from .arguments import shortened
from .engine import Engine
from .integrators.moves import counts_acceptance
from .noise import EXCHANGE, uniforms_at
from .potentials.definition import energy
from .schedule import whole_number


@dataclass(frozen=True)
class Tempering:
    """Replica exchange: the particles of a run in equal shares at kT[0] < kT[1] < ..., neighbours exchanged.

    After every ``every`` steps pairs of neighbouring levels, (0, 1), (2, 3), ... and (1, 2), (3, 4), ... in turn, are
    offered to exchange positions, with probability min(1, exp((1/kT_k - 1/kT_k+1) (U_k - U_k+1))); momenta are scaled
    by the root of the temperatures' ratio.  Replicas at high kT cross barriers, those at kT[0] are the samples.

    Parameters
    ----------
    kT
        Thermal energies [E], ascending, positive; the first is that of the dynamics.
    every
        Steps between exchanges.

    Raises
    ------
    ValueError, TypeError
        for fewer than two levels, or levels that do not ascend.

    Source: Hukushima, Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996); Sugita, Okamoto, Chem. Phys. Lett. 314, 141 (1999).

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Tempering([1.0, 2.0, 4.0], every=10)
    Tempering(kT=(1.0, 2.0, 4.0), every=10)
    """

    kT: tuple[float, ...]
    every: int

    def __post_init__(self):
        kT = np.asarray(self.kT)
        if kT.ndim != 1 or len(kT) < 2 or kT.dtype.kind not in "fiu":
            raise TypeError(
                f"Tempering: kT = {shortened(self.kT)}, but a list of two or more thermal energies is needed"
            )
        if not (np.isfinite(kT).all() and kT[0] > 0.0 and np.all(np.diff(kT) > 0.0)):
            raise ValueError(f"Tempering: kT = {shortened(self.kT)}, but positive, ascending values are needed")
        object.__setattr__(self, "kT", tuple(kT.astype(float).tolist()))
        object.__setattr__(self, "every", whole_number("Tempering: every", self.every, 1))

    def offers(self, first_step, last_step):
        """How often each pair of neighbours was offered an exchange, per chain, after steps (first, last]."""
        rounds = np.arange(first_step // self.every + 1, last_step // self.every + 1)
        return np.array([np.sum(rounds % 2 == pair % 2) for pair in range(len(self.kT) - 1)])


class Ladder:
    """The engines of all levels as one: particle p is at level p // chains, chain p % chains.

    Behind the slots of the scheme are two more: exchanges that were accepted with the level above, and the replica (the
    particle's number at the start) that sits here.  Does all that an ``Engine`` does for a run.
    """

    def __init__(self, simulation, threads):
        """Make one engine per level, on parts of one state."""
        tempering, dynamics = simulation.tempering, simulation.dynamics
        self.tempering, self.potential, self.noise = tempering, simulation.potential, simulation.noise
        levels = len(tempering.kT)
        self.chains = simulation.particles // levels
        self.dimension, self.inertial, self.seed = simulation.dimension, dynamics.inertial, simulation.seed
        self.first_particle = simulation.first_particle
        self.engines = []
        for k, kT in enumerate(tempering.kT):
            kernel = simulation.integrator.kernel(
                replace(dynamics, kT=kT), simulation.dt, simulation.dimension, simulation.potential
            )
            self.engines.append(
                Engine(
                    kernel, simulation.potential, simulation.noise, slots=len(dynamics.slots) + 2,
                    normals=simulation.facts.normals, particles=self.chains, dimension=simulation.dimension,
                    dt=simulation.dt, first_particle=simulation.first_particle + k * self.chains, threads=threads,
                )
            )  # fmt: skip
        self.scheme_slots = len(dynamics.slots) + counts_acceptance(self.engines[0].kernel)
        self.lanes, per_level = self.engines[0].lanes, self.engines[0].blocks
        self.state = np.concatenate([engine.state for engine in self.engines])
        for k, engine in enumerate(self.engines):
            engine.state = self.state[k * per_level : (k + 1) * per_level]

    @property
    def columns(self):
        """Names of the columns of the tallies."""
        return (*self.engines[0].columns, "exchanged", "replica")

    def load(self, state):
        """Set the state from an array (slots, particles, dimension)."""
        for k, engine in enumerate(self.engines):
            engine.load(state[:, k * self.chains : (k + 1) * self.chains])

    def unload(self):
        """The state as an array (slots, particles, dimension)."""
        return np.concatenate([engine.unload() for engine in self.engines], axis=1)

    def start(self, first_step, last_step, frame_steps, positions=None, velocities=None, tallies=None):
        """Take all levels from first_step to last_step, exchanging on the way; there is nothing left to wait for."""
        every, step = self.tempering.every, first_step
        while step < last_step:
            target = min(last_step, (step // every + 1) * every)
            rows = np.flatnonzero((frame_steps > step) & (frame_steps <= target))
            waits = []
            for k, engine in enumerate(self.engines):
                chosen = slice(k * self.chains, (k + 1) * self.chains)
                x, v = (_part(values, rows, chosen) for values in (positions, velocities))
                own = None if tallies is None else np.empty((len(rows), self.chains, tallies.shape[2] - 2))
                waits.append((engine.start(step, target, frame_steps[rows], x, v, own), chosen, x, v, own))
            for wait, chosen, x, v, own in waits:
                wait()
                if len(rows):
                    for values, part in ((positions, x), (velocities, v)):
                        if values is not None:
                            values[rows, chosen] = part
                    if tallies is not None:
                        tallies[rows, chosen, :-2] = own
            if len(rows) and tallies is not None:
                tallies[rows, :, -2:] = self.unload()[self.scheme_slots :, :, 0].T
            step = target
            if step % every == 0:
                self._exchange(step)
        return lambda: None

    def advance(self, first_step, last_step):
        """Take all levels from first_step to last_step."""
        self.start(first_step, last_step, np.empty(0, np.int64))

    def _exchange(self, step):
        """Offer the pairs whose turn it is to exchange what they hold after a step."""
        state, kT = self.unload(), np.array(self.tempering.kT)
        if not np.isfinite(state).all():  # the run stops at its next look
            return
        u = energy(self.potential, state[0]).reshape(len(kT), self.chains)
        levels = state.reshape(len(state), len(kT), self.chains, self.dimension)
        moved = [0, *range(1, self.inertial + 1), self.scheme_slots + 1]  # positions, velocities, who it is
        for k in range(step // self.tempering.every % 2, len(kT) - 1, 2):
            chance = (1.0 / kT[k] - 1.0 / kT[k + 1]) * (u[k] - u[k + 1])
            uniform = uniforms_at(
                self.seed, first_particle=self.first_particle + k * self.chains, particles=self.chains, component=0,
                purpose=EXCHANGE, step=step,
            )  # fmt: skip
            swap = np.log(uniform[:, 0]) <= chance
            for slot in moved:
                lower, upper = levels[slot, k, swap].copy(), levels[slot, k + 1, swap].copy()
                scale = np.sqrt(kT[k] / kT[k + 1]) if slot == 1 and self.inertial else 1.0
                levels[slot, k, swap], levels[slot, k + 1, swap] = upper * scale, lower / scale
            levels[self.scheme_slots, k, swap] += 1.0
        self.load(state)

    def block_not_finite(self):
        """The first block with a particle that is not finite, or None."""
        for k, engine in enumerate(self.engines):
            block = engine.block_not_finite()
            if block is not None:
                return k * engine.blocks + block
        return None

    def particle_of(self, block, lane):
        """The particle of a lane of a block."""
        level, block = divmod(block, self.engines[0].blocks)
        return level * self.chains + self.engines[level].particle_of(block, lane)

    def advance_block(self, block, first_step, last_step):
        """Take one block forward, without exchanges: for finding where a number ceased to be finite."""
        level, block = divmod(block, self.engines[0].blocks)
        self.engines[level].advance_block(block, first_step, last_step)

    def close(self):
        """Let the threads go."""
        for engine in self.engines:
            engine.close()


def _part(values, rows, chosen):
    """An array of a level's own for the frames ``rows``."""
    return None if values is None else np.empty((len(rows), chosen.stop - chosen.start, values.shape[2]), values.dtype)

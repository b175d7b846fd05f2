"""Further numbers of each particle that a run counted: energies along its path, and when it stopped."""

from typing import NamedTuple

import numpy as np

ENERGIES = "work", "shadow work", "kinetic energy", "potential energy"  # one column each; heat has one per component


class Energies(NamedTuple):
    """What a run with ``bookkeeping=True`` counted, at every frame, all into the system [E].

    kinetic + potential - their first values = work + heat + shadow_work, to rounding.  work: of moving parameters and
    of forces without energy; heat: shape (frames, particles, dimension), from the bath, by component; shadow_work: of
    the scheme's own moves; kinetic: of velocities on the step.  The others have the shape (frames, particles).
    """

    work: np.ndarray
    heat: np.ndarray
    shadow_work: np.ndarray
    kinetic: np.ndarray
    potential: np.ndarray

    @property
    def first_law(self):
        """E_end - E_start - (W + Q + W_shadow) of every frame and particle: rounding."""
        energy = self.kinetic + self.potential
        return energy - energy[0] - self.work - self.heat.sum(axis=2) - self.shadow_work


def energies_of(columns, tallies):
    """Energies from the tallies of a trajectory."""
    heat = [k for k, name in enumerate(columns) if name.partition(" ")[0] == "heat"]
    if not heat or not set(ENERGIES) <= set(columns):
        raise ValueError("no energies were counted: make the simulation with bookkeeping=True")
    values = tallies[:]
    one = [values[:, :, columns.index(name)] for name in ENERGIES]
    return Energies(one[0], values[:, :, heat], *one[1:])


def stop_times_of(columns, tallies):
    """Time at which each particle stopped [T], NaN for those that did not; shape (particles,)."""
    if "stop time" not in columns:
        raise ValueError("nothing could stop: make the simulation with stop=...")
    times = np.array(tallies[-1][:, columns.index("stop time")])
    times[times < 0.0] = np.nan
    return times


def acceptance_of(columns, tallies, steps):
    """Fraction of the moves that each particle accepted, shape (particles,)."""
    if "accepted" not in columns:
        raise ValueError("nothing was accepted or rejected: the integrator makes every move")
    taken = int(steps[-1]) - int(steps[0])
    if taken == 0:
        raise ValueError("the trajectory has its start only: no move was made yet")
    return np.array(tallies[-1][:, columns.index("accepted")]) / taken

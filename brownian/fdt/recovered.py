"""The noise of a run, got back from its file."""

import numpy as np

from ..arguments import a_trajectory
from .inversion import invert, needs_velocities, scale_of
from .parameters import claim_for, counted
from .rounding import grid_of
from .stream import Forces, curvature_at, slabs


def inverted(trajectory, claim):
    """Slab after slab of an every-step trajectory, each with the `Innovations` that the claimed scheme finds in it."""
    forces, curvature = Forces(claim.potential, claim.dt), None
    grid = grid_of(trajectory)
    for slab in slabs(trajectory, forces, range(len(trajectory))):
        if curvature is None:
            curvature = curvature_at(forces, slab.x[0], int(slab.steps[0]))
        yield slab, invert(claim.kernel, slab, scale_of(slab, curvature, trajectory.positions.dtype, grid))


def recovered_noise(trajectory, **parameters):
    """The normals xi of every step, from a file that keeps every step.

    eta = sqrt(2 lambda kT / dt) xi is the random force of the step.

    Parameters
    ----------
    trajectory : Trajectory
        Every step kept, with velocities where the scheme has them.
    **parameters
        As for `validate`: potential, scheme, mass, friction, kT, dt, where the file does not say.

    Yields
    ------
    ndarray, shape (steps, particles, normals per step * components)
        Slab after slab, so that a file larger than memory can be read.  Of Leimkuhler-Matthews: the sum of two
        neighbouring normals.

    Raises
    ------
    ValueError
        if steps or velocities are missing.

    Examples
    --------
    >>> import numpy as np
    >>> import brownian as bn
    >>> trajectory = bn.Simulation(
    ...     potential=bn.Harmonic(2.1), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.1,
    ...     particles=16, seed=7).run(steps=200, every=0.1)
    >>> xi = np.concatenate(list(bn.fdt.recovered_noise(trajectory)))
    >>> xi.shape
    (200, 16, 1)
    """
    a_trajectory("trajectory", trajectory)
    names = ("simulation", "potential", "scheme", "mass", "friction", "kT", "dt")
    simulation, dt = parameters.get("simulation"), parameters.get("dt")
    trajectory, _ = counted(trajectory, simulation.dt if dt is None and simulation is not None else dt)
    claim = claim_for(trajectory, **dict.fromkeys(names) | parameters)
    if not np.all(np.diff(trajectory.steps) == 1):
        raise ValueError("the file does not keep every step: the noise can't be got back from it")
    if trajectory.velocities is None and needs_velocities(claim.kernel):
        raise ValueError("the file keeps no velocities: the noise can't be got back from it")
    yield from (found.xi for _, found in inverted(trajectory, claim))

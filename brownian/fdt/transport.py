"""Free particles: D from displacements, D from velocities (Green-Kubo), both against kT times the mobility."""

import math

import numpy as np

from ..theory import diffusion_ratio, discrete_msd, drift_ratio
from ..theory.linear import SCHEME_OF
from .exact import mean_test
from .stationary import GroupMeans
from .verdict import Line


def transport_lines(part):
    """Lines of the Einstein relation and of Green-Kubo, for no force or a constant one.

    Windows of at least 5 relaxation times; displacements are compared with the scheme's own <dx^2> at that lag, so that
    neither the ballistic part nor dt leaves a bias.
    """
    claim, steps = part.claim, part.trajectory.steps
    name = SCHEME_OF.get(type(claim.integrator).__name__, "baoab" if claim.underdamped else "euler_maruyama")
    memory = claim.remembers and claim.underdamped
    if part.stride == 0 or (memory and claim.linear[1].any()):
        return []
    lag = max(1, math.ceil(5.0 * part.relaxation / (part.stride * claim.dt)))
    if lag >= len(part.rows):
        lag = len(part.rows) - 1
    n = lag * part.stride
    positions, velocities = part.trajectory.positions, part.trajectory.velocities
    means = GroupMeans(part)
    D, first = claim.dimension, part.rows.start
    if memory:
        msd, ratios = _displacement_with_memory(claim, n), np.ones((2, D))
    else:
        msd = np.array([discrete_msd(n, name, friction=lam, kT=kT, dt=claim.dt, mass=claim.mass) for lam, kT in
                        zip(claim.friction, claim.kT, strict=True)])  # fmt: skip
        ratios = [[f(name, friction=lam, dt=claim.dt, mass=claim.mass) for lam in claim.friction] for f in
                  (drift_ratio, diffusion_ratio)]  # fmt: skip
    drift, diffusion = np.array(ratios, dtype=np.float64)
    push = claim.linear[1] * drift / claim.friction * n * claim.dt
    power = np.linalg.matrix_power(claim.probe().matrix, n) if claim.underdamped else None
    for a in range(first, len(steps) - lag, lag):
        x0, x1 = (np.asarray(positions[k], dtype=np.float64) for k in (a, a + lag))
        moved = x1 - x0 - push
        found = {"einstein": (moved * moved / (msd + part.grid.x**2 / 6.0))[np.newaxis]}
        if velocities is not None and not claim.linear[1].any():
            v0 = np.asarray(velocities[a], dtype=np.float64)
            reach = np.diag(np.asarray(power)[:D, D : 2 * D])
            found["green-kubo"] = (moved * v0 / (reach * claim.kT / claim.mass))[np.newaxis]
        means.add(a, found)
    lines = []
    own = float((diffusion / drift).mean())
    mean, error, z, p = mean_test(means.of("einstein").mean(axis=1) * own, own, positive=True)
    word = f"D lambda / kT = {float(diffusion[0]):.9g} for the scheme"
    lines.append(Line("Einstein D / (kT mu), from displacements", "statics", mean, own, error, z, p, word=word))
    if "green-kubo" in means.sums:
        mean, error, z, p = mean_test(means.of("green-kubo").mean(axis=1) * own, own)
        lines.append(Line("Green-Kubo D / (kT mu), from velocities", "statics", mean, own, error, z, p))
    return lines


def _displacement_with_memory(claim, steps):
    """<dx^2> of a free particle after some steps, per component: its own scheme, velocities and memory in
    equilibrium.
    """
    D, probe = claim.dimension, claim.probe()
    state = np.diag(np.concatenate([np.zeros(D), claim.kT / claim.mass, np.ravel(claim.dynamics.spreads(D) ** 2)]))
    power, noise = np.eye(len(state)), np.zeros_like(state)
    matrix, added = probe.matrix, probe.noise @ probe.noise.T
    while steps:  # M^n and the noise of n steps, by doublings
        if steps % 2:
            power, noise = matrix @ power, matrix @ noise @ matrix.T + added
        matrix, added, steps = matrix @ matrix, added + matrix @ added @ matrix.T, steps // 2
    return np.diag(power @ state @ power.T + noise)[:D]

"""The response to a force from a run without it: weights of the noise, exact at any dt and for any potential.

In every scheme here but Leimkuhler-Matthews a step with the force F + f is exactly the step with the force F and the
noise xi + delta f.  For a constant f from step 0 on, the average of any A is then that of the
unperturbed run with normals of mean delta f, and

    d<A(x_n)>/df = <A(x_n) q_n>,    q_n = delta (xi_0 + ... + xi_n-1).

The noise is got back from the trajectory.  delta = tau / spread for overdamped steps, (1 + decay) kick / spread for the
BAOAB family (GJF, BAOAB, GJ2), whatever U is.
Source: Warren and Allen, Phys. Rev. Lett. 109, 250601 (2012).
"""

import numpy as np

from ..potentials import ConstantForce, Free
from .exact import mean_test
from .inversion import invert, needs_velocities, scale_of
from .predictions import bias_bound
from .stationary import GroupMeans
from .stream import slabs
from .verdict import Line

READ = 2**23  # numbers that are read at most: windows beyond are left out, evenly


def pushed(claim):
    """Response of the state to a unit force along each component, in one step: (state, components)."""
    columns, plain = [], claim.probe().shift
    for d in range(claim.dimension):
        unit = ConstantForce(np.eye(claim.dimension)[d] if claim.dimension > 1 else 1.0)  # type: ignore[arg-type, call-arg]
        columns.append(_with(claim, claim.potential + unit).probe().shift - plain)
    return np.stack(columns, axis=1)


def _with(claim, potential):
    return type(claim)(potential, claim.dynamics, claim.integrator, claim.dt, claim.particles, claim.dimension)


def noise_like_force(claim):
    """Delta, shape (normals per step * components, components), or None where no noise is like a force.

    Asked of the step itself with a linear force, or none: the delta of a scheme does not depend on the potential.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.fdt.parameters import Claim
    >>> dynamics = bn.Langevin(mass=1.3, friction=0.7, kT=0.9)
    >>> claim = Claim(bn.DoubleWell(barrier=2.0, width=1.2), dynamics, bn.GJF(), 0.1, 1, 1)
    >>> kick, _, decay, spread = claim.kernel
    >>> print(noise_like_force(claim)[0] / ((1.0 + decay) * kick / spread))
    [1.]
    """
    if getattr(claim.kernel, "keeps_noise", False) or claim.remembers:
        return None
    bare = claim if claim.linear is not None else _with(claim, Free())  # type: ignore[call-arg]
    push, noise = pushed(bare), bare.probe().noise
    delta = np.linalg.lstsq(noise, push)[0]
    found = np.abs(noise @ delta - push).max() <= 1e-9 * np.abs(push).max()
    return delta if found else None


def weight_lines(part, steps, answer):
    """Line of the response after some steps, from windows of the stationary part.

    It is compared with ``answer``, the response of the scheme per component, where that is known, else with
    [C(0) - C(t)] / kT from the same displacements.
    """
    claim, D = part.claim, part.claim.dimension
    lacking = part.trajectory.velocities is None and needs_velocities(claim.kernel)
    delta = None if lacking or part.stride != 1 or any(part.grid) else noise_like_force(claim)
    if delta is None:
        return []
    means = GroupMeans(part)
    windows = range(part.rows.start, part.rows.stop - steps, steps)
    numbers = len(windows) * steps * part.trajectory.particles * D
    for a in windows[:: -(-numbers // READ)]:
        moved, q = np.zeros((2, part.trajectory.particles, D))
        for slab in slabs(part.trajectory, part.forces, range(a, a + steps + 1)):
            found = invert(claim.kernel, slab, scale_of(slab, 0.0, part.trajectory.positions.dtype, part.grid))
            moved += slab.x[-1] - slab.x[0]
            q += found.xi.sum(axis=0) @ delta
        means.add(a, {"weights": (moved * q)[np.newaxis], "kubo": (moved * moved / (2.0 * claim.kT))[np.newaxis]})
    weights, kubo = means.of("weights"), means.of("kubo")
    if answer is not None:
        values, bias, word = (weights / answer).mean(axis=1), 0.0, "over the scheme's response"
    else:
        values, bias = 1.0 + ((weights - kubo) / kubo.mean(axis=0)).mean(axis=1), bias_bound(part)
        word = "over [C(0) - C(t)] / kT"
    mean, error, z, p = mean_test(values, 1.0, bias)
    word = f"{word}, t = {steps * claim.dt:.3g}"
    return [Line("response by Malliavin weights", "response", mean, 1.0, error, z, p, bias=bias, word=word)]

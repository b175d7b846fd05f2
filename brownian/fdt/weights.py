"""The response to a force from a run without it: weights of the noise, exact at any dt and for any potential.

In every scheme here but Leimkuhler-Matthews a step with the force F + f is exactly the step with the force F and the
noise xi + delta f.  For a constant f from step 0 on, the average of any A is then that of the
unperturbed run with normals of mean delta f, and

    d<A(x_n)>/df = <A(x_n) q_n>,    q_n = delta (xi_0 + ... + xi_n-1).

The noise is got back from the trajectory.  delta = tau / spread for overdamped steps, (1 + decay) kick / spread for the
BAOAB family (GJF, BAOAB, GJ2), whatever U is.
Source: Warren and Allen, Phys. Rev. Lett. 109, 250601 (2012).
"""

import math
from itertools import pairwise

import numpy as np

from ..potentials import ConstantForce, Free
from .exact import mean_test
from .inversion import invert, needs_velocities, scale_of
from .predictions import bias_bound
from .stationary import GroupMeans
from .stream import slabs
from .verdict import Line

BANDS, LONGEST = 4, 512  # of the cross-spectrum, in steps
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
    delta = np.linalg.lstsq(noise, push, rcond=None)[0]
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


def cross_spectrum_lines(part):
    """Compare w S(w) / 2kT with chi''(w) in bands, for any force: both from the run itself.

    R_k = <x_n (delta xi)_n-k>, k >= 1, is the answer of x to a force of one step, and chi(w) its transform: the
    cross-spectrum of positions and noise.  Im [e^(-iw/2) chi(w)] = sin(w/2) S(w) / kT, w per step, where
    R_k = [C(k - 1) - C(k)] / kT (Kubo): to the scheme's bias.
    """
    claim = part.claim
    lacking = part.trajectory.velocities is None and needs_velocities(claim.kernel)
    delta = None if lacking or part.stride != 1 or any(part.grid) else noise_like_force(claim)
    length = 1 << int(np.log2(max(1, min(LONGEST, np.diff(part.time_groups).min()))))
    if delta is None or length < 64:
        return []
    window = np.hanning(length + 2)[1:-1, np.newaxis, np.newaxis]
    omega = 2.0 * np.pi * np.arange(length // 2 + 1)[:, np.newaxis, np.newaxis] / length
    edges = np.unique(np.round(np.geomspace(4, length // 2, BANDS + 1)).astype(int))
    means = GroupMeans(part)
    windows = range(part.rows.start, part.rows.stop - length, length)
    numbers = len(windows) * length * part.trajectory.particles * claim.dimension
    for a in windows[:: -(-numbers // READ)]:
        x, q = [], []
        for slab in slabs(part.trajectory, part.forces, range(a, a + length + 1)):
            found = invert(claim.kernel, slab, scale_of(slab, 0.0, part.trajectory.positions.dtype, part.grid))
            x.append(slab.x[:-1])
            q.append(found.xi @ delta)
        position, noise = (np.fft.rfft(window * np.concatenate(parts), axis=0) for parts in (x, q))
        answer = np.imag(np.exp(-0.5j * omega) * np.conj(position) * noise) * claim.kT
        fluctuation = np.sin(0.5 * omega) * np.abs(position) ** 2
        for name, values in (("answer", answer), ("fluctuation", fluctuation)):
            bands = [values[i:j].sum(axis=0).mean(axis=1) for i, j in pairwise(edges)]
            means.add(a, {name: np.stack(bands, axis=1)[np.newaxis]})
    answers, fluctuations = means.of("answer"), means.of("fluctuation")
    bias = bias_bound(part)
    values = 1.0 + (fluctuations - answers) / answers.mean(axis=0)
    tests = [mean_test(column, 1.0, bias) for column in values.T]
    return [worst_band(tests, edges, length * claim.dt, bias)]


def worst_band(tests, edges, duration, bias=0.0):
    """The line of a spectrum from the tests of its bands (mean, error, z, p); edges: in periods of the duration [T]."""
    worst = min(range(len(tests)), key=lambda b: tests[b][3])
    mean, error, z, p = tests[worst]
    p = -math.expm1(len(tests) * math.log1p(-p)) if p < 1.0 else 1.0  # Sidak: the bands are independent
    periods = duration / (2.0 * math.pi)
    word = f"worst of {len(tests)} bands, w = {edges[worst] / periods:.3g} to {edges[worst + 1] / periods:.3g}"
    return Line("w S(w) / 2kT against chi''", "response", mean, 1.0, error, z, p, bias=bias, word=word)

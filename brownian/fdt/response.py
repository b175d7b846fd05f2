"""Response against fluctuation: a step of force answers as the correlation function says, [C(0) - C(t)] / kT.

For affine forces the response of the scheme is a matrix and carries no error; for GJF and BAOAB it equals the
correlation at every lag and any dt (discrete Kubo theorem), for the others the difference the scheme makes is known.
"""

import math
from itertools import pairwise

import numpy as np

from ..engine import available_threads
from ..integrators.euler_maruyama import OverdampedEulerKernel
from ..potentials import ConstantForce
from ..potentials.definition import stiffest
from .exact import mean_test, normal_p
from .predictions import bias_bound
from .stationary import GroupMeans, hotelling_test
from .verdict import Line

LAGS, BANDS = 6, 4
TRIAL = 4096  # particles of the response run


def response_lines(part):
    """Lines of the block, and words on what was left out."""
    if part.stride == 0 or len(part.rows) < 16:
        return [], ["frames at unequal distances: the response is not compared with correlations"]
    lags = _lags(part)
    if part.claim.linear is not None:
        push = _pushed(part.claim)
        return [*_kubo(part, lags, push), *_malliavin(part, lags, push), *_spectrum(part)], []
    lines, words = _nonlinear(part)
    return lines + _malliavin(part, lags, None), words


def _lags(part):
    """Up to 6 lags in frames, from one frame to a relaxation time, in a geometric series."""
    longest = max(1, min(len(part.rows) // 4, round(part.relaxation / (part.stride * part.claim.dt))))
    return np.unique(np.round(np.geomspace(1, longest, LAGS)).astype(int))


def _correlations(part, lags):
    """<(x_n - x_0)^2> / 2 = C(0) - C(n) of every group and component, by lag."""
    positions, means = part.trajectory.positions, GroupMeans(part)
    rows = max(1, 2**20 // (part.trajectory.particles * part.claim.dimension))
    longest = int(max(lags))
    for a in range(part.rows.start, part.rows.stop - longest, rows):
        b = min(a + rows, part.rows.stop - longest)
        x = np.asarray(positions[a : b + longest], dtype=np.float64)
        means.add(a, {f"{k}": (x[k : k + b - a] - x[: b - a]) ** 2 / 2.0 for k in lags})
    return means


def _kubo(part, lags, push):
    """One line for all lags and components: the measured correlation over that of the scheme, its response known."""
    claim, D = part.claim, part.claim.dimension
    means, kT = _correlations(part, lags), float(np.mean(claim.kT))
    probe = claim.probe(kT=kT)
    M, covariance = probe.matrix, probe.stationary_covariance()
    columns, violation = [], 0.0
    for k in lags:
        power = np.linalg.matrix_power(M, int(k) * part.stride)
        own = np.diag((covariance - power @ covariance)[:D, :D]) / kT
        answer = _answer(M, push, power, D)
        if np.all(answer > 1e-9 * np.abs(own)):
            violation = max(violation, float(np.abs(own / answer - 1.0).max()))
        columns.append((means.of(f"{k}") / claim.kT / own).mean(axis=1))
    values = np.stack(columns, axis=1)
    if len(values) <= 2 * values.shape[1]:
        return []
    statistic, degrees, z, p = hotelling_test(values, np.ones(len(lags)))
    word = "exact for this scheme at every lag" if violation < 1e-9 else f"the scheme itself is off by {violation:.2g}"
    word += f"; at the last lag {values[:, -1].mean():.4g} of what is expected"
    name = f"[C(0) - C(t)] / kT against the response, {len(lags)} lags"
    return [Line(name, "response", statistic, degrees, math.sqrt(2.0 * degrees), z, p, word=word)]


def _answer(M, push, power, D):
    """Response of the positions to a unit force after the steps of M^n = power."""
    return np.diag(np.linalg.solve(np.eye(len(M)) - M, push - power @ push)[:D])


def _pushed(claim):
    """Response of the state to a unit force along each component, in one step: (state, components)."""
    columns, plain = [], claim.probe().shift
    for d in range(claim.dimension):
        unit = ConstantForce(np.eye(claim.dimension)[d] if claim.dimension > 1 else 1.0)  # type: ignore[arg-type, call-arg]
        pushed = type(claim)(
            claim.potential + unit, claim.dynamics, claim.integrator, claim.dt, claim.particles, claim.dimension
        )
        columns.append(pushed.probe().shift - plain)
    return np.stack(columns, axis=1)


def _malliavin(part, lags, push):
    """Response from the unperturbed run, by the weights of the noise: overdamped Euler, every step kept.

    q = sum sqrt(tau / 2 kT) xi, d<x>/df = <(x_n - x_0) q>, exact at any dt.  For affine forces it is compared with the
    response of the scheme, else with [C(0) - C(t)] / kT from the same displacements.
    Source: Warren and Allen, Phys. Rev. Lett. 109, 250601 (2012).
    """
    claim = part.claim
    if not isinstance(claim.kernel, OverdampedEulerKernel) or part.stride != 1:
        return []
    n, D, means = int(lags[-1]), claim.dimension, GroupMeans(part)
    steps, positions = part.trajectory.steps, part.trajectory.positions
    for a in range(part.rows.start, part.rows.stop - n, n):
        x = np.asarray(positions[a : a + n + 1], dtype=np.float64)
        moved = x[-1] - x[0]
        noise = moved - claim.kernel.tau * part.forces(x[:-1], steps[a : a + n]).sum(axis=0)
        found = {"weights": moved * noise / (2.0 * claim.kT), "kubo": moved * moved / (2.0 * claim.kT)}
        means.add(a, {name: values[np.newaxis] for name, values in found.items()})
    weights, kubo = means.of("weights"), means.of("kubo")
    name, bias = "response by Malliavin weights", 0.0
    if push is not None:
        M = claim.probe().matrix
        values = (weights / _answer(M, push, np.linalg.matrix_power(M, n), D)).mean(axis=1)
        word = "over the scheme's response"
    else:
        values, bias = 1.0 + ((weights - kubo) / kubo.mean(axis=0)).mean(axis=1), bias_bound(part)
        word = "over [C(0) - C(t)] / kT"
    mean, error, z, p = mean_test(values, 1.0, bias)
    return [Line(name, "response", mean, 1.0, error, z, p, bias=bias, word=f"{word}, t = {n * claim.dt:.3g}")]


def _spectrum(part):
    """Compare w S(w) / 2kT with chi'' in bands: the periodogram (Hann) over its exact expectation.

    In discrete time Im [e^(-iw/2) chi(w)] = sin(w/2) S(w) / kT holds exactly where the discrete Kubo theorem does.
    """
    claim, D = part.claim, part.claim.dimension
    length = int(min(2048, np.diff(part.time_groups).min()))
    if length < 64:
        return []
    probe = claim.probe(kT=float(np.mean(claim.kT)))
    covariance, center = probe.stationary_covariance(), np.linalg.solve(*claim.linear)
    hop = np.linalg.matrix_power(probe.matrix, part.stride)
    acf, power = np.empty((length, D)), covariance
    for q in range(length):
        acf[q] = np.diag(power)[:D]
        power = hop @ power
    acf *= claim.kT / np.mean(claim.kT)
    window = np.hanning(length + 2)[1:-1]  # without it the ends of the record would fill the upper bands
    window /= np.sqrt((window**2).sum())
    overlap = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * length)) ** 2)[:length]
    weights = overlap[:, np.newaxis] * acf
    expected = 2.0 * np.fft.rfft(weights, axis=0).real - weights[0]
    edges = np.unique(np.round(np.geomspace(4, length // 2, BANDS + 1)).astype(int))
    means = GroupMeans(part)
    for start, stop in pairwise(part.time_groups):
        for a in range(start, stop - length + 1, length):
            x = np.asarray(part.trajectory.positions[a : a + length], dtype=np.float64) - center
            spectrum = np.abs(np.fft.rfft(window[:, np.newaxis, np.newaxis] * x, axis=0)) ** 2 / expected[:, np.newaxis]
            bands = [spectrum[i:j].mean(axis=(0, 2)) for i, j in pairwise(edges)]
            means.add(a, {"bands": np.stack(bands, axis=1)[np.newaxis]})
    values = means.of("bands")
    tests = [mean_test(column, 1.0, positive=True) for column in values.T]
    worst = min(range(len(tests)), key=lambda b: tests[b][3])
    mean, error, z, p = tests[worst]
    p = -math.expm1(len(tests) * math.log1p(-p)) if p < 1.0 else 1.0  # Sidak: the bands are independent
    periods = length * part.stride * claim.dt / (2.0 * math.pi)
    word = f"worst of {len(tests)} bands, w = {edges[worst] / periods:.3g} to {edges[worst + 1] / periods:.3g}"
    return [Line("w S(w) / 2kT against chi''", "response", mean, 1.0, error, z, p, word=word)]


def _nonlinear(part):
    """Step response under common random numbers against the correlation, after the time of the stiffest well."""
    claim, simulation = part.claim, part.claim.simulation
    if simulation is None:
        return [], ["a nonlinear force and no simulation: the response to a force can't be made"]
    if simulation.start != "stationary":
        return [], ["the response is not compared: the simulation has no stationary start"]
    stiffness = stiffest(claim.potential, claim.dimension) or 1.0
    time = math.sqrt(claim.mass / stiffness) if claim.underdamped else float(np.min(claim.friction)) / stiffness
    lag = min(max(1, round(time / claim.dt / part.stride)), len(part.rows) // 2)
    n, kT = lag * part.stride, float(claim.kT[0])
    fluctuation, spread, _, _ = mean_test(_correlations(part, [lag]).of(f"{lag}")[:, 0] / kT)
    answers = _common_random_numbers(simulation, n, 1e-3 * math.sqrt(kT / (2.0 * fluctuation)))
    response, error, _, _ = mean_test(answers)
    ratio, bias = fluctuation / response, bias_bound(part)
    if claim.kernel.keeps_noise:  # half a step of diffusion is missing from every displacement
        bias += 1.0 / (2.0 * n - 1.0)
    combined = ratio * math.hypot(error / response, spread / fluctuation)
    z = math.copysign(max(0.0, abs(ratio - 1.0) - bias), ratio - 1.0) / combined
    word = f"t = {n * claim.dt:.3g}, response {response:.5g} +- {error:.1g} by common random numbers"
    name = "[C(0) - C(t)] / kT against the response"
    return [Line(name, "response", ratio, 1.0, combined, z, normal_p(z), bias=bias, word=word)], []


def _common_random_numbers(simulation, steps, small):
    """(x_f - x_-f) / 2f after some steps, of particles that start in equilibrium, f = +-small along the first axis."""
    D, ends = simulation.dimension, []
    what = {
        "dynamics": simulation.dynamics,
        "integrator": simulation.integrator,
        "dt": simulation.dt,
        "dimension": D,
        "particles": TRIAL,
        "seed": simulation.seed ^ 0x5EED,
    }
    state = type(simulation)(potential=simulation.potential, **what).initial_state()[0]
    for f in (small, -small):
        push = ConstantForce(np.eye(D)[0] * f if D > 1 else f)  # type: ignore[arg-type, call-arg]
        pushed = type(simulation)(potential=simulation.potential + push, start="minimum", **what)
        engine = pushed.engine(available_threads())
        try:
            engine.load(state)
            engine.advance(0, steps)
            ends.append(engine.unload()[0, :, 0])
        finally:
            engine.close()
    return (ends[0] - ends[1]) / (2.0 * small)

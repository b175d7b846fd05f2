"""Response against fluctuation: a step of force answers as the correlation function says, [C(0) - C(t)] / kT.

For affine forces the response of the scheme is a matrix and carries no error; for GJF and BAOAB it equals the
correlation at every lag and any dt (discrete Kubo theorem), for the others the difference the scheme makes is known.
"""

import math
from itertools import pairwise

import numpy as np
from scipy import stats

from ..engine import available_threads
from ..potentials import ConstantForce
from ..potentials.curvature import stiffest
from .curve import curve_of, line_of
from .exact import mean_test
from .predictions import bias_bound
from .stationary import GroupMeans, hotelling_test
from .verdict import Line
from .weights import BANDS, cross_spectrum_lines, pushed, weight_lines, worst_band

LAGS = 6
DRAWN, FINE = 13, 49  # lags of the picture: of the measured points, of the line
TRIAL = 4096  # particles of the response run


def response_lines(part):
    """Lines of the block, words on what was left out, and the curve or None."""
    if part.stride == 0 or len(part.rows) < 16:
        return [], ["frames at unequal distances: the response is not compared with correlations"], None
    relaxation = part.relaxation / (part.stride * part.claim.dt)
    longest = max(1, min(len(part.rows) // 4, round(relaxation)))
    if part.claim.linear is not None:
        return _linear(part, longest)
    lines, words, curve = _nonlinear(part)
    return [*lines, *weight_lines(part, longest, None), *cross_spectrum_lines(part)], words, curve


def _tested(longest):
    """Up to 6 lags in frames, from one to the longest, in a geometric series."""
    return np.unique(np.round(np.geomspace(1, longest, LAGS)).astype(int))


def _even(longest, count):
    """Up to so many lags, evenly spaced from one to the longest."""
    return np.unique(np.round(np.linspace(1, longest, count)).astype(int))


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


def _linear(part, longest):
    """The scheme's own correlation and response are known at every lag."""
    lags = np.union1d(_even(longest, DRAWN), _tested(longest))
    own, answer = _of_the_scheme(part, lags)
    lines, curve = _kubo(part, lags, own, answer, _tested(longest))
    if curve is not None:
        fine, step = _even(longest, FINE), part.stride * part.claim.dt
        curve = curve._replace(line=line_of(fine * step, _of_the_scheme(part, fine)[1][:, 0]))
    return [*lines, *weight_lines(part, longest, answer[-1]), *_spectrum(part)], [], curve


def _of_the_scheme(part, lags):
    """[C(0) - C(t)] / kT, to each component its kT, and the response to a unit force, both (lags, components).

    Of dynamics that break the relation the first is what the response asks for.
    """
    claim, D = part.claim, part.claim.dimension
    one, push = claim.at_one_kT(), pushed(claim)
    probe = one.probe()
    covariance, rest = probe.stationary_covariance(), np.eye(len(push)) - probe.matrix
    powers = [np.linalg.matrix_power(probe.matrix, int(k) * part.stride) for k in lags]
    own = [np.diag((covariance - power @ covariance)[:D, :D]) / one.kT for power in powers]
    answer = [np.diag(np.linalg.solve(rest, push - power @ push)[:D]) for power in powers]
    return np.array(own if claim.dynamics.equilibrium else answer), np.array(answer)


def _kubo(part, lags, own, answer, tested):
    """One line for all components and the lags ``tested``: the correlation over that of the scheme; and the curve."""
    claim = part.claim
    grid = part.grid.x**2 / claim.kT  # rounding adds 2 g^2/12 to a displacement squared, beyond g independent of it
    beyond = np.all(2.0 * own >= grid, axis=1)
    lags, own, answer = lags[beyond], own[beyond], answer[beyond]
    if len(lags) == 0:
        return [], None
    means = _correlations(part, lags)
    measured = np.stack([means.of(f"{k}") / claim.kT - grid / 12.0 for k in lags], axis=1)  # (groups, lags, D)
    curve = curve_of(lags * part.stride * claim.dt, measured[:, :, 0], answer[:, 0])
    values = (measured / own)[:, np.isin(lags, tested)].mean(axis=2)
    if values.shape[1] == 0 or len(values) <= 2 * values.shape[1]:
        return [], curve
    statistic, degrees, z, p = hotelling_test(values, np.ones(values.shape[1]))
    moving = np.all(answer > 1e-9 * np.abs(own), axis=1)
    violation = float(np.abs(own[moving] / answer[moving] - 1.0).max(initial=0.0))
    word = "exact for this scheme at every lag" if violation < 1e-9 else f"the scheme itself is off by {violation:.2g}"
    if not claim.dynamics.equilibrium or claim.coupled_baths:
        word = "what equilibrium would ask for"
    word += f"; at the last lag {values[:, -1].mean():.4g} of what is expected"
    name = f"[C(0) - C(t)] / kT against the response, {values.shape[1]} lags"
    return [Line(name, "response", statistic, degrees, math.sqrt(2.0 * degrees), z, p, word=word)], curve


def _spectrum(part):
    """Compare w S(w) / 2kT with chi'' in bands: the periodogram (Hann) over its exact expectation.

    In discrete time Im [e^(-iw/2) chi(w)] = sin(w/2) S(w) / kT holds exactly where the discrete Kubo theorem does.
    """
    claim, D = part.claim, part.claim.dimension
    length = int(min(2048, np.diff(part.time_groups).min()))
    if length < 64 or not claim.dynamics.equilibrium:
        return []
    probe = claim.at_one_kT().probe()
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
    expected = expected + part.grid.x**2 / 12.0  # the rounding of the file is white
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
    return [worst_band(tests, edges, length * part.stride * claim.dt)]


def _nonlinear(part):
    """Step response under common random numbers against the correlation, up to the time of the stiffest well."""
    claim, simulation = part.claim, part.claim.simulation
    if simulation is None:
        return [], ["a nonlinear force and no simulation: the response to a force can't be made"], None
    if not isinstance(simulation.start, str) or simulation.start != "stationary":
        return [], ["the response is not compared: the simulation has no stationary start"], None
    longest = min(max(1, round(_well_time(claim) / claim.dt / part.stride)), len(part.rows) // 2)
    lags = _tested(longest)
    means, kT = _correlations(part, lags), float(claim.kT[0])
    fluctuations = np.stack([means.of(f"{k}")[:, 0] for k in lags], axis=1) / kT
    small = 1e-3 * math.sqrt(kT / (2.0 * fluctuations[:, -1].mean()))
    fine = np.union1d(_even(longest, FINE), lags)
    all_answers = _common_random_numbers(simulation, fine * part.stride, small)
    answers = all_answers[:, np.isin(fine, lags)]
    bias = np.full(len(lags), bias_bound(part))
    if claim.kernel.keeps_noise:  # half a step of diffusion is missing from every displacement
        bias += 1.0 / (2.0 * lags * part.stride - 1.0)
    tests = [_compared(*columns) for columns in zip(fluctuations.T, answers.T, bias, strict=True)]
    ratio, error, z, each = np.array(tests).T
    w = int(np.argmin(each))
    p = -math.expm1(len(lags) * math.log1p(-each[w])) if each[w] < 1.0 else 1.0  # Sidak: holds for dependent lags too
    response, spread = answers.mean(axis=0), answers.std(axis=0, ddof=1) / math.sqrt(len(answers))
    word = f"worst of {len(lags)} lags, t = {lags[w] * part.stride * claim.dt:.3g}, response {response[w]:.5g} +- "
    word += f"{spread[w]:.1g} by common random numbers"
    line = Line("[C(0) - C(t)] / kT against the response", "response", float(ratio[w]), 1.0, float(error[w]),
                float(z[w]), float(p), bias=float(bias[w]), word=word)  # fmt: skip
    step = part.stride * claim.dt
    curve = curve_of(lags * step, fluctuations, response, spread)
    return [line], [], curve._replace(line=line_of(fine * step, all_answers.mean(axis=0)))


def _well_time(claim):
    """Relaxation time [T] in the stiffest well, but no more than a period of it."""
    stiffness = stiffest(claim.potential, claim.dimension) or 1.0
    friction = float(np.min(claim.friction))
    if not claim.underdamped:
        return friction / stiffness
    gamma, omega = friction / claim.mass, math.sqrt(stiffness / claim.mass)
    damping = gamma / 2.0 - math.sqrt(max(gamma**2 / 4.0 - omega**2, 0.0))
    return min(1.0 / damping, 2.0 * math.pi / omega) if damping > 0.0 else 2.0 * math.pi / omega


def _compared(fluctuations, answers, bias):
    """Ratio of two means of independent values, its standard error, z beyond the bias, and p.

    Fluctuations are sums of squares: their cube roots are compared, as in ``mean_test``; degrees of freedom by Welch.
    """
    n, mean, answer = fluctuations.size, fluctuations.mean(), answers.mean()
    roots = np.cbrt(fluctuations / answer)
    first = roots.var(ddof=1)
    deviation, first = roots.mean() - 1.0 + first, first * (1.0 + 2.0 * first) / n
    second = answers.var(ddof=1) / answers.size / answer**2
    z = math.copysign(max(0.0, abs(deviation) - bias / 3.0), deviation) / math.sqrt(first + second / 9.0)
    freedom = (first + second / 9.0) ** 2 / (first**2 / (n - 1) + second**2 / 81.0 / (answers.size - 1))
    error = math.sqrt(fluctuations.var(ddof=1) / n / answer**2 + second * (mean / answer) ** 2)
    return mean / answer, error, z, float(2.0 * stats.t.sf(abs(z), freedom))


def _common_random_numbers(simulation, stops, small):
    """(x_f - x_-f) / 2f after some steps, of particles that start in equilibrium, f = +-small along the first axis.

    Shape (particles, stops).
    """
    D = simulation.dimension
    what = {
        "dynamics": simulation.dynamics,
        "integrator": simulation.integrator,
        "dt": simulation.dt,
        "dimension": D,
        "particles": TRIAL,
        "seed": simulation.seed ^ 0x5EED,
    }
    state = type(simulation)(potential=simulation.potential, **what).initial_state()[0]
    ends = np.empty((2, TRIAL, len(stops)))
    for sign, f in enumerate((small, -small)):
        push = ConstantForce(np.eye(D)[0] * f if D > 1 else f)  # type: ignore[arg-type, call-arg]
        forced = type(simulation)(potential=simulation.potential + push, start="minimum", **what)
        engine = forced.engine(available_threads())
        try:
            engine.load(state)
            at = 0
            for column, stop in enumerate(stops):
                engine.advance(at, int(stop))
                ends[sign, :, column], at = engine.unload()[0, :, 0], int(stop)
        finally:
            engine.close()
    return (ends[0] - ends[1]) / (2.0 * small)

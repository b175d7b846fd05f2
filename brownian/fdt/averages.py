"""Stationary averages against equilibrium: equipartition, virial, configurational temperature, Boltzmann's density."""

import math

import numpy as np

from ..potentials.definition import laplacian
from .exact import mean_test
from .foreign import BAOAKernel
from .predictions import HARMONICS, half_kick, predict, ranks
from .response import response_lines
from .stationary import GroupMeans, hotelling_test, stationary_part
from .stream import frames_of
from .transport import transport_lines
from .verdict import Line


def average_lines(trajectory, claim):
    """Lines on averages and responses, words on what was left out, and the curve of the response or None."""
    if not np.all(claim.kT > 0.0):
        return [], ["kT is 0 in some component: no averages to be tested"], None
    part, words = stationary_part(trajectory, claim)
    if part is None:
        return [], words, None
    lines = static_lines(part)
    if claim.adjusted:
        return lines, [*words, "moves are accepted or rejected: no test of response or transport"], None
    if claim.free:
        return lines + transport_lines(part), words, None
    more, said, curve = response_lines(part)
    return lines + more, words + said, curve


def static_lines(part):
    """Averages over single frames."""
    claim, prediction = part.claim, predict(part)
    prediction = prediction._replace(bias=prediction.bias + part.rounding())
    means, rank = GroupMeans(part), ranks(claim)
    for rows, x, v in frames_of(part.trajectory, part.rows):
        f = part.forces(x, part.trajectory.steps[rows])
        quantities = {}
        if v is not None:
            speed = v - half_kick(claim) * f - prediction.drift
            quantities["kinetic"] = claim.mass * speed * speed / claim.kT
        if not claim.free:
            quantities["virial"] = -(x - prediction.center) * f / claim.kT
            curvature = _laplacian(claim.potential, x)
            if curvature is not None:
                quantities["configurational"] = (f * f / claim.kT).sum(axis=2, keepdims=True)
                quantities["curvature"] = curvature
            if rank is not None:
                angle = math.pi * np.stack([rank[d](x[:, :, d]) for d in range(x.shape[2])], axis=2)
                cosines = [np.cos(k * angle).mean(axis=2) for k in range(1, HARMONICS + 1)]
                quantities["density"] = np.stack(cosines, axis=2)
        if quantities:
            means.add(rows.start, quantities)
    return _static(claim, means, prediction)


def _laplacian(potential, x):
    try:
        return laplacian(potential, x.reshape(-1, x.shape[2])).reshape(*x.shape[:2], 1)
    except TypeError:
        return None


def _static(claim, means, prediction):
    lines, bias, word = [], prediction.bias, prediction.word
    names = {"kinetic": "equipartition m <v^2> / kT", "virial": "virial <x U'> / kT"}
    if np.any(half_kick(claim)) or isinstance(claim.kernel, BAOAKernel):
        names["kinetic"] = "equipartition m <v_half^2> / kT"
    for k, key in enumerate(("kinetic", "virial")):
        if key not in means.sums:
            continue
        values, expected = means.of(key), prediction[k]
        alike = np.ptp(expected) <= 1e-12 and np.ptp(claim.kT) == 0.0 and np.ptp(claim.friction) == 0.0
        columns = [(values.mean(axis=1), float(expected[0]), "", "")] if alike else [
            (values[:, d], float(expected[d]), f", component {d}", _of_baths(prediction, k, d))
            for d in range(values.shape[1])
        ]  # fmt: skip
        for column, target, which, own in columns:
            lines.append(_mean_line(f"{names[key]}{which}", column, target, bias, word, own))
    if "curvature" in means.sums and math.isfinite(prediction.configurational):
        forces, curvature = means.of("configurational")[:, 0], means.of("curvature")[:, 0]
        expected = prediction.configurational
        scaled = expected + (forces - expected * curvature) / curvature.mean()
        name, own = "configurational <|F|^2> / kT <lap U>", _of_baths(prediction, 2)
        lines.append(_mean_line(name, scaled, expected, bias, word, own))
    if "density" in means.sums:
        values = means.of("density")
        if len(values) > 2 * HARMONICS:
            statistic, degrees, z, p = hotelling_test(values, prediction.cosines, bias)
            error = math.sqrt(2.0 * degrees)
            lines.append(Line("Boltzmann density, 6 cosines", "statics", statistic, degrees, error, z, p, bias=bias))
    return lines


def _of_baths(prediction, k, component=None):
    """A word on what an average is where there is no equilibrium."""
    if prediction.of_baths is None:
        return ""
    value = prediction.of_baths[k] if component is None else prediction.of_baths[k][component]
    return f"of equilibrium; coupled baths of unequal kT have {value:.4g}"


def _mean_line(name, values, expected, bias, word, own=""):
    mean, error, z, p = mean_test(values, expected, bias, positive=True)
    word = own or (word if bias or expected != 1.0 else "")
    return Line(name, "statics", mean, expected, error, z, p, bias=bias, word=word)

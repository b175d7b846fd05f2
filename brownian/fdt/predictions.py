"""What a scheme makes of stationary averages at its own dt: exactly where that is known, a bound where it is not."""

import math
from typing import NamedTuple

import numpy as np

from ..integrators.operator import StationaryLaw
from ..potentials.definition import energy, laplacian
from ..potentials.potential import by_component
from ..theory import boltzmann_cdf
from ..theory.weight import Weight
from .foreign import BAOAKernel
from .stream import weighted_curvature

HARMONICS = 6


class Prediction(NamedTuple):
    """Expected values of the averages, and what the integrator may add to them where it is not known exactly.

    kinetic, virial: per component, relative to its kT; configurational: one number; all 1 at dt -> 0 in equilibrium.
    center: of positions; drift: of velocities.  bias: bound.  cosines: of <cos(pi k u)>.  of_baths: what the first
    three are for coupled components of unequal kT, where there is no equilibrium; None otherwise.
    """

    kinetic: np.ndarray
    virial: np.ndarray
    configurational: float
    center: np.ndarray
    drift: np.ndarray
    bias: float
    cosines: np.ndarray
    word: str
    of_baths: tuple | None = None


def half_kick(claim):
    """Half a kick where the velocity just after the noise is v - kick F on the step, zeros elsewhere; per component."""
    kernel = claim.kernel
    family = type(kernel).__name__ == "BAOABKernel"
    return kernel.kick if family else np.zeros(claim.dimension)


def _to_half_step(claim):
    """Half a kick of the scheme whose stored velocity is the one just after the noise, or can be led back to it.

    The probe steps with BAOAB in either case, and gives the law of velocities on the step.
    """
    return claim.kernel.kick / 2.0 if isinstance(claim.kernel, BAOAKernel) else half_kick(claim)


def predict(part):
    """The prediction for the stationary part of a trajectory."""
    claim = part.claim
    if claim.linear is not None:
        return _affine(claim)
    D = claim.dimension
    if claim.adjusted:
        return Prediction(
            np.ones(D), np.ones(D), 1.0, np.zeros(D), np.zeros(D), 0.0, np.zeros(HARMONICS), "adjusted: no bias"
        )
    if not claim.underdamped and D == 1 and not hasattr(claim.potential, "period"):
        return _one_dimensional(claim)
    return Prediction(
        np.ones(D), np.ones(D), 1.0, np.zeros(D), np.zeros(D), bias_bound(part), np.zeros(HARMONICS),
        "no exact prediction for this scheme and potential: only a deviation beyond its bias counts",
    )  # fmt: skip


def bias_bound(part):
    """Bound of the relative error of a scheme: w^2/4 where it is of order 2, kappa where of order 1.

    The curvature in w^2 = k dt^2 / m and kappa = k dt / lambda is that of the places where the forces are: the mean of
    the curvature weighted with F^2, over positions of the trajectory itself.
    """
    claim = part.claim
    if claim.linear is not None:
        return 0.0
    x = part.sample()
    f = part.forces(x[np.newaxis], part.trajectory.steps[:1])[0]
    stiffness = weighted_curvature(part.forces, x, f)
    if claim.underdamped and type(claim.integrator).__name__ != "EulerMaruyama":
        share = stiffness / claim.mass * claim.dt**2 / 4.0
    else:
        share = stiffness * claim.dt / float(np.min(claim.friction))
    share = min(0.9, share)
    return share / (1.0 - share)


def _affine(claim):
    """From the discrete Lyapunov equation of the kernel itself, at one kT: unequal kT are no equilibrium."""
    D = claim.dimension
    stiffness, constant = claim.linear
    ones, nothing = np.ones(D), np.zeros(HARMONICS)
    if not claim.dynamics.equilibrium:
        center = np.zeros(D) if claim.free else np.linalg.solve(stiffness, constant)
        return Prediction(ones, ones, 1.0, center, np.zeros(D), 0.0, nothing, "of equilibrium")
    if claim.free and claim.remembers:  # the flow of velocities and memory is exact
        drift = constant / claim.friction
        return Prediction(ones, ones, 1.0, np.zeros(D), drift, 0.0, nothing, "")
    if claim.free:
        kinetic, drift = ones, np.zeros(D)
        if claim.underdamped:
            probe, speeds = claim.probe(), slice(D, 2 * D)
            M, N = probe.matrix[speeds, speeds], probe.noise[speeds]
            kinetic = claim.mass * np.diag(N @ N.T) / (1.0 - np.diag(M) ** 2) / claim.kT
            drift = probe.shift[speeds] / (1.0 - np.diag(M)) - _to_half_step(claim) * constant
        return Prediction(kinetic, ones, 1.0, np.zeros(D), drift, 0.0, nothing, "")
    kinetic, virial, configurational = _averages(claim.at_one_kT())
    of_baths = _averages(claim) if claim.coupled_baths else None
    center = np.linalg.solve(stiffness, constant)
    return Prediction(kinetic, virial, configurational, center, np.zeros(D), 0.0, nothing, "", of_baths)


def _averages(claim):
    """Kinetic and virial ratios of each component, and the configurational one, where the scheme is stationary."""
    D, (stiffness, _) = claim.dimension, claim.linear
    covariance = claim.probe().stationary_covariance()
    xx = covariance[:D, :D]
    kinetic = np.ones(D)
    if claim.underdamped:
        turn = np.eye(2 * D)
        turn[D:, :D] = _to_half_step(claim)[:, np.newaxis] * stiffness
        kinetic = claim.mass * np.diag(turn @ covariance[: 2 * D, : 2 * D] @ turn.T)[D:] / claim.kT
    virial = np.diag(stiffness @ xx) / claim.kT
    configurational = float((np.diag(stiffness @ xx @ stiffness.T) / claim.kT).sum() / np.trace(stiffness))
    return kinetic, virial, configurational


def _one_dimensional(claim):
    """From the spectral operator of the overdamped step."""
    kT = float(claim.kT[0])
    weight = Weight(lambda x: energy(claim.potential, np.ravel(x)).reshape(np.shape(x)), kT, None, None)
    low, high = float(weight.edges[0]), float(weight.edges[-1])
    law = StationaryLaw(claim.integrator, claim.dynamics, claim.dt, claim.potential, low, high)
    center = law.average(lambda x: x)
    force = claim.potential.force
    virial = law.average(lambda x: -(x - center) * force(x)) / kT
    try:
        curvature = law.average(lambda x: laplacian(claim.potential, x))
        configurational = law.average(lambda x: force(x) ** 2) / kT / curvature
    except TypeError:
        configurational = math.nan
    rank = ranks(claim)[0]
    cosines = np.array([law.average(lambda x, k=k: np.cos(math.pi * k * rank(x))) for k in range(1, HARMONICS + 1)])
    return Prediction(
        np.ones(1), np.array([virial]), configurational, np.array([center]), np.zeros(1), 0.0, cosines,
        "scheme's own stationary law at this dt",
    )  # fmt: skip


def ranks(claim):
    """For each component its function x -> u = P(X <= x) in equilibrium, u uniform; None where it is not known."""
    D = claim.dimension
    if claim.linear is not None and not claim.free:
        stiffness, constant = claim.linear
        if np.any(stiffness != np.diag(np.diag(stiffness))):
            return None
        from scipy.special import ndtr

        mean = np.linalg.solve(stiffness, constant)
        covariance = (
            claim.probe().stationary_covariance() if claim.dynamics.equilibrium else np.diag(claim.kT) / stiffness
        )
        widths = np.sqrt(np.diag(covariance)[:D])
        return [lambda x, d=d: ndtr((x - mean[d]) / widths[d]) for d in range(D)]
    if claim.free or not (by_component(claim.potential) or D == 1):
        return None
    return [_tabulated(claim, d) for d in range(D)]


def _tabulated(claim, d):
    def along(x):
        points = np.zeros((np.size(x), claim.dimension))
        points[:, d] = np.ravel(x)
        return energy(claim.potential, points).reshape(np.shape(x))

    kT = float(claim.kT[d])
    edges = Weight(along, kT, None, None).edges
    x = np.linspace(edges[0], edges[-1], 4097)
    u = boltzmann_cdf(x, along, kT=kT)
    return lambda values: np.interp(values, x, u)

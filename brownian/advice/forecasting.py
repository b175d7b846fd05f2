"""What can be said before a run: the largest step, and the bias that a scheme will have, from the curvature."""

from dataclasses import dataclass, field

import numpy as np

from ..arguments import a_dynamics, a_potential, an_integrator, checked, numbers, positive
from ..integrators.moves import counts_acceptance
from ..integrators.probe import affine_probe
from ..potentials import Harmonic
from ..potentials.curvature import hessian
from ..potentials.definition import energy, force, known_minima, without_energy


@dataclass(frozen=True)
class Forecast:
    """The bias of a scheme at the minima of a target, as far as they are harmonic.

    Parameters
    ----------
    curvatures
        Second derivatives of U [E/L^2] in the directions of the minimum that is stiffest, ascending, shape (D,); empty
        where no minimum was found.
    limit
        Largest stable tau; infinite where there is none, or where it is not known.
    excess
        Relative excess of the variance in each of these directions, k <x^2> / kT - 1, shape (D,).
    word
        Where the curvature is from.
    kinetic
        Relative excess of the kinetic temperature in each of these directions, m <v^2> / kT - 1, shape (D,); empty
        where there are no velocities.
    """

    curvatures: np.ndarray
    limit: float
    excess: np.ndarray
    word: str
    kinetic: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def bias(self):
        """Mean relative excess over the components: that of the virial temperature <x . grad U> / D."""
        return float(self.excess.mean()) if len(self.excess) else float("nan")


def curvatures_of(target, dimension, start=None):
    """Curvatures of the stiffest known minimum, ascending, and a word on which that is.

    Where a target knows no minimum of itself one is looked for, downhill from the mean of the start; of a score the
    largest curvature at the start (or the origin) is taken.
    """
    points, word = known_minima(target, dimension), "at the stiffest minimum"
    center = (
        np.zeros(dimension) if start is None else np.asarray(start, dtype=np.float64).reshape(-1, dimension).mean(0)
    )
    if not len(points):
        points, word = _downhill(target, center), "at the minimum next to the start"
    if not len(points):
        points, word = center[np.newaxis], "at the start"
    with np.errstate(all="ignore"):
        matrices = [hessian(target, point) for point in points]
    found = [np.linalg.eigvalsh(matrix) for matrix in matrices if np.isfinite(matrix).all()]
    if not found:
        return np.zeros(0), "curvature unknown"
    stiffest = max(found, key=lambda values: values[-1])
    return (stiffest, word) if stiffest[-1] > 0.0 else (np.zeros(0), "no curvature found")


def _downhill(target, center):
    if without_energy(target) is not None:
        return np.zeros((0, len(center)))
    from scipy.optimize import minimize

    with np.errstate(all="ignore"):
        found = minimize(
            lambda x: float(energy(target, x[np.newaxis])[0]), center, jac=lambda x: -force(target, x[np.newaxis])[0]
        )
    return found.x[np.newaxis] if np.isfinite(found.x).all() else np.zeros((0, len(center)))


@checked(target=a_potential, integrator=an_integrator, dynamics=a_dynamics, dt=positive, start=numbers)
def forecast(target, integrator, dynamics, dt, dimension, start=None):
    """Stability limit and bias of a scheme for a target, before any step is taken; see ``Forecast``.

    Each direction of the stiffest minimum is given to the scheme as a trap of its own, and its exact stationary
    variance at this step is read off the compiled scheme (``affine_probe``); ``MALA`` has no bias.

    Parameters
    ----------
    target
        A potential or a score.
    integrator, dynamics, dt, dimension
        As a ``Simulation`` takes them, with one friction and one kT.
    start
        Positions, shape (particles, dimension), where to look where no minimum is known; None: the origin.

    Returns
    -------
    Forecast

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.advice import forecast
    >>> found = forecast(bn.Harmonic(2.1), bn.EulerMaruyama(), bn.Overdamped(friction=1.0, kT=1.0), 0.1, 1)
    >>> print(f"{found.bias:.6f} {found.limit:.6f}")  # 1 / (1 - k tau / 2) - 1, 2 / k
    0.117318 0.952381
    """
    for name in ("friction", "kT"):
        if np.ptp(getattr(dynamics, name)) > 0.0:
            raise ValueError(
                f"{name} = {getattr(dynamics, name)!r}, but one number is needed here: a minimum's directions are not "
                "the axes"
            )
    curvatures, word = curvatures_of(target, dimension, start)
    friction = float(np.max(dynamics.friction))
    limit = integrator.stability_limit(dynamics, float(curvatures[-1])) / friction if len(curvatures) else np.inf
    confined = curvatures[curvatures > 1e-9 * curvatures[-1]] if len(curvatures) else curvatures
    excess, kinetic = np.zeros(len(confined)), np.zeros(0)
    if dt / friction < limit:
        excess, kinetic = excesses(integrator, dynamics, dt, confined)
    return Forecast(curvatures, limit, excess, word, kinetic)


def excesses(integrator, dynamics, dt, curvatures):
    """Excess of k <x^2> / kT and of m <v^2> / kT over 1, in traps of these curvatures; infinite where one is unstable.

    Of the scheme itself, by ``affine_probe``: exact for a linear force.
    """
    pairs = np.array([_excess(integrator, dynamics, dt, float(k)) for k in curvatures]).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1] if dynamics.inertial else np.zeros(0)


def _excess(integrator, dynamics, dt, curvature):
    trap = Harmonic(np.array([curvature]), np.zeros(1))
    kernel = integrator.kernel(dynamics, dt, 1, trap)
    if counts_acceptance(kernel):
        return 0.0, 0.0
    slots, normals = len(dynamics.slots), integrator.facts_for(dynamics).normals
    covariance = affine_probe(kernel, trap, slots, normals, 1, dt).stationary_covariance()
    if covariance is None:
        return np.inf, np.inf
    kT = float(np.max(dynamics.kT))
    kinetic = dynamics.mass * covariance[1, 1] / kT - 1.0 if dynamics.inertial else 0.0
    return curvature * covariance[0, 0] / kT - 1.0, kinetic

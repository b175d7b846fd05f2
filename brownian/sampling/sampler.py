"""Sampling: x' = x - tau grad U + tau sigma eps, on the same compiled loop as the physics."""

import numpy as np

from ..advice.advising import named
from ..advice.forecasting import forecast
from ..annealing import Annealing
from ..arguments import components
from ..dynamics import Langevin, Overdamped
from ..guards import check_is_potential, checked_integrator
from ..integrators import MALA, EulerMaruyama, Integrator
from ..outside import warn
from ..potentials.definition import cast, dimension_of
from ..schedule import checked_seed, kept_type, positive_number, whole_number
from ..simulation import Simulation
from ..start import check_start
from ..tempering import Tempering
from .confinement import open_direction
from .samples import Samples


def sample(target, *, tau, steps, chains, seed=None, sigma=None, integrator=None, dimension=None, start="normal",
           every=1, discard=None, mass=1.0, friction=1.0, annealing=None, tempering=None, out=None, resume=False,
           overwrite=False, dtype=np.float64, threads=None, progress=False):  # fmt: skip
    """Sample exp(-U): x' = x + tau grad log p + tau sigma eps, by default with sigma = sqrt(2 / tau).

    The step is that of overdamped Langevin dynamics with tau = dt / friction, bit for bit.  Any other sigma samples
    exp(-U / kT_eff) with kT_eff = tau sigma^2 / 2; a sigma that is kept while tau -> 0 freezes the system.

    Parameters
    ----------
    target
        A potential U = -log p, or a score (a potential that states its force alone: grad log p).
    tau
        Step, dt / friction.
    steps, chains
        Steps of each chain, number of chains.
    seed
        0 ... 2^64 - 1; None draws one.
    sigma
        Noise: None, a number, or one per step, shape (steps,).
    integrator
        ``EulerMaruyama()`` (the default: unadjusted Langevin), ``LeimkuhlerMatthews()``, ``MALA()``, ``Heun()``, or one
        of Langevin dynamics, ``GJF()``, ``BAOAB()``, ...: then dt = tau friction.
    dimension
        D, where the target does not say.
    start
        "normal" (standard normal), "stationary" (drawn exactly, where a way is known), "minimum", or positions of shape
        (chains, D).
    every
        Steps between draws.
    discard
        Steps left out of the draws; None: half of them, or, annealed, those before the last temperature if they are
        more; none of them from a stationary start.
    mass, friction
        m [M] and lambda [M/T] of Langevin dynamics; friction changes only the unit of time otherwise.
    annealing
        ``Annealing(kT, steps)``: temperatures by level; instead of sigma.
    tempering
        ``Tempering(kT, every)``: copies of every chain at higher temperatures; instead of sigma.
    out, resume, overwrite, dtype, threads, progress
        As for ``Simulation.run``.

    Returns
    -------
    Samples

    Raises
    ------
    ValueError, TypeError
        for anything that can't be run, a tau beyond the stability limit of the curvature among it.
    NotFinite
        when a chain ceases to be finite, with its number and step; none is ever dropped.

    Warns
    -----
    UserWarning
        for a target that does not confine, with the direction.

    Source: Roberts, Tweedie, Bernoulli 2, 341 (1996); Welling, Teh, ICML (2011).

    Examples
    --------
    >>> import brownian as bn
    >>> samples = bn.sample(bn.Banana(width=2.0, bend=0.1), tau=0.2, steps=400, chains=500, seed=7,
    ...                     integrator=bn.LeimkuhlerMatthews())
    >>> samples.draws.shape
    (201, 500, 2)
    >>> samples.kT_eff
    1.0
    """
    check_is_potential(target)
    target = target if hasattr(target, "is_potential") else cast(target)
    tau, steps = positive_number("tau", tau), whole_number("steps", steps, 1)
    chains, every = whole_number("chains", chains, 1), whole_number("every", every, 1)
    if every > steps:
        raise ValueError(f"every = {every!r}, but the run has {steps} steps")
    friction, mass, dtype = positive_number("friction", friction), positive_number("mass", mass), kept_type(dtype)
    check_start(start)
    dimension = _dimension(target, dimension, start)
    kT, annealing = _temperatures(tau, sigma, steps, annealing, tempering)
    integrator = EulerMaruyama() if integrator is None else integrator
    dynamics = Overdamped(friction=friction, kT=kT)
    if isinstance(integrator, Integrator) and Overdamped not in integrator.facts:
        dynamics = Langevin(mass=mass, friction=friction, kT=kT)
    integrator, dt = checked_integrator(dynamics, integrator), tau * friction
    expected = forecast(target, integrator, dynamics, dt, dimension, None if isinstance(start, str) else start)
    if not tau < expected.limit:
        raise ValueError(
            f"tau = {tau:g} is unstable: {integrator} needs tau < {expected.limit:.6g} at the curvature "
            f"{expected.curvatures[-1]:.6g} {expected.word} (MALA() takes any tau, and rejects)"
        )
    direction = open_direction(target, dimension, kT=kT)
    if direction is not None:
        warn(
            f"{named(target)} does not confine: exp(-U / {kT:g}) can't be normalised along the direction "
            f"{np.round(direction, 3).tolist()}; chains will leave that way for good"
        )
    simulation = Simulation(
        potential=target, dynamics=dynamics, integrator=integrator, dt=dt, dimension=dimension, seed=seed, start=start,
        particles=chains * (len(tempering.kT) if isinstance(tempering, Tempering) else 1), annealing=annealing,
        tempering=tempering,
    )  # fmt: skip
    discard = _discard(discard, steps, every, start, annealing)
    trajectory = simulation.run(
        steps=steps, every=every * dt, out=out, resume=resume, overwrite=overwrite, dtype=dtype, threads=threads,
        progress=progress, velocities=False,
    )  # fmt: skip
    return Samples(trajectory, simulation, expected, discard)


def _dimension(target, dimension, start):
    known = dimension_of(target)
    if not isinstance(start, str):
        shape = np.shape(start)
        known = (shape[1] if len(shape) == 2 else 1) if known is None else known
    if dimension is None and known is None:
        raise ValueError(f"dimension = None, but {type(target).__name__} can live in any: give dimension=...")
    dimension = known if dimension is None else dimension
    components("dimension", dimension)
    return dimension


def _temperatures(tau, sigma, steps, annealing, tempering):
    """The kT of the draws, and the levels before it or None."""
    given = {"sigma": sigma, "annealing": annealing, "tempering": tempering}
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise ValueError(f"{' and '.join(names)} are given, but only one of them can set the temperature")
    if isinstance(annealing, Annealing):
        return annealing.kT[-1], annealing
    if isinstance(tempering, Tempering):
        return tempering.kT[0], None
    if sigma is None:
        return 1.0, annealing
    values = np.asarray(sigma)
    if values.dtype.kind not in "fiu":
        raise TypeError(f"sigma = {sigma!r}, but a number, or one per step, is needed")
    if values.shape not in ((), (steps,)):
        raise ValueError(f"sigma has shape {values.shape}, but a number, or one per step, ({steps},), is needed")
    wrong = ~(np.isfinite(values) & (values > 0.0))
    if wrong.any():
        raise ValueError(f"sigma = {np.ravel(values)[np.ravel(wrong)][0]}, but it must be finite and positive")
    kT = tau * values.astype(np.float64) ** 2 / 2.0
    return (float(kT), None) if kT.ndim == 0 else (float(kT[-1]), Annealing.by_step(kT))


def _discard(discard, steps, every, start, annealing):
    if discard is not None:
        discard = whole_number("discard", discard, 0)
        if discard > steps:
            raise ValueError(f"discard = {discard}, but the run has {steps} steps")
        return discard
    if isinstance(start, str) and start == "stationary" and annealing is None:
        return 0
    return max(steps // 2, sum(annealing.steps) if annealing is not None else 0)


def draw(target, number, *, seed, kT=1.0, dimension=None):
    """Independent draws from exp(-U / kT), exactly: where the target has a way, or by tables in one and two dimensions.

    Parameters
    ----------
    target
        A potential.
    number
        How many.
    seed
        0 ... 2^64 - 1; draw k is the same alone or among others.
    kT
        Thermal energy [E].
    dimension
        D, where the target does not say.

    Returns
    -------
    ndarray, shape (number, D)

    Raises
    ------
    ValueError, TypeError
        where no way is known to draw from the target, or it can't be normalised.

    Examples
    --------
    >>> import brownian as bn
    >>> x = bn.draw(bn.Funnel(), 1000, seed=7, dimension=10)
    >>> abs(bn.analysis.mean(x[:, 0]).z(0.0)) < 5.0
    np.True_
    """
    check_is_potential(target)
    dimension = _dimension(target, dimension, "")
    return Simulation(
        potential=target, dynamics=Overdamped(friction=1.0, kT=kT), integrator=MALA(), dt=1.0, particles=number,
        dimension=dimension, seed=checked_seed(seed),
    ).initial_state()[0][0]  # fmt: skip

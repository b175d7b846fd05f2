"""Learning a model from data, in one call."""

import secrets
from dataclasses import dataclass

from ..engine import available_threads
from ..schedule import checked_seed, positive_number, whole_number
from .adam import Adam
from .data import checked_data
from .history import History
from .methods import METHODS
from .training import train


@dataclass(frozen=True)
class Learned:
    """What `learn` returns.

    Parameters
    ----------
    model
        The model with the parameters learnt.
    history
        What was noted at each step.
    """

    model: object
    history: History


def learn(model, data, method, *, steps, batch=None, optimiser=None, kT=1.0, seed=None, out=None, resume=False,
          overwrite=False, log_every=None, progress=False, threads=None):  # fmt: skip
    """Learn a model's parameters from data, so that p(x) = exp(-U(x) / kT) / Z becomes their density.

    Parameters
    ----------
    model
        An energy model (``PolynomialEnergy``, ``BasisEnergy``, ``MixtureEnergy``, ``NetworkEnergy``, or one of your
        own, see ``brownian.models.energy_model``), or a Boltzmann machine; learning starts at its parameters.
    data
        Shape (points, dimension), or (points,) in one dimension.
    method
        ``ExactGradient()``, ``ContrastiveDivergence(...)``, ``PersistentChains(...)``,
        ``DenoisingScoreMatching(...)`` or ``SlicedScoreMatching(...)``.
    steps
        Learning steps.
    batch
        Data points per learning step, each once before any comes again; None: all of them.
    optimiser
        Default: ``Adam()``.
    kT
        Thermal energy [E], of the density, of the chains' noise and of the loss; machines have their own.
    seed
        0 ... 2^64 - 1; None draws one (it is in the description of the checkpoint).
    out, resume, overwrite, log_every, progress
        As for ``train``.
    threads
        Number of threads; None: all processors of this process.  It changes no bit.

    Returns
    -------
    Learned
        The model with its new parameters, and the history.

    Raises
    ------
    LearningDiverged
        where a gradient, a parameter or a chain is not finite.
    TypeError, ValueError
        for anything that can't be done, naming the value and what is allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.learning import Adam, ExactGradient, learn
    >>> from brownian.models import PolynomialEnergy
    >>> data = 0.7 + 0.5 * np.random.default_rng(7).normal(size=5000)
    >>> start = PolynomialEnergy.up_to(degree=2, dimension=1)
    >>> learned = learn(start, data, ExactGradient(), steps=400, optimiser=Adam(0.3, final_rate=0.003))
    >>> print(f"curvature {2.0 * np.exp(learned.model.log_top[0]):.2f}, 1 / variance {1.0 / data.var():.2f}")
    curvature 4.05, 1 / variance 4.05
    """
    if not isinstance(method, METHODS):
        names = ", ".join(f"{cls.__name__}(...)" for cls in METHODS)
        raise TypeError(f"method = {method!r}, but one of these is needed: {names}")
    data = checked_data(data, getattr(model, "dimension", None))
    batch = len(data) if batch is None else whole_number("batch", batch, 1)
    if batch > len(data):
        raise ValueError(f"batch = {batch}, but there are {len(data)} data points")
    seed = secrets.randbits(63) if seed is None else checked_seed(seed)
    threads = available_threads() if threads is None else whole_number("threads", threads, 1)
    learner = _learner(model, data, method, kT, {"batch": batch, "seed": seed, "threads": threads})
    try:
        history = train(
            learner, steps=steps, optimiser=Adam() if optimiser is None else optimiser, out=out, resume=resume,
            overwrite=overwrite, log_every=log_every, progress=progress,
        )  # fmt: skip
    finally:
        if hasattr(learner, "close"):
            learner.close()
    return Learned(model.with_parameters(learner.parameters), history)


def _learner(model, data, method, kT, options):
    if getattr(type(model), "is_energy_model", False):
        from . import energies

        return energies.learner_for(model, data, method, kT=positive_number("kT", kT), **options)
    from . import boltzmann

    if isinstance(model, boltzmann.MACHINES):
        if kT != 1.0:
            raise ValueError(f"kT = {kT!r}, but the energy of a Boltzmann machine is in units of kT: 1 is needed here")
        return boltzmann.learner_for(model, data, method, **options)
    raise TypeError(
        f"model = {model!r}, but an energy model (a class with @brownian.models.energy_model) or a Boltzmann machine "
        "is needed"
    )

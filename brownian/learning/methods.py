"""How a gradient of the loss is come by: exactly, from chains, or from scores."""

from dataclasses import dataclass

from ..schedule import positive_number, whole_number


@dataclass(frozen=True)
class ExactGradient:
    """The gradient of the mean negative log likelihood, <dU>_data / kT - <dU>_model / kT, without sampling.

    The average over the model is an enumeration for a Boltzmann machine, and a quadrature for an energy model, in one
    and in two dimensions.
    """


@dataclass(frozen=True)
class ContrastiveDivergence:
    """CD-k: the model's average is taken over chains that make k steps from the data, anew at each learning step.

    Parameters
    ----------
    sweeps
        k: Langevin steps of an energy model, or Gibbs sweeps of a Boltzmann machine.
    tau
        Langevin step [L^2/E], x' = x - tau grad U + sqrt(2 tau kT) eps; energy models need it, machines have none.

    The gradient is biased; the bias vanishes as k grows.

    Notes
    -----
    Source: Hinton, Neural Comput. 14, 1771 (2002).
    """

    sweeps: int = 1
    tau: float | None = None

    def __post_init__(self):
        """Check all of them."""
        _check_chains(self)


@dataclass(frozen=True)
class PersistentChains:
    """Persistent contrastive divergence: the chains go on from where they were at the last learning step.

    Parameters
    ----------
    chains
        Number of chains; they start at data points.
    sweeps
        Langevin steps, or Gibbs sweeps, per learning step.
    tau
        Langevin step [L^2/E], as of ``ContrastiveDivergence``.

    The chains lag behind the model where it learns faster than they mix; and with Langevin steps the model that is
    learnt makes the *chains* look like the data, at this tau.

    Notes
    -----
    Sources: Younes, Stoch. Stoch. Rep. 65, 177 (1999); Tieleman, ICML (2008), doi:10.1145/1390156.1390290.
    """

    chains: int = 256
    sweeps: int = 1
    tau: float | None = None

    def __post_init__(self):
        """Check all of them."""
        whole_number("chains", self.chains, 1)
        _check_chains(self)


def _check_chains(self):
    whole_number("sweeps", self.sweeps, 1)
    if self.tau is not None:
        positive_number("tau", self.tau)


@dataclass(frozen=True)
class DenoisingScoreMatching:
    """The score F / kT at x + noise eps is fitted to -eps / noise: mean of |F / kT + eps / noise|^2 / 2.

    Parameters
    ----------
    noise
        Standard deviation of what is added to every component [L].

    What is learnt is the density of the data *convolved* with this Gaussian.

    Notes
    -----
    Source: Vincent, Neural Comput. 23, 1661 (2011).
    """

    noise: float

    def __post_init__(self):
        """Check it."""
        positive_number("noise", self.noise)


@dataclass(frozen=True)
class SlicedScoreMatching:
    """Mean of v . grad (v . s) + (v . s)^2 / 2, with the score s = F / kT, over random directions v of signs +-1.

    Parameters
    ----------
    projections
        Directions per data point and learning step.

    The density of the data itself is fitted; in one dimension it is Hyvarinen's score matching, exactly.

    Notes
    -----
    Sources: Hyvarinen, J. Mach. Learn. Res. 6, 695 (2005); Song, Garg, Shi, Ermon, UAI (2019), arXiv:1905.07088.
    """

    projections: int = 1

    def __post_init__(self):
        """Check it."""
        whole_number("projections", self.projections, 1)


METHODS = (ExactGradient, ContrastiveDivergence, PersistentChains, DenoisingScoreMatching, SlicedScoreMatching)

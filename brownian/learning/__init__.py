"""Learning: parameters of an energy from data, by exact gradients, chains, or scores."""

from .adam import Adam, GradientDescent
from .history import History
from .learn import Learned, learn
from .methods import (
    ContrastiveDivergence,
    DenoisingScoreMatching,
    ExactGradient,
    PersistentChains,
    SlicedScoreMatching,
)
from .quadrature import model_average, negative_log_likelihood
from .training import LearningDiverged, train

__all__ = [
    "Adam",
    "ContrastiveDivergence",
    "DenoisingScoreMatching",
    "ExactGradient",
    "GradientDescent",
    "History",
    "Learned",
    "LearningDiverged",
    "PersistentChains",
    "SlicedScoreMatching",
    "learn",
    "model_average",
    "negative_log_likelihood",
    "train",
]

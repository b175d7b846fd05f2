"""Systems of discrete levels: exact partition sums, and a sampler that obeys them."""

from .discrete import DiscreteLevels
from .sampling import LevelWalks

__all__ = ["DiscreteLevels", "LevelWalks"]

"""The fluctuation-dissipation verdict: whether a trajectory obeys <eta eta> = 2 lambda kT delta, and how surely.

m dv = -lambda v dt - grad U dt + eta dt,    <eta(t) eta(t')> = 2 lambda kT delta(t - t')
"""

from .foreign import BAOA, SCHEMES
from .parameters import MissingParameters
from .recovered import recovered_noise
from .validation import validate
from .verdict import Line, Verdict

__all__ = ["BAOA", "SCHEMES", "Line", "MissingParameters", "Verdict", "recovered_noise", "validate"]

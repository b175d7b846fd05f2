"""Pictures: functions that take and return an Axes; theory is a black dashed line, units are on the axes.

Nothing is shown and no global setting is touched: use ``with plotting.style():`` around drawing of your own.
"""

from .curves import convergence, msd, theory, with_errors
from .judgement import verdict
from .landscapes import animation, boltzmann, density, landscape, phase_portrait
from .look import THEORY, figure, style
from .spectra import psd, vacf
from .sweeps import sweep

__all__ = [
    "THEORY",
    "animation",
    "boltzmann",
    "convergence",
    "density",
    "figure",
    "landscape",
    "msd",
    "phase_portrait",
    "psd",
    "style",
    "sweep",
    "theory",
    "vacf",
    "verdict",
    "with_errors",
]

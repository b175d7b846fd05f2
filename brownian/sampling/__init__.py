"""The machine-learning form: samplers of exp(-U), what they cost, and whether they can be trusted."""

from ..lazy import lazily

_HOME = {
    "sampler": ("sample", "draw"),
    "samples": ("Samples",),
    ".advice.forecasting": ("Forecast", "forecast"),
    "confinement": ("open_direction",),
}

__getattr__, __dir__, __all__ = lazily(__name__, _HOME)

"""What is said before a run, of what it will get wrong: bias, instability, escapes, rounding, noise used twice."""

from ..lazy import lazily

_HOME = {
    "advising": ("Advice", "advise"),
    "forecasting": ("Forecast", "forecast"),
    "piloting": ("Pilot", "pilot"),
    "reuse": ("drawn_noise", "overlap"),
}

__getattr__, __dir__, __all__ = lazily(__name__, _HOME)

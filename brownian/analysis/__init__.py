"""Reading trajectories: every estimate comes with a standard error and the number of independent values behind it."""

import importlib

_HOME = {
    "calibration": ("Calibration", "TrapFit", "calibrate", "fit_trap"),
    "correlation": ("msd", "position_autocorrelation", "vacf"),
    "densities": ("density", "free_energy_profile"),
    "equilibrium": (
        "average",
        "configurational_temperature",
        "expected_kinetic_temperature",
        "kinetic_temperature",
        "virial_temperature",
    ),
    "reading": ("logarithmic_lags",),
    "stationarity": ("Relaxation", "relaxation"),
    "series": ("Blocking", "blocking", "effective_sample_size", "integrated_autocorrelation_time", "series_mean"),
    "spectrum": ("expected_psd", "one_sided", "psd"),
    "statistics": ("Estimate", "TooFewData", "chi_square_interval", "displacement_msd", "histogram", "mean", "ratio"),
    "summary": ("Summary", "summarise"),
    "transport": ("GreenKubo", "diffusion", "einstein_diffusion", "green_kubo"),
}
_HOME_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name):
    if name not in _HOME_OF:
        raise AttributeError(f"module 'brownian.analysis' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return __all__

"""Reading trajectories: every estimate comes with a standard error and the number of independent values behind it."""

from ..lazy import lazily

_HOME = {
    "calibration": ("Calibration", "TrapFit", "calibrate", "fit_trap"),
    "arviz": ("to_arviz",),
    "convergence": ("Diagnostics", "diagnose", "ess_bulk", "ess_tail", "mcse_mean", "mcse_sd", "rank_rhat"),
    "correlation": ("msd", "position_autocorrelation", "vacf"),
    "densities": ("density", "free_energy_profile"),
    "equilibrium": (
        "average",
        "configurational_temperature",
        "expected_kinetic_temperature",
        "kinetic_temperature",
        "virial_temperature",
    ),
    "heat": ("cycle_efficiency", "entropy_production"),
    "passage": (
        "Proportion",
        "Rate",
        "Survival",
        "escape_rate",
        "mean_first_passage_time",
        "splitting_probability",
        "survival_curve",
    ),
    "rates": (
        "ReactiveFlux",
        "population_relaxation",
        "reactive_flux",
        "well_populations",
    ),
    "reading": ("logarithmic_lags",),
    "stationarity": ("Relaxation", "relaxation"),
    "series": ("Blocking", "blocking", "effective_sample_size", "integrated_autocorrelation_time", "series_mean"),
    "spectrum": ("expected_psd", "one_sided", "psd"),
    "statistics": ("Estimate", "TooFewData", "chi_square_interval", "displacement_msd", "histogram", "mean", "ratio"),
    "summary": ("Summary", "summarise"),
    "transport": ("GreenKubo", "diffusion", "einstein_diffusion", "green_kubo"),
    "violation": ("HaradaSasa", "harada_sasa"),
    "wrapping": ("unwrapped", "wrapped_at"),
    "work": (
        "CrooksFit",
        "FreeEnergy",
        "bar",
        "crooks_crossing",
        "cumulant_relation",
        "exponential_average",
        "jarzynski",
    ),
}

__getattr__, __dir__, __all__ = lazily(__name__, _HOME)

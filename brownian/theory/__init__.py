"""Exact answers: what Langevin's equation gives in continuous time, and what each scheme makes of it at a finite step.

    m dv = -lambda v dt - grad U dt + sqrt(2 lambda kT) dW,   dx = v dt
    x' = x - tau grad U + sqrt(2 tau kT) eps,   tau = dt / lambda

Pure functions of NumPy and SciPy, in closed form or by quadrature to rounding.  Parameters are keywords, arrays
broadcast.  A function's module is loaded when the function is asked for: SciPy takes its time.
"""

from ..lazy import lazily

_HOME = {
    "boltzmann": (
        "boltzmann_average",
        "boltzmann_cdf",
        "boltzmann_density",
        "boltzmann_moment",
        "boltzmann_quantile",
        "free_energy",
        "partition_function",
    ),
    "discrete": (
        "position_variance_ratio",
        "stability_limit",
        "velocity_variance_ratio",
    ),
    "discrete_motion": (
        "diffusion_ratio",
        "discrete_acf",
        "discrete_msd",
        "drift_ratio",
    ),
    "driven": (
        "free_energy_difference",
        "quench_work",
        "stiffness_ramp_work",
    ),
    "escape": (
        "absorbing_survival",
        "committor",
        "discrete_wall_shift",
        "kramers_rate",
        "mfpt",
        "reactive_flux",
    ),
    "free": (
        "diffusion",
        "free_drift",
        "free_mean_given_velocity",
        "free_msd",
        "free_vacf",
        "free_variance_given_velocity",
    ),
    "gle": (
        "gle_msd",
        "gle_slowest_time",
        "gle_vacf",
    ),
    "harmonic": (
        "harmonic_acf",
        "harmonic_cross_correlation",
        "harmonic_relaxation_time",
        "harmonic_step_response",
        "harmonic_vacf",
    ),
    "klein_kramers": ("klein_kramers_rate",),
    "linear": (
        "lag_covariance",
        "linear_scheme",
        "linear_scheme_stationary",
    ),
    "nonequilibrium": (
        "aoup_msd",
        "aoup_trap",
        "colored_noise_trap",
        "curl_trap_heat",
        "gyrator",
        "gyrator_violation",
    ),
    "ou": (
        "affine_ou",
        "exact_ou",
    ),
    "overdamped_limit": (
        "discrete_mass_to_zero_free",
        "mass_to_zero_free",
        "mass_to_zero_harmonic",
    ),
    "periodic": (
        "lifson_jackson",
        "reimann_diffusion",
        "stratonovich_velocity",
    ),
    "plane": ("boltzmann_average_2d",),
    "sampling": (
        "autocorrelation_time",
        "gradients_to_error",
        "kl_to_target",
        "mala_acceptance",
        "squared_error",
        "wasserstein_to_target",
    ),
    "smoluchowski": ("smoluchowski_rate",),
    "spectra": (
        "aliased_psd",
        "expected_periodogram",
        "harmonic_psd",
        "harmonic_susceptibility",
        "sample_variance",
    ),
    "turnover": (
        "energy_loss",
        "melnikov_meshkov_rate",
    ),
    "washboard": ("washboard_velocity_diffusion",),
    "work": (
        "dragged_work_mean",
        "dragged_work_variance",
    ),
}

__getattr__, __dir__, __all__ = lazily(__name__, _HOME)

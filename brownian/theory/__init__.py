"""Exact answers: what Langevin's equation gives in continuous time, and what each scheme makes of it at a finite step.

    m dv = -lambda v dt - grad U dt + sqrt(2 lambda kT) dW,   dx = v dt
    x' = x - tau grad U + sqrt(2 tau kT) eps,   tau = dt / lambda

Pure functions of NumPy and SciPy, in closed form or by quadrature to rounding.  Parameters are keywords, arrays
broadcast.
"""

from .boltzmann import (
    boltzmann_average,
    boltzmann_cdf,
    boltzmann_density,
    boltzmann_moment,
    boltzmann_quantile,
    free_energy,
    partition_function,
)
from .discrete import position_variance_ratio, stability_limit, velocity_variance_ratio
from .discrete_motion import diffusion_ratio, discrete_acf, discrete_msd, drift_ratio
from .escape import kramers_rate, mfpt
from .free import diffusion, free_drift, free_mean_given_velocity, free_msd, free_vacf, free_variance_given_velocity
from .harmonic import (
    harmonic_acf,
    harmonic_cross_correlation,
    harmonic_relaxation_time,
    harmonic_step_response,
    harmonic_vacf,
)
from .linear import lag_covariance, linear_scheme, linear_scheme_stationary
from .ou import affine_ou, exact_ou
from .periodic import lifson_jackson, reimann_diffusion, stratonovich_velocity
from .plane import boltzmann_average_2d
from .spectra import aliased_psd, expected_periodogram, harmonic_psd, harmonic_susceptibility, sample_variance
from .work import dragged_work_mean, dragged_work_variance

__all__ = [
    "affine_ou",
    "aliased_psd",
    "boltzmann_average",
    "boltzmann_average_2d",
    "boltzmann_cdf",
    "boltzmann_density",
    "boltzmann_moment",
    "boltzmann_quantile",
    "diffusion",
    "diffusion_ratio",
    "discrete_acf",
    "discrete_msd",
    "dragged_work_mean",
    "dragged_work_variance",
    "drift_ratio",
    "exact_ou",
    "expected_periodogram",
    "free_drift",
    "free_energy",
    "free_mean_given_velocity",
    "free_msd",
    "free_vacf",
    "free_variance_given_velocity",
    "harmonic_acf",
    "harmonic_cross_correlation",
    "harmonic_psd",
    "harmonic_relaxation_time",
    "harmonic_step_response",
    "harmonic_susceptibility",
    "harmonic_vacf",
    "kramers_rate",
    "lag_covariance",
    "lifson_jackson",
    "linear_scheme",
    "linear_scheme_stationary",
    "mfpt",
    "partition_function",
    "position_variance_ratio",
    "reimann_diffusion",
    "sample_variance",
    "stability_limit",
    "stratonovich_velocity",
    "velocity_variance_ratio",
]

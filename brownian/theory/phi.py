"""The functions phi_n(-u), free of cancellation: the closed forms of the Langevin equation are made of them."""

from math import factorial

import numpy as np
from scipy.special import exprel

_TERMS = 18  # 1 / 20! = 4e-19


def phi(order, u):
    """phi_n(-u) = sum_k (-u)^k / (k + n)! for u >= 0 and n = 1, 2, 3.

    phi_1(-u) = (1 - e^-u)/u,  phi_2(-u) = (e^-u - 1 + u)/u^2,  phi_3(-u) = (1 - u + u^2/2 - e^-u)/u^3.
    Relative error below 1e-15; u = inf gives 0.
    """
    if order == 1:
        return exprel(-u)
    small = np.minimum(u, 1.0)
    series = np.zeros_like(small)
    for k in range(_TERMS, -1, -1):
        series = 1.0 / factorial(k + order) - small * series
    large = np.maximum(u, 1.0)
    return np.where(u < 1.0, series, (1.0 / factorial(order - 1) - phi(order - 1, large)) / large)[()]


def delay(u):
    """1 - (1 - e^-u)/u = u phi_2(-u): the part of a time u that is left after inertia; u = inf gives 1."""
    small = np.minimum(u, 1.0)
    return np.where(u < 1.0, small * phi(2, small), 1.0 - exprel(-u))[()]

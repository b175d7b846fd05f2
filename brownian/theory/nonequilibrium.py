"""Linear systems out of equilibrium: two temperatures, a rotating force, noise with memory and friction without it."""

from typing import NamedTuple

import numpy as np

from .checks import finite, nonnegative, positive
from .phi import phi


class GyratorState(NamedTuple):
    """Stationary state of the gyrator; each of the broadcast shape."""

    xx: np.ndarray | float  # <x^2> [L^2]
    yy: np.ndarray | float  # <y^2> [L^2]
    xy: np.ndarray | float  # <x y> [L^2]
    vxvx: np.ndarray | float  # <v_x^2> [L^2/T^2]
    vyvy: np.ndarray | float  # <v_y^2> [L^2/T^2]
    torque: np.ndarray | float  # <x v_y - y v_x> [L^2/T]: the rotation
    heat: np.ndarray | float  # from bath 1 through the system into bath 2, per unit time [E/T]
    entropy_production: np.ndarray | float  # in units of k_B [1/T]


class CurlTrapState(NamedTuple):
    """Stationary state of the trap with a rotating force; each of the broadcast shape."""

    position_variance: np.ndarray | float  # <x^2> = <y^2> [L^2]
    heat: np.ndarray | float  # into the bath per unit time [E/T]
    entropy_production: np.ndarray | float  # in units of k_B [1/T]


def _coupled(stiffness, coupling):
    stiffness, coupling = positive(stiffness=stiffness), finite(coupling=coupling)
    if not np.all(np.abs(coupling) < stiffness):
        raise ValueError(f"coupling must be below stiffness = {stiffness} in modulus, got {coupling}")
    return stiffness, coupling


def gyrator(*, stiffness, coupling, friction, kT1, kT2, mass=0.0):
    """Brownian gyrator: U = k (x^2 + y^2)/2 + u x y, x in a bath at kT_1, y in one at kT_2.

    Heat J = u^2 lambda (kT_1 - kT_2) / [2 (k lambda^2 + m u^2)] per unit time flows from bath 1 to bath 2, and the mean
    rotation is <x v_y - y v_x> = -2 J/u.  m <v_x^2> = kT_1 - m J/lambda.

    Parameters
    ----------
    stiffness : array_like
        k [E/L^2], > 0.
    coupling : array_like
        u [E/L^2], |u| < k.
    friction : array_like
        lambda of both components [M/T], > 0.
    kT1, kT2 : array_like
        Thermal energies of the baths of x and of y [E], > 0.
    mass : array_like
        m [M], >= 0; 0 is the overdamped limit, in which velocities have no variance (inf).

    Returns
    -------
    state : GyratorState
        xx, yy, xy, vxvx, vyvy, torque, heat, entropy_production = J (1/kT_2 - 1/kT_1).

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: R. Filliger, P. Reimann, Phys. Rev. Lett. 99, 230602 (2007); Z. Rieder, J. L. Lebowitz, E. Lieb, J. Math.
    Phys. 8, 1073 (1967).

    Examples
    --------
    >>> state = gyrator(stiffness=2.1, coupling=0.9, friction=0.7, kT1=1.4, kT2=0.6)
    >>> print(f"{state.xx:.9f} {state.yy:.9f} {state.xy:.9f} {state.torque:.9f} {state.heat:.9f}")
    0.773809524 0.392857143 -0.250000000 -0.489795918 0.220408163
    """
    stiffness, coupling = _coupled(stiffness, coupling)
    (friction, kT1, kT2), mass = positive(friction=friction, kT1=kT1, kT2=kT2), nonnegative(mass=mass)
    drag = stiffness * friction**2 + mass * coupling**2
    heat = coupling**2 * friction * (kT1 - kT2) / (2.0 * drag)
    xy = -coupling * (kT1 + kT2) / (2.0 * (stiffness - coupling) * (stiffness + coupling))
    kinetic_x, kinetic_y = kT1 - mass * heat / friction, kT2 + mass * heat / friction
    with np.errstate(divide="ignore"):
        vxvx, vyvy = np.divide(kinetic_x, mass), np.divide(kinetic_y, mass)
    return GyratorState(
        xx=(kinetic_x - coupling * xy) / stiffness,
        yy=(kinetic_y - coupling * xy) / stiffness,
        xy=xy + np.zeros_like(heat)[()],
        vxvx=vxvx,
        vyvy=vyvy,
        torque=-coupling * friction * (kT1 - kT2) / drag,
        heat=heat,
        entropy_production=heat * (kT1 - kT2) / (kT1 * kT2),
    )


def gyrator_violation(omega, *, stiffness, coupling, friction, kT1, kT2, mass=0.0):
    """What the velocity of x lacks of the fluctuation-dissipation theorem: S_v(w) - 2 kT_1 Re chi_v(w), two-sided.

    2 lambda w^2 (kT_2 - kT_1) |chi_xy|^2 with chi_xy = -u / [(k - m w^2 - i lambda w)^2 - u^2].  Harada and Sasa:
    lambda times its integral over dw/2 pi is the heat into bath 1 per unit time, -J of `gyrator`.

    Parameters
    ----------
    omega : array_like
        w [1/T].
    stiffness, coupling, friction, kT1, kT2, mass
        As for `gyrator`.

    Returns
    -------
    violation : float or ndarray
        [L^2/T], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: T. Harada, S. Sasa, Phys. Rev. Lett. 95, 130602 (2005).

    Examples
    --------
    >>> print(f"{gyrator_violation(2.0, stiffness=2.1, coupling=0.9, friction=0.7, kT1=1.4, kT2=0.6):.10f}")
    -0.0973808502
    """
    omega = finite(omega=omega)
    stiffness, coupling = _coupled(stiffness, coupling)
    (friction, kT1, kT2), mass = positive(friction=friction, kT1=kT1, kT2=kT2), nonnegative(mass=mass)
    inverse = stiffness - mass * omega**2 - 1j * friction * omega
    response = coupling / ((inverse - coupling) * (inverse + coupling))
    return 2.0 * friction * (kT2 - kT1) * np.abs(omega * response) ** 2


def curl_trap_heat(*, stiffness, curl, friction, kT):
    """Overdamped trap in the plane with a force eps (-y, x) that rotates: <x^2> = kT/k, heat 2 eps^2 kT/(k lambda).

    The positions keep the trap's Boltzmann law; the work of the rotating force goes into the bath as heat.

    Parameters
    ----------
    stiffness : array_like
        k [E/L^2], > 0.
    curl : array_like
        eps [E/L^2].
    friction, kT : array_like
        lambda [M/T] and thermal energy [E], > 0.

    Returns
    -------
    state : CurlTrapState
        position_variance, heat, entropy_production = heat/kT.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: K. Sekimoto, Stochastic Energetics (2010), chapter 4; V. Y. Chernyak, M. Chertkov, C. Jarzynski, J. Stat.
    Mech. P08001 (2006).

    Examples
    --------
    >>> state = curl_trap_heat(stiffness=2.1, curl=0.8, friction=0.7, kT=0.9)
    >>> print(f"{state.position_variance:.10f} {state.heat:.10f} {state.entropy_production:.10f}")
    0.4285714286 0.7836734694 0.8707482993
    """
    curl = finite(curl=curl)
    stiffness, friction, kT = positive(stiffness=stiffness, friction=friction, kT=kT)
    entropy = 2.0 * curl**2 / (stiffness * friction)
    spread = np.zeros_like(entropy)
    return CurlTrapState(kT / stiffness + spread[()], entropy * kT, (entropy + np.zeros_like(kT))[()])


def colored_noise_trap(*, friction, kT, stiffness, correlation_time):
    """<x^2> of lambda x' = -k x + zeta, <zeta zeta> = (lambda kT/tau) e^{-|t|/tau}: (kT/k) / (1 + k tau/lambda).

    Noise with memory and friction without it: no equilibrium, and colder than kT.  tau -> 0 is the overdamped trap.

    Parameters
    ----------
    friction, kT, stiffness : array_like
        lambda [M/T], thermal energy [E] and k [E/L^2], > 0.
    correlation_time : array_like
        tau [T], >= 0.

    Returns
    -------
    variance : float or ndarray
        [L^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: P. Hanggi, P. Jung, Adv. Chem. Phys. 89, 239 (1995).

    Examples
    --------
    >>> print(f"{colored_noise_trap(friction=0.7, kT=0.9, stiffness=2.1, correlation_time=0.15):.10f}")
    0.2955665025
    """
    friction, kT, stiffness = positive(friction=friction, kT=kT, stiffness=stiffness)
    correlation_time = nonnegative(correlation_time=correlation_time)
    return kT / stiffness / (1.0 + stiffness * correlation_time / friction)


def aoup_msd(t, *, friction, kT, active_force, persistence_time):
    """Mean squared displacement of an active Ornstein-Uhlenbeck particle, per component.

    lambda x' = f + sqrt(2 lambda kT) xi with <f f> = f_0^2 e^{-|t|/tau}:  2 (kT/lambda) t + 2 (f_0/lambda)^2 tau^2
    (t/tau - 1 + e^{-t/tau}).

    Parameters
    ----------
    t : array_like
        Time lag [T], >= 0.
    friction : array_like
        lambda [M/T], > 0.
    kT : array_like
        Thermal energy [E], >= 0.
    active_force : array_like
        f_0, standard deviation of the active force [E/L].
    persistence_time : array_like
        tau of the active force [T], > 0.

    Returns
    -------
    msd : float or ndarray
        [L^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: J. R. Howse et al., Phys. Rev. Lett. 99, 048102 (2007); E. Fodor et al., Phys. Rev. Lett. 117, 038103
    (2016).

    Examples
    --------
    >>> print(f"{aoup_msd(2.0, friction=0.7, kT=0.9, active_force=0.6, persistence_time=0.8):.10f}")
    6.6306627905
    """
    t, kT, force = nonnegative(t=t), nonnegative(kT=kT), finite(active_force=active_force)
    friction, tau = positive(friction=friction, persistence_time=persistence_time)
    return 2.0 * kT / friction * t + 2.0 * (force / friction * t) ** 2 * phi(2, t / tau)


def aoup_trap(*, friction, kT, stiffness, active_force, persistence_time):
    """<x^2> of an active Ornstein-Uhlenbeck particle in a trap: kT/k + f_0^2 tau / [k (lambda + k tau)].

    Parameters
    ----------
    friction, stiffness : array_like
        lambda [M/T] and k [E/L^2], > 0.
    kT : array_like
        Thermal energy [E], >= 0.
    active_force : array_like
        f_0, standard deviation of the active force [E/L].
    persistence_time : array_like
        tau of the active force [T], > 0.

    Returns
    -------
    variance : float or ndarray
        [L^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: G. Szamel, Phys. Rev. E 90, 012111 (2014).

    Examples
    --------
    >>> print(f"{aoup_trap(friction=0.7, kT=0.9, stiffness=2.1, active_force=0.6, persistence_time=0.8):.10f}")
    0.4861944778
    """
    kT, force = nonnegative(kT=kT), finite(active_force=active_force)
    friction, stiffness, tau = positive(friction=friction, stiffness=stiffness, persistence_time=persistence_time)
    return kT / stiffness + force**2 * tau / (stiffness * (friction + stiffness * tau))

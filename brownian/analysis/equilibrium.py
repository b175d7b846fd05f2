"""Equilibrium averages: temperatures measured in four ways, and any other average, each with its standard error.

All of them are kT in equilibrium: m <v^2>, kinetic, of the velocity on the step or at the half step; <|grad U|^2> /
<laplacian U>, configurational; <x . grad U> per component, virial.  What a scheme makes of the first at its finite
step: `expected_kinetic_temperature`.

Errors: the scatter of the particles; below 16 of them, blocks of their time (`analysis.series.blocking`).  Frames are
read slab by slab: memory does not grow with the file.  Before the stationary state: ``start``, `analysis.relaxation`.
"""

import numpy as np

from .. import theory
from ..arguments import checked, shortened
from ..progress import Progress
from ..theory.linear import KERNEL, kernel_coefficients
from .landscape import gradient, laplacian, linear_stiffness, potential_of, steady
from .reading import finite, first_frame, known, mean_position, observed, stored
from .series import ENOUGH, series_mean
from .statistics import Estimate, ratio

SEGMENTS = 1024  # of the time of each particle, where there are few of them


@checked
def average(trajectory, observable, *, start=0, progress=False):
    """Stationary average of any function of positions and velocities.

    Parameters
    ----------
    trajectory : Trajectory
    observable : callable
        ``observable(x, v)`` for slabs of f frames, x and v float64 of shape (f, N, D), v None where not stored; returns
        shape (f, N), or (f, N, m) for m quantities.
    start : int
        Number of the first frame to be used.
    progress : bool
        Say on stderr how far it is.

    Returns
    -------
    Estimate
        One number, or shape (m,).

    Raises
    ------
    ValueError
        For fewer than 2 frames, or values that are not finite.
    TooFewData
        For fewer than 16 particles, if no error can be read off blocks.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.equilibrium import average
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.1,
    ...                      integrator=bn.ExactOU(), particles=64, seed=7).run(steps=500, every=0.1)
    >>> bool(abs(average(trap, lambda x, v: x[..., 0] ** 2).z(0.9 / 2.1)) < 4)
    True
    """
    return series_mean(time_averages(trajectory, observable, start=start, progress=progress))


def time_averages(trajectory, observable, *, start=0, progress=False):
    """Averages over time of an observable for each particle, and for each of many segments where particles are few.

    Parameters
    ----------
    trajectory, observable, start, progress
        As for `average`.

    Returns
    -------
    ndarray, shape (segments, N) or (segments, N, m)
        One segment for 16 particles or more, else up to 1024, equally long; the last frames of the file.
    """
    start = first_frame(trajectory, start)
    frames = len(trajectory) - start
    segments = 1 if trajectory.particles >= ENOUGH else min(SEGMENTS, frames)
    length = frames // segments
    start, total = len(trajectory) - segments * length, None
    report = Progress(len(trajectory), "", progress, what="frames")
    for rows, x, v in trajectory.frames():
        skip = max(0, start - rows.start)
        if rows.start + skip >= rows.stop:
            continue
        first = rows.start + skip
        x = finite(x[skip:], "positions", first)
        v = None if v is None else finite(v[skip:], "velocities", first)
        values = observed(observable(x, v), x.shape[:2])
        if total is None:
            total = np.zeros((segments, *values.shape[1:]))
        bounds = np.arange(first - start, rows.stop - start) // length
        edges = np.flatnonzero(np.diff(bounds, prepend=-1))
        total[bounds[edges]] += np.add.reduceat(values, edges, axis=0)
        report.update(rows.stop, final=rows.stop == len(trajectory))
    return total / length


@checked
def kinetic_temperature(trajectory, *, half=False, mass=None, friction=None, dt=None, scheme=None, potential=None,
                        start=0, each=None, progress=False):  # fmt: skip
    """Kinetic temperature m <v^2> [E], mean over components.

    Parameters
    ----------
    trajectory : Trajectory
        With velocities (on the step).
    half : bool
        Take the half-step velocity, just after the noise, v_half = v - h_e F(x) / 2m: schemes "baoab", "gjf", "gj2".
    mass, friction, dt, scheme, potential : optional
        Where the file does not state them; only the mass is needed unless half.
    start, progress
        As for `average`.
    each : None or "component"
        "component": shape (D,).

    Returns
    -------
    Estimate
        To be compared with `expected_kinetic_temperature`, not with kT.

    Raises
    ------
    ValueError
        If no velocities are stored, a parameter is not known, or the scheme has no half-step velocity to be found.

    Notes
    -----
    Source: J. Finkelstein et al., arXiv:2108.03363.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.equilibrium import expected_kinetic_temperature, kinetic_temperature
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.5,
    ...                      particles=64, seed=7).run(steps=500, every=0.5)
    >>> print(f"{expected_kinetic_temperature(trap):.4f} {expected_kinetic_temperature(trap, half=True):.4f}")
    0.8091 0.9000
    >>> bool(abs(kinetic_temperature(trap).z(expected_kinetic_temperature(trap))) < 4)
    True
    >>> bool(abs(kinetic_temperature(trap, half=True).z(0.9)) < 4)
    True
    """
    stored(trajectory, "velocities")
    (mass,) = known(trajectory, "mass", mass=mass)
    if not mass > 0.0:
        raise ValueError(f"mass = {shortened(mass)}, but a kinetic temperature needs a positive one")
    _check_each(each)
    if half:
        friction, dt, scheme = known(trajectory, "friction", "dt", "scheme", friction=friction, dt=dt, scheme=scheme)
        if scheme not in KERNEL:
            raise ValueError(f"scheme = {scheme!r}, but a half-step velocity is found for {', '.join(KERNEL)} only")
        kick = kernel_coefficients(scheme, friction * dt / mass)[0] * dt / (2.0 * mass)
        potential = steady(trajectory, potential, start)

    def energies(x, v):
        if half:
            v = v + kick * gradient(potential, x)
        squares = mass * v**2
        return squares if each == "component" else squares.mean(axis=2)

    return average(trajectory, energies, start=start, progress=progress)


@checked
def expected_kinetic_temperature(trajectory, *, half=False, mass=None, friction=None, kT=None, dt=None, scheme=None,
                                 potential=None, start=0):  # fmt: skip
    """What the scheme makes of m <v^2> [E] at its finite step, mean over components.

    Exact for forces f_d - k_d x_d (`theory.velocity_variance_ratio`).  For others kT at the half step and for "obabo",
    and kT - h_e^2 <laplacian U> kT / (4 m D) on the step of the kernel, both up to terms of fourth order in the step.

    Parameters
    ----------
    trajectory, half, mass, friction, kT, dt, scheme, potential, start
        As for `kinetic_temperature`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a parameter or, for this potential, the expectation is not known.

    Notes
    -----
    Source: B. Leimkuhler, C. Matthews, Appl. Math. Res. Express 2013, 34 (2013); the leading order is the linear
    result, 1 - (h_e Omega)^2 / 4, with the average curvature.
    """
    names = ("mass", "friction", "kT", "dt", "scheme")
    given = dict(zip(names, (mass, friction, kT, dt, scheme), strict=True))
    mass, friction, kT, dt, scheme = known(trajectory, *names, **given)
    potential = potential_of(trajectory, potential)
    stiffness = linear_stiffness(potential, trajectory.dimension)
    if stiffness is not None:
        shape = {"mass": mass, "friction": friction, "dt": dt, "stiffness": np.maximum(stiffness, 0.0), "half": half}
        return float(np.mean(kT * theory.velocity_variance_ratio(scheme, **shape)))
    if scheme in KERNEL and not half:
        curvature = average(trajectory, lambda x, v: laplacian(potential, x), start=start).value
        h = kernel_coefficients(scheme, friction * dt / mass)[0] * dt
        return float(np.mean(kT * (1.0 - h**2 * curvature / (4.0 * mass * trajectory.dimension))))
    if scheme in KERNEL or scheme == "obabo":
        return float(np.mean(kT))
    raise ValueError(f"scheme = {shortened(scheme)}: its kinetic temperature is known for linear forces only")


@checked
def configurational_temperature(trajectory, *, potential=None, start=0, progress=False):
    """Configurational temperature <|grad U|^2> / <laplacian U> = kT [E], from positions alone.

    Parameters
    ----------
    trajectory : Trajectory
    potential : optional
        With force and Laplacian, where the file does not state it.
    start, progress
        As for `average`.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError, TypeError
        If the potential is not known or depends on time; if it states no Laplacian.

    Notes
    -----
    Schemes that sample exactly kT/k in a trap give exactly kT there.  Source: H. H. Rugh, Phys. Rev. Lett. 78, 772
    (1997); B. D. Butler et al., J. Chem. Phys. 109, 6519 (1998).

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.equilibrium import configurational_temperature
    >>> well = bn.Simulation(potential=bn.DoubleWell(barrier=2.0, width=1.2), dynamics=bn.Langevin(mass=1.3,
    ...                      friction=0.7, kT=0.9), dt=0.1, particles=64, seed=7).run(steps=1000, every=0.5)
    >>> bool(abs(configurational_temperature(well, start=100).z(0.9)) < 4)
    True
    """
    potential = steady(trajectory, potential, start)

    def parts(x, v):
        return np.stack([(gradient(potential, x) ** 2).sum(axis=2), laplacian(potential, x)], axis=2)

    values = time_averages(trajectory, parts, start=start, progress=progress)
    if values.shape[1] >= ENOUGH:
        return ratio(values[0, :, 0], values[0, :, 1])
    above, below = values.mean(axis=(0, 1))
    spread = series_mean(values[..., 0] - above / below * values[..., 1])
    return Estimate(above / below, spread.error / abs(below), spread.samples)


@checked
def virial_temperature(trajectory, *, potential=None, start=0, each=None, progress=False):
    """Virial temperature <(x - a) . grad U> per component = kT [E], for any constant a; here the mean position.

    Parameters
    ----------
    trajectory : Trajectory
        In a confining potential.
    potential : optional
        Where the file does not state it; its force is enough.
    start, progress
        As for `average`.
    each : None or "component"
        "component": shape (D,).

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If the potential is not known or depends on time.

    Notes
    -----
    Source: R. Clausius, Phil. Mag. 40, 122 (1870); R. C. Tolman, Phys. Rev. 11, 261 (1918).

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.equilibrium import virial_temperature
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.5,
    ...                      particles=64, seed=7).run(steps=500, every=0.5)
    >>> bool(abs(virial_temperature(trap).z(0.9)) < 4)
    True
    """
    _check_each(each)
    potential, centre = steady(trajectory, potential, start), mean_position(trajectory, start=start)

    def products(x, v):
        virial = (x - centre) * gradient(potential, x)
        return virial if each == "component" else virial.mean(axis=2)

    return average(trajectory, products, start=start, progress=progress)


def _check_each(each):
    if each not in (None, "component"):
        raise ValueError(f"each = {shortened(each)}, but it must be None or 'component'")

"""What fluctuation and response lack of each other: the heat that a steady state gives to its bath (Harada, Sasa).

J_d = lambda_d int dw / 2 pi [S_v(w) - 2 kT_d Re chi_v(w)] for component d: heat into its bath per unit time, from its
velocity alone.  Overdamped, both terms grow as 1/dt, and the answer is what they differ by.  At a finite step it
decides which velocity is paired with which force; with the pairing below nothing of order 1/dt is left, and the sum
over the whole grid, |w| <= pi/dt, is the answer: nothing is cut off and no tail (of order w^-2) is added.

Overdamped, by Euler-Maruyama: lambda v_n = F_n + f_n + eta_n, v_n = (x_n+1 - x_n) / dt.  A push f_n is a shift of the
noise, so that <v_n eta_m> = (2 kT lambda / dt) R_n-m with the response R_n-m = d<v_n> / df_m, for any force, and

    <v_n F_m> = lambda [<v_n v_m> - (2 kT / dt) R_n-m]

exactly.  The mean over m = n and m = n + 1 is the heat along the chord, (F_n + F_n+1) v_n / 2, as a run with
``bookkeeping=True`` counts it: lambda [<u_n u_n> - (2 kT / dt) d<u_n> / df_n] with the velocity *on* the frame, u_n =
(v_n-1 + v_n) / 2 = (x_n+1 - x_n-1) / 2 dt.  These two are the integrals of S_u and of 2 kT Re chi_u.  So the rate is
that of the chords at any dt (zero in a harmonic equilibrium); v_n paired with f_n would give the product of Ito
instead, which is wrong by kT <U''> / lambda however small dt is.

Langevin, by a splitting: v_n = (x_n+1 - x_n) / dt with a push f_n during the same step.  Both are averages over one
step, S_v - 2 kT Re chi_v falls off fast, and what a finite dt leaves is of order dt^2.
"""

from contextlib import ExitStack, closing
from typing import NamedTuple

import numpy as np

from ..arguments import checked
from ..dynamics import Langevin, Overdamped
from ..engine import available_threads
from ..integrators import BAOAB, GJ2, GJF, OBABO, EulerMaruyama
from ..noise import Given
from ..potentials import ConstantForce, Free
from ..potentials.timing import depends_on_time
from ..progress import Progress
from ..schedule import steps_in, whole_number
from ..simulation import Simulation
from .reading import MEMORY, Running
from .spectrum import WINDOWS
from .statistics import Estimate

SCHEMES = {Overdamped: (EulerMaruyama,), Langevin: (GJF, BAOAB, GJ2, OBABO)}
COPIES = 12  # arrays of the size of a window that are in use at once
SMALL = 0.05  # force of the response, in kT over a standard deviation of the position; its square is the bias


class HaradaSasa(NamedTuple):
    """Heat into the bath from the violation of the fluctuation-dissipation theorem; see `harada_sasa`."""

    rate: Estimate  # heat into the bath of each component per unit time [E/T], shape (D,)
    frequencies: np.ndarray  # w [1/T], 0 to pi/dt, shape (F,)
    spectrum: Estimate  # S_v [L^2/T], two-sided, shape (F, D)
    response: Estimate  # 2 kT Re chi_v [L^2/T], shape (F, D)

    @property
    def violation(self):
        """S_v - 2 kT Re chi_v as an `Estimate` [L^2/T], shape (F, D): zero in equilibrium."""
        error = np.hypot(self.spectrum.error, self.response.error)
        return Estimate(self.spectrum.value - self.response.value, error, self.spectrum.samples)


@checked
def harada_sasa(simulation, *, time, window=None, discard=0.0, trials=64, kT=None, threads=None, progress=False):
    """Heat rate into each bath, lambda int dw/2pi [S_v(w) - 2 kT Re chi_v(w)], from velocity fluctuations and response.

    Runs the simulation for S_v, window by window without keeping frames; and for chi_v ``trials`` other particles,
    twice per component, with and against a small constant force on the same random numbers.  Velocities are
    differences of positions.  Spectrum and response are on one grid of frequencies, and lags have the same weight in
    both, 1 - q/N, so that their integrals are correlation and response at lag zero, whatever the window.

    Parameters
    ----------
    simulation : Simulation
        At least 2 particles, a potential at rest; `Overdamped` with `EulerMaruyama`, or `Langevin` with `GJF`, `BAOAB`,
        `GJ2` or `OBABO`.  It is not changed; friction and kT may differ between components.
    time : float
        Length of the run [T], used in whole windows.
    window : int, optional
        Steps per window, at least 8; default an eighth of the run.  The frequencies are 2 pi / (window dt) apart: the
        window should last for some relaxation times.
    discard : float
        Time [T] before anything counts: 0 where the start is stationary already, as it is for linear forces.
    trials : int
        Particles for the response, at least 2.  Where forces are linear all of them answer alike.
    kT : float or array_like of shape (D,), optional
        What the bath is believed to be at [E]; default: as in the dynamics.
    threads, progress
        As in `Simulation.run`.

    Returns
    -------
    HaradaSasa
        ``rate``, ``frequencies``, ``spectrum``, ``response``, and ``violation``, the difference of the last two.
        Errors are over particles, and over trials.  A mean velocity counts as S_v at w = 0.

    Raises
    ------
    TypeError, ValueError
        For a simulation of another kind, a time or window that does not fit, kT <= 0.

    Notes
    -----
    The identity at finite dt, by which the overdamped rate is that of ``-energies.heat``, stands in the module.
    Overdamped, what a *free* particle on the same random numbers has more than its known spectrum 2 kT / lambda is
    taken off with the weight |lambda chi_v|^2 (at most 1), the share of S_v that linear forces make of it: a control
    variate.  The mean stays, and the part of the error that grows with 1/dt goes.  The noise itself is not judged
    here: `brownian.validate` does that.
    Source: T. Harada, S. Sasa, Phys. Rev. Lett. 95, 130602 (2005); Phys. Rev. E 73, 026131 (2006).

    Examples
    --------
    >>> import brownian as bn
    >>> gyrator = bn.Simulation(potential=bn.Quadratic([[2.1, 0.9], [0.9, 2.1]]), dimension=2,
    ...     dynamics=bn.Overdamped(friction=0.7, kT=(1.4, 0.6)), dt=0.02, particles=200, seed=7)
    >>> found = bn.analysis.harada_sasa(gyrator, time=80.0, window=500)
    >>> exact = bn.theory.gyrator(stiffness=2.1, coupling=0.9, friction=0.7, kT1=1.4, kT2=0.6).heat
    >>> print(bool((abs(found.rate.z([-exact, exact])) < 5).all()))
    True
    """
    _check(simulation)
    steps, dt = steps_in("time", time, simulation.dt), simulation.dt
    window = max(8, steps // WINDOWS) if window is None else whole_number("window", window, 8)
    if window >= steps:
        raise ValueError(f"window = {window} steps, but at most {steps - 1} are possible in time = {time:g}")
    skipped = steps_in("discard", discard, dt) if discard != 0.0 else 0
    trials = whole_number("trials", trials, 2)
    threads = available_threads() if threads is None else whole_number("threads", threads, 1)
    friction = simulation.dynamics.components("friction", simulation.dimension)
    kT = _believed(kT, simulation)

    answers = _responses(simulation, window, skipped, trials, threads)
    share = None
    if isinstance(simulation.dynamics, Overdamped):
        share = np.minimum(1.0, (friction * np.abs(np.fft.rfft(answers.mean(axis=1), axis=0))) ** 2)
        answers = _on_frame(answers)
    lags = 1.0 - np.arange(window) / window
    transforms = np.fft.rfft(answers * lags[:, np.newaxis, np.newaxis], axis=0).real
    response, at_once = Running(), Running()
    response.add(2.0 * kT * transforms.transpose(1, 0, 2))
    at_once.add(2.0 * kT / dt * answers[0])

    weights = np.r_[1.0, np.full((window - 1) // 2, 2.0), np.ones(1 - window % 2)] / (window * dt)
    spectra, variances = Running(), Running()
    for values in _spectra(simulation, window, (steps - 1) // window, skipped, share, threads, progress):
        spectra.add(values)
        variances.add(np.einsum("f,nfd->nd", weights, values))
    variance, pushed = variances.estimate(), at_once.estimate()
    error = friction * np.hypot(variance.error, pushed.error)
    rate = Estimate(friction * (variance.value - pushed.value), error, variance.samples)
    frequencies = 2.0 * np.pi * np.arange(window // 2 + 1) / (window * dt)
    return HaradaSasa(rate, frequencies, spectra.estimate(), response.estimate())


def _check(simulation):
    if not isinstance(simulation, Simulation):
        raise TypeError(f"simulation = {simulation!r}, but a Simulation is needed")
    dynamics, integrator = simulation.dynamics, simulation.integrator
    if not isinstance(integrator, SCHEMES.get(type(dynamics), ())):
        known = "; ".join(f"{form.__name__} with {', '.join(s.__name__ for s in ss)}" for form, ss in SCHEMES.items())
        raise ValueError(f"{type(dynamics).__name__} with {type(integrator).__name__}, but it must be one of: {known}")
    if depends_on_time(simulation.potential):
        raise ValueError(f"potential = {simulation.potential!r} moves with time, but a steady state is needed")
    if simulation.stop is not None:
        raise ValueError(f"stop = {simulation.stop!r}, but particles of a steady state must not stop")
    if not isinstance(simulation.start, str) or isinstance(simulation.noise, Given):
        raise ValueError("start or noise is an array, but both must be named: other particles are run for the response")
    if simulation.particles < 2:
        raise ValueError(f"particles = {simulation.particles}, but a standard error needs at least 2")
    for name in ("friction", "kT"):
        if not np.all(dynamics.components(name, simulation.dimension) > 0.0):
            raise ValueError(f"{name} = {getattr(dynamics, name)!r}, but every component needs a bath: {name} > 0")


def _believed(kT, simulation):
    """Thermal energy of each component, as given or as in the dynamics."""
    given = simulation.dynamics.kT if kT is None else kT
    values = np.asarray(given, dtype=np.float64)
    if values.shape not in ((), (1,), (simulation.dimension,)) or not (np.isfinite(values) & (values > 0.0)).all():
        raise ValueError(f"kT = {given!r}, but it must be positive: one number, or {simulation.dimension} of them")
    return np.broadcast_to(values, (simulation.dimension,))


def _like(simulation, **changes):
    """The same simulation with some arguments changed, and nothing counted."""
    names = ("potential", "dynamics", "integrator", "dt", "particles", "dimension", "seed", "start", "first_particle",
             "first_step")  # fmt: skip
    noise = simulation.describe()["noise"]
    return Simulation(**{name: getattr(simulation, name) for name in names} | {"noise": noise} | changes)


def _responses(simulation, window, skipped, trials, threads):
    """d<v_n> / df_0 of each component at n = 0 ... window - 1 to a push f during one step, shape (window, trials, D).

    A constant force from step 0 on is a push in every step: its answer is the sum of those to all pushes before.
    """
    D, dt, first = simulation.dimension, simulation.dt, simulation.first_step + skipped
    friction, kT = (simulation.dynamics.components(name, D) for name in ("friction", "kT"))
    plain = _like(simulation, particles=trials, seed=simulation.seed ^ 0x5EED)
    with closing(plain.engine(threads)) as engine:
        engine.load(plain.initial_state()[0])
        engine.advance(simulation.first_step, first)
        state = engine.unload()
    small = SMALL * kT / np.maximum(state[0].std(axis=0), np.sqrt(2.0 * dt * kT / friction))
    ends, frames = np.empty((2, window, trials, D)), first + np.arange(1, window + 1)
    answers = np.empty((window, trials, D))
    for d in range(D):
        for sign in (0, 1):
            value = np.eye(D)[d] * small[d] * (1 - 2 * sign)
            push = ConstantForce(value if D > 1 else float(value[0]))  # type: ignore[arg-type, call-arg]
            forced = _like(plain, potential=simulation.potential + push, start="minimum")
            with closing(forced.engine(threads)) as engine:
                engine.load(state)
                engine.start(first, first + window, frames, ends[sign])()
        displacements = (ends[0, :, :, d] - ends[1, :, :, d]) / (2.0 * small[d])
        answers[:, :, d] = np.diff(displacements, n=2, axis=0, prepend=np.zeros((2, trials))) / dt
    return answers


def _on_frame(answers):
    """Responses of velocities on the frame, (v_n + v_n-1) / 2, from those of the steps."""
    before = np.concatenate([np.zeros_like(answers[:1]), answers[:-1]])
    return (answers + before) / 2.0


def _spectra(simulation, window, count, skipped, share, threads, progress):
    """Yield periodograms of velocities, averaged over the windows of each of some particles, shape (n, F, D).

    share: weight of what a free particle on the same noise has too much, shape (F, D), or None.
    """
    D, first = simulation.dimension, simulation.first_step + skipped
    size = max(1, int(MEMORY / (8 * COPIES * window * D)))
    report = Progress(simulation.particles, "harada_sasa", progress, what="particles")
    for done in range(0, simulation.particles, size):
        some = {"particles": min(size, simulation.particles - done), "first_particle": simulation.first_particle + done}
        runs = [_like(simulation, **some)]
        if share is not None:
            runs.append(_like(simulation, potential=Free(), start="rest", **some))  # type: ignore[call-arg]
        with ExitStack() as stack:
            engines = [stack.enter_context(closing(run.engine(threads))) for run in runs]
            for run, engine in zip(runs, engines, strict=True):
                engine.load(run.initial_state()[0])
                engine.advance(simulation.first_step, first)
            total = 0.0
            for values in zip(*(_windows(simulation, engine, window, count, first) for engine in engines), strict=True):
                total = total + values[0] - (0.0 if share is None else share[:, np.newaxis] * values[1])
        report.update(done + some["particles"], final=done + some["particles"] == simulation.particles)
        values = total / count
        if share is not None:
            values += (share * _free(simulation, window))[:, np.newaxis]
        yield values.transpose(1, 0, 2)


def _windows(simulation, engine, window, count, first):
    """Yield |sum_n v_n e^(-iwn dt)|^2 dt / N of one window after the other, shape (F, particles, D)."""
    centred = isinstance(simulation.dynamics, Overdamped)
    reach = 2 if centred else 1
    x = np.empty((window + 2, engine.particles, engine.dimension))
    x[0] = engine.unload()[0]
    engine.start(first, first + 1, np.array([first + 1]), x[1:2])()
    for k in range(count):
        begin = first + 1 + k * window
        engine.start(begin, begin + window, begin + np.arange(1, window + 1), x[2:])()
        velocities = (x[reach:] - x[:-reach])[-window:] / (reach * simulation.dt)
        transform = np.fft.rfft(velocities, axis=0)
        yield (transform.real**2 + transform.imag**2) * (simulation.dt / window)
        x[:2] = x[-2:]


def _free(simulation, window):
    """What `_windows` gives for a free particle: (kT / lambda) [1 + (1 - 1/N) cos w dt], shape (F, D)."""
    friction, kT = (simulation.dynamics.components(name, simulation.dimension) for name in ("friction", "kT"))
    turn = 2.0 * np.pi * np.arange(window // 2 + 1) / window
    return np.outer(1.0 + (1.0 - 1.0 / window) * np.cos(turn), kT / friction)

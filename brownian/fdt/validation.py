"""The verdict on a trajectory: which tests can be made of it, and what they say together."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..analysis.wrapping import refuse_wrapped
from ..arguments import an_integrator, checked, number, positive, trajectory_or_path
from ..engine import available_threads
from ..integrators.overdamped import LeimkuhlerMatthewsKernel
from ..noise import normals_at
from ..simulation import open_trajectory
from .friction import friction_from_file, response_under_same_noise
from .innovations import Battery, Part, refuse_absurd
from .inversion import ROUNDINGS, needs_velocities
from .moving_average import MovingAverage, whitened
from .parameters import at_one_temperature, before_stops, claim_for, counted
from .recovered import inverted
from .regeneration import SeededNoise, replay
from .rounding import grid_of
from .stream import Forces, slabs
from .verdict import GROUPS, Line, Verdict, rounding_line


@checked(trajectory=trajectory_or_path, scheme=an_integrator, mass=number, dt=positive)
def validate(trajectory, *, potential=None, scheme=None, mass=None, friction=None, kT=None, dt=None, simulation=None,
             family_error=1e-3, within=0.01, seeded=True, averages=True):  # fmt: skip
    """Judge whether a trajectory obeys the fluctuation-dissipation relation <eta eta> = 2 lambda kT delta.

    Parameters
    ----------
    trajectory : Trajectory, str or os.PathLike
        A run, or the path of an H5MD file, ours or another program's, or of any other that ``brownian.open`` reads.
    potential : optional
        U; for files that do not say, or can't be asked (a class of its author's).
    scheme : Integrator, optional
        How the steps were taken; see ``brownian.fdt.SCHEMES``.
    mass, friction, kT, dt : float, optional
        m [M], lambda [M/T], thermal energy [E], step [T].  What is given goes before what the file says.  In a file
        that numbers its frames one by one, ``dt`` and the times tell how many steps they are apart.
    simulation : Simulation, optional
        The simulation that made the trajectory, where the file can't build it.
    family_error : float
        Probability that a correct run in equilibrium fails any test (Holm); also 1 - level of the intervals.
    within : float
        R = <eta eta> / (2 lambda kT) must be known to lie in 1 +- within for a "pass".
    seeded : bool
        For our own files: compare the noise with that of the seed, or replay a stretch.
    averages : bool
        Make the tests of stationary averages and of the response too: those of equilibrium, so that what is out of it
        (coupled components of unequal kT, ``ColoredNoise``, ``ActiveForce``) fails there.

    Returns
    -------
    Verdict

    Raises
    ------
    MissingParameters
        for a file that does not say how it was made, naming everything that is missing.
    ValueError
        for a trajectory of one frame.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.fdt import validate
    >>> trajectory = bn.Simulation(
    ...     potential=bn.Harmonic(2.1), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.1,
    ...     particles=16, seed=7).run(steps=200, every=0.1)
    >>> verdict = validate(trajectory)
    >>> verdict.verdict, verdict.steps_missing > 0
    ('cannot say', True)
    """
    if isinstance(trajectory, str | os.PathLike):
        with open_trajectory(trajectory) as opened:
            return validate(
                opened, potential=potential, scheme=scheme, mass=mass, friction=friction, kT=kT, dt=dt,
                simulation=simulation, family_error=family_error, within=within, seeded=seeded, averages=averages,
            )  # fmt: skip
    if not 0.0 < family_error < 1.0:
        raise ValueError(f"family_error = {family_error!r}, but it must be between 0 and 1")
    if not within > 0.0:
        raise ValueError(f"within = {within!r}, but it must be positive")
    name = "the trajectory" if trajectory.path is None else str(trajectory.path)
    if len(trajectory) < 2:
        raise ValueError(f"{name} has {len(trajectory)} frame, but a verdict needs at least 2")
    refuse_wrapped(trajectory)
    trajectory, said = counted(trajectory, simulation.dt if dt is None and simulation is not None else dt)
    trajectory, annealed = at_one_temperature(trajectory)
    said += annealed
    if "stop time" in trajectory.columns:
        trajectory, stopped = before_stops(trajectory)
        said, averages = [*said, *stopped], averages and not stopped
    claim = claim_for(
        trajectory,
        simulation=simulation,
        potential=potential,
        scheme=scheme,
        mass=mass,
        friction=friction,
        kT=kT,
        dt=dt,
    )
    lines, notes, battery = _noise(trajectory, claim, family_error, seeded)
    notes, curve = said + notes, None
    if claim.simulation is not None and not claim.adjusted:
        lines += response_under_same_noise(claim.simulation, claim)
    if averages:
        from .averages import average_lines

        more, words, curve = average_lines(trajectory, claim)
        lines, notes = lines + more, notes + words
    lines.sort(key=lambda line: GROUPS.index(line.group))
    known = battery is not None and battery.count > 0
    return Verdict(
        lines, family_error, within, battery.headline(family_error) if known else None, notes,
        max(1, battery.count // max(1, battery.moments.done)) if known else 1, _subject(trajectory, claim), curve,
    )  # fmt: skip


def _subject(trajectory, claim):
    where = "trajectory in memory" if trajectory.path is None else str(trajectory.path)
    return (
        f"{where}: {len(trajectory):,} frames, {trajectory.particles:,} particles, dimension {trajectory.dimension}; "
        f"{claim.potential}, {claim.dynamics}, {claim.integrator}, dt = {claim.dt:g}"
    )


def _noise(trajectory, claim, family_error, seeded):
    """Lines of integrity, innovations and friction, with the battery they are from."""
    if claim.remembers or claim.adjusted:
        return _of_the_seed(trajectory, claim, family_error, seeded)
    every_step = bool(np.all(np.diff(trajectory.steps) == 1))
    if every_step and (trajectory.velocities is not None or not needs_velocities(claim.kernel)):
        return _every_step(trajectory, claim, family_error, seeded)
    lines: list[Line] = []
    what = "velocities" if every_step else "every step"
    if seeded and claim.regenerable:
        replayed = replay(trajectory, claim.simulation)
        if replayed is not None:
            line, stretch = replayed
            more, notes, battery = _every_step(stretch, claim, family_error, False)
            note = f"the file does not keep {what}: the noise is that of a replayed stretch of {len(stretch) - 1} steps"
            return [line, *more], [note, *notes], battery
    return lines, [f"the file does not keep {what}: the noise can't be reconstructed"], None


def _of_the_seed(trajectory, claim, family_error, seeded):
    """What the file does not tell of the noise: a replay shows that the run was driven by that of its seed, which is
    tested.
    """
    replayed = replay(trajectory, claim.simulation) if seeded and claim.regenerable else None
    note = "the forces that the dynamics remembers are not in the file"
    if claim.adjusted:
        note = "moves that were rejected left no noise in the file"
    if replayed is None or not claim.dynamics.equilibrium:
        return [replayed[0]] if replayed is not None else [], [f"{note}: the noise can't be reconstructed"], None
    line, stretch = replayed
    s, steps = claim.simulation, len(stretch) - 1
    battery = Battery(steps, claim.particles, s.facts.normals * claim.dimension, predictable=False)
    with ThreadPoolExecutor(max(1, min(4, available_threads())), thread_name_prefix="verdict") as pool:
        for slab in slabs(stretch, Forces(claim.potential, claim.dt), range(len(stretch))):
            count = len(slab.x) - 1
            z = normals_at(
                s.noise, int(slab.steps[0]), count, first_particle=s.first_particle, particles=s.particles,
                dimension=s.dimension, kinds=s.facts.normals,
            )  # fmt: skip
            xi = z.transpose(0, 2, 1, 3).reshape(count, s.particles, -1)
            battery.add(Part(xi, xi * xi, slab.x[:count], None, slab.f[:count]), pool)
    words = f"{note}: the noise is that of the seed, by which a stretch of {steps} steps comes back"
    return battery.fair([line, *battery.lines(family_error)]), [words], battery


def _every_step(trajectory, claim, family_error, seeded):
    kernel, steps, notes = claim.kernel, len(trajectory) - 1, []
    average = isinstance(kernel, LeimkuhlerMatthewsKernel)
    if not np.all(np.asarray(kernel.half_spread if average else _spreads(kernel)) > 0.0):
        return [], ["there is no noise in some component (kT or friction is 0): the innovations are not defined"], None
    kinds = claim.integrator.facts_for(claim.dynamics).normals
    battery = Battery(
        steps, claim.particles, kinds * claim.dimension, force=not claim.free, predictable=not average,
        thermal_speed2=claim.kT / claim.mass if claim.underdamped else None, in_time=not average,
    )  # fmt: skip
    moving = MovingAverage() if average else None
    noise = SeededNoise(claim.simulation) if seeded and claim.regenerable else None
    residual = (0.0, 0.0, 0.0)
    with ThreadPoolExecutor(max(1, min(4, available_threads())), thread_name_prefix="verdict") as pool:
        for slab, found in inverted(trajectory, claim):
            refuse_absurd(found.xi)
            if found.residual is not None:
                residual = max(residual, (found.residual / found.bound, found.residual, found.bound))
            if noise is not None:
                noise.add(slab, found)
            xi = found.xi
            if moving is not None:
                moving.add(xi)
                xi = whitened(xi)
            if len(xi):
                share = float(np.max(found.rounding / ROUNDINGS) ** 2) / 6.0  # of two numbers, uniform
                battery.rounding = max(battery.rounding, share * (len(xi) if average else 1))  # whitening multiplies
                x, f = slab.x[: len(xi)], slab.f[: len(xi)]
                battery.add(Part(xi, xi * xi, x, None if average else found.before, f), pool)
    if average and battery.rounded:
        what = _roundings(trajectory)
        return [], [f"{what}: the noise of a moving average can't be told from rounding, and is not tested"], None
    lines = []
    if residual[2] > 0.0:
        lines.append(rounding_line("step: v after the noise, two ways", "integrity", *residual[1:]))
    elif noise is None:
        notes.append("the scheme leaves nothing determined twice: no test of integrity")
    if noise is not None:
        lines.append(noise.line())
    lines += battery.lines(family_error)
    if moving is not None:
        lines += moving.lines()
    lines += friction_from_file(battery, claim, family_error)
    if battery.rounded:
        notes.append(
            f"{_roundings(trajectory)}: that adds up to {battery.rounding:.1g} to the strength of the noise; tests "
            "that would take it for the noise are not counted"
        )
    return battery.fair(lines), notes, battery


def _roundings(trajectory):
    grid = grid_of(trajectory)
    return grid if any(grid) else f"numbers are stored as {trajectory.positions.dtype}"


def _spreads(kernel):
    spread = np.asarray(kernel.spread)
    return spread if spread.ndim == 1 else np.concatenate([spread[:, 0, 0], spread[:, 1, 1]])

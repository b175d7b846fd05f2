"""All that can be said of a trajectory at once: what ``brownian analyze FILE`` prints."""

import functools
from dataclasses import dataclass

import numpy as np

from ..arguments import checked
from ..dynamics import Langevin, Overdamped
from .calibration import calibrate
from .correlation import msd, vacf
from .equilibrium import (
    configurational_temperature,
    expected_kinetic_temperature,
    kinetic_temperature,
    virial_temperature,
)
from .landscape import linear_stiffness, potential_of
from .passage import escape_rate, mean_first_passage_time
from .reading import dynamics_of, known
from .stationarity import relaxation
from .statistics import TooFewData, mean
from .transport import diffusion, einstein_diffusion, green_kubo


@dataclass(frozen=True)
class Row:
    """One estimate, what is expected where that is known, or why there is none."""

    name: str
    value: float | None = None
    error: float | None = None
    samples: int | None = None
    expected: float | None = None
    word: str = ""


@dataclass
class Summary:
    """Rows of a trajectory's analysis, and how much of it was left out as not yet stationary."""

    title: str
    note: str
    rows: list[Row]

    def as_data(self):
        """Plain data, for JSON."""
        return {"title": self.title, "note": self.note, "rows": [vars(row) for row in self.rows]}

    def __str__(self):
        """The rows as a table."""
        head = ("quantity", "value", "std. error", "samples", "expected")
        cells = [head, *(_cells(row) for row in self.rows)]
        widths = [max(len(row[k]) for row in cells) for k in range(5)]
        table = [
            "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
            for row in cells
        ]
        for k, row in enumerate(self.rows):
            if row.word:
                table[k + 1] = f"{table[k + 1].rstrip()}  ({row.word})"
        return "\n".join([self.title, self.note, *(line.rstrip() for line in table)])


def _cells(row):
    if row.value is None:
        return row.name, "-", "", "", ""
    expected = "" if row.expected is None else f"{row.expected:.6g}"
    return row.name, f"{row.value:.6g}", f"{row.error:.2g}", f"{row.samples:,}", expected


@checked
def summarise(trajectory):
    """Diffusion, correlations, spectrum and temperatures of a trajectory, each with its standard error.

    Parameters
    ----------
    trajectory : Trajectory
        Any; what can't be had of it is listed with the reason.

    Returns
    -------
    Summary
        Expectations stand beside an estimate where the file says how it was made.

    Examples
    --------
    >>> import brownian as bn
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.1,
    ...                      particles=64, seed=7).run(steps=500, every=0.1)
    >>> [row.name for row in bn.analysis.summarise(trap).rows if row.value is not None][:2]
    ['mean squared displacement, lag 0.1', 'mean squared displacement, lag 6.2']
    """
    start, note = 0, ""
    try:
        found = relaxation(trajectory)
        start, note = found.frames, found.note
    except TooFewData:
        note = f"{len(trajectory)} frames are too few to see where the start is forgotten: the whole file is used"
    except ValueError as error:
        note = f"the whole file is used: {error}"
    rows = []

    def add(name, make, expected=None):
        try:
            estimate = make()
            value = float(np.mean(estimate.value))
            rows.append(Row(name, value, float(np.max(estimate.error)), int(np.min(estimate.samples)), _try(expected)))
        except (ValueError, TypeError) as error:  # the latter of a potential without what is needed
            rows.append(Row(name, word=" ".join(str(error).split())))

    frames = len(trajectory) - start
    for lag in sorted({1, max(1, frames // 8)}):
        add(f"mean squared displacement, lag {_lag(trajectory, lag)}", lambda lag=lag: _at(msd, trajectory, lag, start))
    if not _confined(trajectory):
        add("diffusion, slope", lambda: diffusion(trajectory, start=start), lambda: _einstein(trajectory))
        add("diffusion, Green-Kubo", lambda: green_kubo(trajectory, start=start), lambda: _einstein(trajectory))
    if trajectory.velocities is not None:
        add("velocity autocorrelation, lag 0", lambda: _at(vacf, trajectory, 0, start))
        add(
            "kinetic temperature, on the step",
            lambda: kinetic_temperature(trajectory, start=start),
            lambda: expected_kinetic_temperature(trajectory),
        )
        add(
            "kinetic temperature, half step",
            lambda: kinetic_temperature(trajectory, half=True, start=start),
            lambda: expected_kinetic_temperature(trajectory, half=True),
        )
    add(
        "configurational temperature",
        lambda: configurational_temperature(trajectory, start=start),
        lambda: _kT(trajectory, weighted=True),
    )
    if _open(trajectory):
        rows.append(Row("virial temperature", word="positions are not confined: their virial is not kT"))
    else:
        add("virial temperature", lambda: virial_temperature(trajectory, start=start), lambda: _kT(trajectory))
    if _trapped(trajectory):
        stiffness = linear_stiffness(potential_of(trajectory), trajectory.dimension)
        fitted = _calibrated(trajectory, start)
        for name, expected in (("stiffness", stiffness), ("friction", known(trajectory, "friction")[0])):
            add(
                f"{name}, from the spectrum",
                lambda name=name: getattr(fitted(), name),
                lambda expected=expected: expected,
            )
    if "work" in trajectory.columns:
        energies = trajectory.energies
        ends = {"work": energies.work, "heat": energies.heat.sum(axis=2), "shadow work": energies.shadow_work}
        for name, values in ends.items():
            add(f"{name} since the start", lambda values=values: mean(values[-1]))
    if "stop time" in trajectory.columns:
        times, end = trajectory.stop_times, float(trajectory.times[-1] - trajectory.times[0])
        add("mean first-passage time", lambda: mean_first_passage_time(times - trajectory.times[0], end))
        add("rate of stopping", lambda: escape_rate(times - trajectory.times[0], end))
    title = f"{len(trajectory)} frames, {trajectory.particles:,} particles, dimension {trajectory.dimension}"
    return Summary(title, note, rows)


def _calibrated(trajectory, start):
    """The spectrum's fit, made once: with inertia where the record resolves it."""

    @functools.cache
    def fitted():
        try:
            return calibrate(trajectory, start=start, inertia=known(trajectory, "mass")[0] > 0.0)
        except TooFewData:
            return calibrate(trajectory, start=start)

    return fitted


def _try(expected):
    try:
        return None if expected is None else float(np.mean(expected()))
    except ValueError:
        return None


def _lag(trajectory, lag):
    return f"{trajectory.times[min(lag, len(trajectory) - 1)] - trajectory.times[0]:.6g}"


def _at(function, trajectory, lag, start):
    _, estimate = function(trajectory, lags=[lag], start=start)
    return estimate


def _einstein(trajectory):
    """Of the scheme; of dynamics with memory, for which no scheme's is known, that of continuous time."""
    dynamics = dynamics_of(trajectory)
    if isinstance(dynamics, Langevin | Overdamped):
        return einstein_diffusion(trajectory)
    return dynamics.diffusion


def _kT(trajectory, weighted=False):
    """KT; of a trap with several, their mean, weighted by the stiffness where squares of forces are averaged."""
    (kT,) = known(trajectory, "kT")
    if np.ndim(kT) == 0:
        return kT
    stiffness = _stiffness(trajectory)
    if stiffness is None:
        raise ValueError("no one temperature is expected of baths of unequal kT")
    return np.average(kT, weights=stiffness if weighted else None)


def _stiffness(trajectory):
    try:
        return linear_stiffness(potential_of(trajectory), trajectory.dimension)
    except ValueError:
        return None


def _trapped(trajectory):
    stiffness = _stiffness(trajectory)
    return stiffness is not None and bool(np.all(stiffness > 0.0)) and bool(np.all(stiffness == stiffness[0]))


def _open(trajectory):
    """Whether nothing keeps the particles together, as far as the potential says."""
    try:
        return getattr(potential_of(trajectory), "confining", None) is False
    except ValueError:
        return False


def _confined(trajectory):
    try:
        return bool(getattr(potential_of(trajectory), "confining", False))
    except ValueError:
        return False

"""A picture of each kind, made from a file alone: what ``brownian plot FILE KIND`` does."""

import pathlib
from contextlib import suppress

import numpy as np

from ..potentials.definition import without_energy
from ..potentials.potential import by_component
from .curves import msd
from .judgement import verdict
from .landscapes import animation, boltzmann, density, landscape, phase_portrait
from .look import picture_file, save, style
from .spectra import psd, vacf

KINDS = ("msd", "vacf", "psd", "boltzmann", "landscape", "phase", "verdict", "animation")


def picture(path, kind, out=None):
    """Write a picture of an H5MD file.

    Parameters
    ----------
    path
        The file.
    kind
        One of ``KINDS``.
    out
        Where to; None: beside the file, ``<name>_<kind>.png`` (animation: .gif).

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        for an unknown kind, a file that lacks what the kind needs, or a name that says no format of pictures.
    OSError
        if the picture cannot be written there.
    """
    from ..simulation import open_trajectory

    if kind not in KINDS:
        raise ValueError(f"kind = {kind!r}, but it must be one of {', '.join(KINDS)}")
    path = pathlib.Path(path)
    animated = kind == "animation"
    out = out or path.with_name(f"{path.stem}_{kind}{'.gif' if animated else '.png'}")
    out = picture_file(out, ["gif"] if animated else None)
    with open_trajectory(path) as trajectory, style():
        drawn = _DRAWING[kind](trajectory, out)
        if drawn is not None:
            save(drawn.figure, out)
    return out


def _known(trajectory):
    """Parameters that are positive, units and potential as far as the file says, and where it is stationary from."""
    from ..analysis import relaxation
    from ..analysis.reading import known
    from ..units import SETS

    description = trajectory.description
    dynamics: dict[str, float] = {}
    for name in ("mass", "friction", "kT"):
        with suppress(ValueError):
            (value,) = known(trajectory, name)
            dynamics |= {name: value} if np.ndim(value) == 0 and value > 0.0 else {}
    potential = trajectory.simulation().potential if description else None
    try:
        start = relaxation(trajectory).frames
    except ValueError:
        start = 0
    return dynamics, SETS.get(description.get("units", "reduced")), potential, start


def _needs_potential(potential, kind):
    if potential is None:
        raise ValueError(f"{kind} needs the potential, and the file does not say which it was made with")
    return potential


def _msd(trajectory, out):
    from ..analysis import msd as measured

    dynamics, units, _, _ = _known(trajectory)
    return msd(*measured(trajectory), **dynamics, units=units)


def _vacf(trajectory, out):
    from ..analysis import vacf as measured

    return vacf(*measured(trajectory), units=_known(trajectory)[1])


def _psd(trajectory, out):
    from ..analysis import fit_trap

    _, units, _, start = _known(trajectory)
    return psd(fit_trap(trajectory, start=start), units=units)[0]


def _boltzmann(trajectory, out):
    from ..analysis import density as measured

    dynamics, units, potential, start = _known(trajectory)
    edges, estimate = measured(trajectory, start=start)
    ax = density(edges, estimate, label="simulation")
    one_axis = potential is not None and (trajectory.dimension == 1 or by_component(potential))
    one_axis = one_axis and without_energy(potential) is None
    if one_axis and "kT" in dynamics:
        boltzmann(np.linspace(edges[0], edges[-1], 400), potential, dynamics["kT"], ax=ax, units=units)
    ax.set(xlabel="position (first component)", ylabel="density")
    ax.legend()
    return ax


def _box(trajectory):
    x = np.asarray(trajectory.positions[:: max(1, len(trajectory) // 50)], dtype=float)
    low, high = x.min(axis=(0, 1)), x.max(axis=(0, 1))
    edges = [(a - 0.1 * (b - a), b + 0.1 * (b - a)) for a, b in zip(low, high, strict=True)]
    return edges[0] if trajectory.dimension == 1 else tuple(edges[:2])


def _landscape(trajectory, out):
    dynamics, units, potential, _ = _known(trajectory)
    if trajectory.dimension > 2:
        raise ValueError(f"a landscape has 1 or 2 dimensions, the file has {trajectory.dimension}")
    potential = _needs_potential(potential, "landscape")
    return landscape(potential, box=_box(trajectory), kT=dynamics.get("kT"), trajectory=trajectory, units=units)


def _phase(trajectory, out):
    dynamics, units, potential, _ = _known(trajectory)
    one_axis = trajectory.dimension == 1
    return phase_portrait(trajectory, potential=potential if one_axis else None, mass=dynamics.get("mass"), units=units)


def _verdict(trajectory, out):
    from ..fdt import validate

    return verdict(validate(trajectory))[0]


def _animation(trajectory, out):
    dynamics, units, potential, _ = _known(trajectory)
    drawable = potential if trajectory.dimension <= 2 else None
    animation(trajectory, out, potential=drawable, box=_box(trajectory), kT=dynamics.get("kT"), units=units)


_DRAWING = {
    "msd": _msd, "vacf": _vacf, "psd": _psd, "boltzmann": _boltzmann, "landscape": _landscape, "phase": _phase,
    "verdict": _verdict, "animation": _animation,
}  # fmt: skip

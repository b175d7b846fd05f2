"""Where particles are: densities over the Boltzmann law, landscapes, phase portraits, an animation."""

import pathlib

import numpy as np

from ..analysis.reading import checked_component
from ..arguments import ascending, checked, positive
from .curves import theory, with_errors
from .look import MUTED, axes_or_new, check_lengths, figure, style, unit_label


@checked(edges=ascending)
def density(edges, estimate, *, ax=None, label=None, **options):
    """A histogram as points at the middle of the bins, with one standard error each."""
    check_lengths("bins between edges", edges[1:], estimate=estimate.value)
    return with_errors((edges[1:] + edges[:-1]) / 2.0, estimate, ax=ax, label=label, **options)


@checked
def boltzmann(x, potential, kT, *, ax=None, units=None):
    """The Boltzmann density exp(-U/kT)/Z of a one-dimensional potential, dashed."""
    from ..theory import boltzmann_density

    ax = axes_or_new(ax)
    theory(x, boltzmann_density(x, potential.profile, kT=kT), ax=ax, label="Boltzmann")
    ax.set(xlabel=f"position{unit_label(units, 'length')}", ylabel=f"density{unit_label(units, 'length', '⁻¹')}")
    return ax


@checked(kT=positive)
def landscape(potential, *, box, ax=None, kT=None, trajectory=None, particles=6, units=None):
    """The energy along a line (one dimension) or as contours (two), with a few trajectories on it.

    Parameters
    ----------
    potential
        A potential with an energy.
    box
        (low, high) in one dimension, ((low, high), (low, high)) in two [L].
    kT
        Energies are shown up to 12 kT above the lowest if given [E].
    trajectory
        Paths of its first ``particles`` are drawn; in one dimension as position against time above the energy.
    """
    ax = axes_or_new(ax)
    label = unit_label(units, "length")
    if np.ndim(box[0]) == 0:
        low, high = box
        x = np.linspace(low, high, 400)
        u = potential.profile(x)
        ax.plot(x, u, color="black")
        ax.set(xlabel=f"position{label}", ylabel=f"energy{unit_label(units, 'energy')}", xlim=box)
        if kT is not None:
            ax.set_ylim(u.min() - kT, u.min() + 12.0 * kT)
        if trajectory is not None:
            above = ax.twinx()
            above.plot(trajectory.positions[:, :particles, 0], trajectory.times, lw=0.7, alpha=0.8)
            above.set_ylabel(f"time{unit_label(units, 'time')}")
            above.spines["right"].set_visible(True)
        return ax
    x, y = (np.linspace(low, high, 201) for low, high in box)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    u = potential.energy(points).reshape(len(y), len(x))
    top = u.min() + 12.0 * kT if kT is not None else np.quantile(u, 0.6)
    drawn = ax.contourf(x, y, np.minimum(u, top), levels=24, cmap="cividis")
    ax.figure.colorbar(drawn, ax=ax, label=f"energy{unit_label(units, 'energy')}")
    if trajectory is not None:
        for k in range(min(particles, trajectory.particles)):
            path = np.asarray(trajectory.positions[:, k])
            ax.plot(path[:, 0], path[:, 1], lw=0.8, color="white", alpha=0.7)
            ax.plot(*path[-1], "o", color="#ffa90e", ms=4)
    ax.set(xlabel=f"x{label}", ylabel=f"y{label}", xlim=box[0], ylim=box[1], aspect="equal")
    return ax


@checked
def phase_portrait(trajectory, *, ax=None, potential=None, mass=None, component=0, particles=2000, units=None):
    """Velocity against position of the last frame, over contours of the energy m v^2 / 2 + U(x) (one dimension)."""
    checked_component(trajectory, component)
    if trajectory.velocities is None:
        raise ValueError("a phase portrait needs velocities, and the trajectory has none")
    ax = axes_or_new(ax)
    x = np.asarray(trajectory.positions[-1, :particles, component])
    v = np.asarray(trajectory.velocities[-1, :particles, component])
    if potential is not None and mass is not None:
        grid_x, grid_v = (np.linspace(1.15 * values.min(), 1.15 * values.max(), 160) for values in (x, v))
        energy = potential.profile(grid_x)[np.newaxis] + 0.5 * mass * grid_v[:, np.newaxis] ** 2
        ax.contour(grid_x, grid_v, energy, levels=12, colors=MUTED, linewidths=0.7)
    ax.plot(x, v, ".", ms=2.5, alpha=0.6, rasterized=True)
    velocity = f" [{units.length}/{units.time}]" if units is not None and units.length else ""
    ax.set(xlabel=f"position{unit_label(units, 'length')}", ylabel=f"velocity{velocity}")
    return ax


def _margins(values):
    return values.min() - 0.05 * np.ptp(values), values.max() + 0.05 * np.ptp(values)


@checked(kT=positive)
def animation(trajectory, path, *, potential=None, box=None, kT=None, frames=100, particles=400, units=None):
    """Write a GIF of the first particles moving, over the landscape in two dimensions or on the energy in one.

    Parameters
    ----------
    path
        File name, ending in .gif.
    box
        As for ``landscape``; None: what the particles visit.
    frames
        At most so many frames, evenly chosen.
    """
    from matplotlib.animation import FuncAnimation, PillowWriter

    if pathlib.Path(path).suffix.lower() != ".gif":
        raise ValueError(f"path = {str(path)!r}, but it must end in .gif")
    chosen = np.unique(np.linspace(0, len(trajectory) - 1, min(frames, len(trajectory))).astype(int))
    x = np.stack([np.asarray(trajectory.positions[int(k), :particles], dtype=float) for k in chosen])
    plane = trajectory.dimension > 1
    if box is None:
        edges = [_margins(x[..., d]) for d in range(min(2, trajectory.dimension))]
        box = tuple(edges) if plane else edges[0]
    with style():
        drawing, ax = figure(figsize=(5.0, 4.4))
        if potential is not None:
            landscape(potential, box=box, ax=ax, kT=kT, units=units)

        def height(k):
            if plane:
                return x[k, :, 1]
            return potential.profile(x[k, :, 0]) if potential is not None else np.zeros(x.shape[1])

        (dots,) = ax.plot(x[0, :, 0], height(0), "o", ms=3, color="#ffa90e", mec="black", mew=0.3)
        if plane:
            ax.set(xlim=box[0], ylim=box[1])

        def show(k):
            dots.set_data(x[k, :, 0], height(k))
            ax.set_title(f"t = {trajectory.times[chosen[k]]:.4g}{unit_label(units, 'time')}")
            return [dots]

        FuncAnimation(drawing, show, frames=len(chosen)).save(path, writer=PillowWriter(fps=15), dpi=80)
    import matplotlib.pyplot as plt

    plt.close(drawing)
    return path

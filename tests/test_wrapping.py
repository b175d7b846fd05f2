"""Positions wrapped into a periodic box: found, refused where displacements are asked for, and unwrapped."""

import h5py
import numpy as np
import pytest
from conftest import STANDARD_ERRORS

import brownian as bn
from brownian.analysis import msd, unwrapped, wrapped_at

EDGES = np.array([3.0, 5.0])
DIFFUSION = 0.9 / 0.7


@pytest.fixture(scope="module")
def free():
    """Free particles in the plane: they move by 0.23 between frames, and leave every box."""
    return bn.Simulation(
        potential=bn.Free(), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.02, particles=50, dimension=2, seed=7
    ).run(steps=600, every=0.02)


def written(path, x, edges=EDGES, boundary=("periodic", "periodic"), kind="S8", edges_in_frames=False):
    """A file as another program writes it."""
    with h5py.File(path, "w") as file:
        file.create_group("h5md").attrs["version"] = [1, 1]
        group = file.create_group("particles/all")
        position = group.create_group("position")
        position["value"], position["step"] = x, np.arange(len(x))
        position["time"] = 0.02 * np.arange(len(x))
        box = group.create_group("box")
        box.attrs["dimension"] = x.shape[2]
        box.attrs.create("boundary", list(boundary), dtype=h5py.string_dtype() if kind is None else kind)
        if edges_in_frames:
            box.create_group("edges")["value"] = np.tile(edges, (len(x), 1))
        else:
            box["edges"] = edges
    return path


@pytest.mark.parametrize("kind", ["S8", None])
@pytest.mark.parametrize("edges", [EDGES, np.diag(EDGES)])
@pytest.mark.parametrize("lower", [0.0, -1.3])
def test_wrapped_positions_are_refused_and_unwrapped(free, tmp_path, kind, edges, lower):
    x = free.positions[:]
    path = written(tmp_path / "other.h5", (x - lower) % EDGES + lower, edges, kind=kind)
    with bn.open(path) as found:
        np.testing.assert_array_equal(found.box, EDGES)
        frame, particle, component = wrapped_at(found)
        inside = found.positions[frame : frame + 2]
        assert abs(inside[1] - inside[0])[particle, component] > EDGES[component] / 2
        for ask in (msd, bn.analysis.diffusion, bn.analysis.displacement_msd):
            with pytest.raises(ValueError, match=r"wrapped into a periodic box: .* particle \d+ jumps .*unwrapped"):
                ask(found, **({"lags": [1, 5]} if ask is bn.analysis.diffusion else {}))
        with pytest.raises(ValueError, match="wrapped"):
            bn.validate(found, scheme=bn.EulerMaruyama(), friction=0.7, kT=0.9, dt=0.02, potential=bn.Free())
        whole = unwrapped(found)
    np.testing.assert_allclose(whole.positions[:] - whole.positions[0], x - x[0], atol=1e-4)
    times, estimate = msd(whole, lags=[150])
    assert abs(estimate.z(2.0 * DIFFUSION * times)) < STANDARD_ERRORS
    # what the guard is there for: the wrapped ones would have given less than half
    wrapped = bn.from_arrays(whole.steps, whole.times, whole.positions[:] % EDGES)
    assert msd(wrapped, lags=[150])[1].value < 0.5 * 2.0 * DIFFUSION * times


def test_edges_of_every_frame(free, tmp_path):
    path = written(tmp_path / "other.h5", free.positions[:] % EDGES, edges_in_frames=True)
    with bn.open(path) as found:
        assert wrapped_at(found) is not None


def test_one_periodic_component(free, tmp_path):
    x = free.positions[:].astype(float)
    x[:, :, 1] %= EDGES[1]
    with bn.open(written(tmp_path / "other.h5", x, boundary=("none", "periodic"))) as found:
        np.testing.assert_array_equal(found.box, [np.inf, EDGES[1]])
        assert wrapped_at(found)[2] == 1
        y = free.positions[:]
        np.testing.assert_allclose(unwrapped(found).positions[:] - x[0], y - y[0], atol=1e-4)


def test_positions_beyond_the_box_are_no_wrapped_ones(free, tmp_path):
    with bn.open(written(tmp_path / "other.h5", free.positions[:])) as found:
        assert wrapped_at(found) is None
        assert msd(found, lags=[1])[1].value > 0.0


@pytest.mark.parametrize(
    "change",
    [
        {"boundary": ("none", "none")},
        {"boundary": ("", "aperiodic")},
        {"edges": np.array([0.0, 0.0])},
        {"edges": np.array([np.nan, np.nan])},
        {"edges": np.ones((2, 2))},
    ],
)
def test_what_says_nothing_of_a_box_is_none(free, tmp_path, change):
    with bn.open(written(tmp_path / "other.h5", free.positions[:] % EDGES, **change)) as found:
        assert found.box is None
        assert wrapped_at(found) is None
        with pytest.raises(ValueError, match="no periodic box"):
            unwrapped(found)


def test_edges_that_are_no_numbers(free, tmp_path):
    path = written(tmp_path / "other.h5", free.positions[:], edges=np.array(["a", "b"], "S1"))
    with bn.open(path) as found, pytest.raises(ValueError, match=r"box/edges has the type .*numbers were expected"):
        found.box


def test_our_own_files_have_no_box(tmp_path):
    trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.01, particles=3,
                         seed=7)  # fmt: skip
    assert trap.run(steps=10, every=0.01, out=tmp_path / "own.h5md").box is None

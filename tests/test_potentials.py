"""Every potential of the registry: force, Laplacian, minima, bits, sums, refusals; a user's own classes."""

import math
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest

import brownian as bn
from brownian.potentials import (
    REGISTRY,
    Gaussian,
    LogisticRegression,
    Rastrigin,
    Rings,
    TwoMoons,
    check_force,
    hessian,
    stiffest,
)
from brownian.potentials.definition import dimension_of, without_energy

FEATURES = np.array([[1.0, 0.7 * np.cos(1.9 * k), 0.3 * k - 1.7] for k in range(12)])
LABELS = [0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1]
EXAMPLES = {
    "Free": (bn.Free(), 2),
    "ConstantForce": (bn.ConstantForce([0.5, -1.2]), 2),
    "Harmonic": (bn.Harmonic([2.1, 3.3], center=[0.4, -0.2]), 2),
    "DoubleWell": (bn.DoubleWell(2.0, 1.2, 0.35), 2),
    "Cosine": (bn.Cosine(1.1, 2.0, 0.4), 1),
    "MuellerBrown": (bn.MuellerBrown(0.07), 2),
    "GaussianMixture": (bn.GaussianMixture([[-2, 0, 1], [2, 0.3, 0], [0, 1.1, 0]], [0.5, 0.6, 0.7], [1, 2, 3], 1.3), 3),
    "GaussianMixture far away": (bn.GaussianMixture([[-2, 0.3], [2, 1.1]], [0.015, 0.02], [1, 3], 1.3), 2),
    "Gaussian": (Gaussian([0.3, -0.2], [[2.1, 0.9], [0.9, 1.7]], 1.3), 2),
    "Ring": (bn.Ring(2.3, 1.5), 3),
    "Rings": (Rings([0.9, 1.7, 2.9], 0.3, [1, 2, 0.7], 1.3), 3),
    "Rastrigin": (Rastrigin(0.8, 2.3, 1.1), 2),
    "TwoMoons": (TwoMoons(1.9, 0.5, 1.6, 0.7, 1.3), 2),
    "LogisticRegression": (LogisticRegression(FEATURES, LABELS, [2.0, 1.5, 0.8], 1.3), 3),
    "Banana": (bn.Banana(2.2, 0.3, 1.2), 2),
    "Funnel": (bn.Funnel(2.1, 0.9), 3),
    "Quadratic": (bn.Quadratic([[2.1, 0.9], [0.9, 1.7]], center=[0.3, -0.2]), 2),
    "Rotation": (bn.Rotation(0.8), 2),
    "Shifted": (bn.Shifted(bn.Ring(2.3, 1.5), [0.3, -0.4]), 2),
    "Shifted by component": (bn.Shifted(bn.DoubleWell(2.0, 1.2), 0.4), 2),
    "Driven": (bn.Driven(bn.Harmonic([2.1, 3.3]), stiffness=bn.Sine([2.1, 3.0], [0.4, 0.5], 3.0, phase=0.3)), 2),
    "Sum": (bn.Ring(2.0, 1.5) + bn.Harmonic(1.3) + bn.ConstantForce(0.3), 2),
    "Sum by component": (bn.Harmonic(2.2) + bn.DoubleWell(1.4, 1.1), 2),
}


def test_every_potential_has_an_example():
    assert {type(potential).__name__ for potential, _ in EXAMPLES.values()} == {*REGISTRY, "DrivenPotential"}


@pytest.fixture(params=EXAMPLES)
def example(request):
    """A potential and its dimension."""
    return EXAMPLES[request.param]


def _points(dimension, count):
    return np.random.default_rng(5).normal(size=(count, dimension))


@pytest.fixture
def conservative(example):
    """A potential that has an energy, and its dimension."""
    if without_energy(example[0]) is not None:
        pytest.skip("the force has no energy")
    return example


def test_force_is_minus_gradient(conservative):
    example = conservative
    check_force(*example, scale=0.4, points=40)


def test_laplacian_is_divergence_of_minus_force(conservative):
    potential, dimension = conservative
    x, h = _points(dimension, 20), 1e-4
    up = sum(potential.force(x + h * e)[:, d] for d, e in enumerate(np.eye(dimension)))
    down = sum(potential.force(x - h * e)[:, d] for d, e in enumerate(np.eye(dimension)))
    size = np.abs(potential.laplacian(x)).max() + np.abs(potential.force(x)).max() + 1.0
    assert np.abs(potential.laplacian(x) - (down - up) / (2 * h)).max() < 1e-6 * size**1.5


def test_compiled_is_interpreted_bit_for_bit(conservative):
    potential, dimension = conservative
    x = _points(dimension, 400)
    for ask in (potential.energy, potential.force):
        assert np.array_equal(ask(x), np.concatenate([ask(x[i : i + 40]) for i in range(0, 400, 40)]))


def test_minima_are_minima(example):
    potential, dimension = example
    if not hasattr(potential, "minima") or type(potential).__name__ == "Free":
        pytest.skip("no minimum is stated")
    points = potential.minima(dimension)
    assert len(points)
    assert np.abs(potential.force(points)).max() < 1e-4 * max(1.0, stiffest(potential, dimension))
    for point in points:
        assert np.linalg.eigvalsh(hessian(potential, point)).min() > -1e-5 * stiffest(potential, dimension)


def test_nothing_recompiles_for_integers_or_odd_arrays():
    assert bn.Harmonic(1) == bn.Harmonic(1.0)
    assert isinstance(bn.DoubleWell(2, 1).barrier, float)
    fortran = np.asfortranarray(np.ones((3, 2)))
    fortran.flags.writeable = False
    mixture = bn.GaussianMixture(fortran, 0.5)
    assert mixture.means.flags["C_CONTIGUOUS"]
    assert mixture.means.flags["WRITEABLE"]
    assert bn.DoubleWell(2, 1)._replace(barrier=3).barrier == 3.0


def test_known_stationary_points(known):
    mueller = bn.MuellerBrown()
    expected = [-146.699517, -108.166724, -80.767818]  # Mueller, Brown 1979, recomputed to nine digits
    assert np.abs(mueller.energy(mueller.minima()) - expected).max() < 1e-6
    assert np.abs(mueller.energy(mueller.saddles()) - [-72.248940, -40.664844]).max() < 1e-6
    well = bn.DoubleWell(2.0, 1.2)
    assert well.energy(well.minima(1)).tolist() == pytest.approx([0.0, 0.0], abs=1e-12)
    assert stiffest(well, 1) == pytest.approx(8 * 2.0 / 1.44, rel=1e-6)
    assert len(bn.DoubleWell(2.0, 1.2).minima(3)) == 8


def test_large_dimension():
    x = _points(50, 10)
    assert np.allclose(bn.Harmonic(2.0).energy(x), (x * x).sum(1))
    assert bn.Funnel().force(x).shape == (10, 50)


class Quartic(NamedTuple):
    """A user's own class, by component."""

    a: float

    def component_energy(self, x, d, t):
        return self.a * x * x * x * x

    def component_force(self, x, d, t):
        return -4.0 * self.a * x * x * x


class Saddle(NamedTuple):
    """A user's own class, by block; it may allocate."""

    k: float

    def add_energy(self, x, t, u):
        for i in range(x.shape[1]):
            u[i] += self.k * x[0, i] * x[1, i]

    def add_force(self, x, t, f):
        swapped = np.empty(x.shape)
        swapped[0], swapped[1] = x[1], x[0]
        for d in range(2):
            for i in range(x.shape[1]):
                f[d, i] -= self.k * swapped[d, i]


class Wrong(NamedTuple):
    """Forgets the 4."""

    a: float

    def component_energy(self, x, d, t):
        return self.a * x * x * x * x

    def component_force(self, x, d, t):
        return -self.a * x * x * x


class Score(NamedTuple):
    """A force alone."""

    k: float

    def component_force(self, x, d, t):
        return -self.k * x


def _simulation(potential, **changes):
    arguments = dict(potential=potential, dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.01, particles=10)
    return bn.Simulation(**arguments | dict(dimension=2, seed=1, start="minimum") | changes)


def test_own_classes_run():
    for potential in (Quartic(0.3), Saddle(0.2)):
        trajectory = _simulation(potential).run(steps=5)
        assert np.isfinite(trajectory.positions[:]).all()
    summed = bn.Harmonic(1.0) + Saddle(0.2)
    assert summed.force([[1.0, 2.0]]).tolist() == [[-1.4, -2.2]]


def test_wrong_force_is_refused():
    with pytest.raises(ValueError, match=r"Wrong: the force is not -grad U. At x = .*force .*finite difference"):
        _simulation(Wrong(0.3))


def test_score_says_where_the_energy_is_missing():
    simulation = _simulation(Score(2.0))
    assert np.isfinite(simulation.run(steps=3).positions[:]).all()
    cubic = _simulation(CubicScore(1.0), start="stationary")
    with pytest.raises(ValueError, match="needs an energy, and CubicScore gives a force only"):
        cubic.run(steps=1)
    with pytest.raises(TypeError, match="Score gives a force only: an energy is needed"):
        (bn.Harmonic(1.0) + Score(2.0)).energy([[1.0, 2.0]])


class CubicScore(NamedTuple):
    """A nonlinear force alone."""

    k: float

    def component_force(self, x, d, t):
        return -self.k * x * x * x


REFUSED = [
    (lambda: bn.Harmonic(-1.0), ValueError, r"stiffness = .*must be positive"),
    (lambda: bn.Harmonic(math.nan), ValueError, "stiffness = nan, but it must be finite"),
    (lambda: bn.Harmonic("stiff"), TypeError, "stiffness = 'stiff', but numbers are needed"),
    (lambda: bn.Harmonic([1, 2, 3], [0, 1]), ValueError, "3 stiffnesses, but 2 components"),
    (lambda: bn.DoubleWell(0.0, 1.2), ValueError, "barrier = 0.0"),
    (lambda: bn.DoubleWell(2.0, [1.0, 2.0]), TypeError, "one number is needed"),
    (lambda: bn.GaussianMixture([0.0, 1.0], 1.0), ValueError, "means of shape"),
    (lambda: bn.GaussianMixture([[0.0], [1.0]], [1.0, 2.0, 3.0]), ValueError, "widths of shape"),
    (lambda: bn.Ring(2.0, math.inf), ValueError, "radius = inf"),
    (lambda: bn.Harmonic(1.0) + 3.0, TypeError, "3.0 is no potential"),
    (lambda: 3.0 + bn.Harmonic(1.0), TypeError, "3.0 is no potential"),
    (lambda: 2 * bn.Harmonic(1.0), TypeError, "scale its parameters"),
    (lambda: bn.MuellerBrown() + bn.Harmonic([1.0, 2.0, 3.0]), ValueError, r"\[2, 3\] dimensions"),
    (lambda: bn.MuellerBrown().energy([[0.0]]), ValueError, "lives in 2 dimensions, positions have 1"),
    (lambda: bn.Harmonic(1.0).energy(np.zeros((2, 2, 2))), ValueError, "positions of shape"),
]


@pytest.mark.parametrize(("make", "error", "message"), REFUSED)
def test_refusals(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_dimension_of_sums():
    assert dimension_of(bn.MuellerBrown() + bn.Harmonic(1.0)) == 2
    assert dimension_of(bn.Harmonic(1.0) + bn.Free()) is None


def test_import_is_light():
    code = (
        "import sys, brownian; loaded = set(sys.modules); "
        "assert not loaded & {'numba', 'h5py', 'matplotlib', 'sympy', 'scipy'}, loaded; "
        "brownian.Harmonic(1.0).energy([1.0]); "
        "assert not set(sys.modules) & {'h5py', 'matplotlib', 'sympy'}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

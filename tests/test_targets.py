"""Targets with exact moments: closed forms, quadrature and draws compared; the mixture far away; data sets."""

import math

import numpy as np
import pytest
from conftest import STANDARD_ERRORS

import brownian as bn
from brownian import datasets
from brownian.potentials import (
    ExactMoments,
    Gaussian,
    LogisticRegression,
    Rastrigin,
    Rings,
    TwoMoons,
    exact_moments,
    mixture,
)

FEATURES = np.array([[1.0, 0.3 * k - 1.7] for k in range(12)])
LABELS = [0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1]
COVARIANCE = np.array([[2.1, 0.9, -0.3], [0.9, 1.7, 0.2], [-0.3, 0.2, 0.8]])
THREE = bn.GaussianMixture([[-2.0, 0.3], [2.0, 1.1], [0.4, -1.3]], [0.5, 0.6, 0.8], [1.0, 2.0, 3.0], 1.3)

DRAWN = [
    (bn.Harmonic([2.1, 3.3], [0.4, -0.2]), 0.9, 2),
    (bn.Quadratic(COVARIANCE, [0.3, -0.2, 0.7]), 0.9, 3),
    (Gaussian([0.3, -0.2, 0.7], COVARIANCE, 1.3), 0.9, 3),
    (THREE, 1.3, 2),
    (bn.GaussianMixture.on_circle(8, 1.9, 0.3, scale=0.7), 0.7, 2),
    (bn.GaussianMixture.on_grid(3, 1.7, 0.2, scale=0.7), 0.7, 2),
    (bn.Ring(2.3, 1.5), 0.9, 3),
    (Rings([0.9, 1.7, 2.9], 0.3, [1.0, 2.0, 0.7], 1.3), 0.9, 2),
    (Rings([0.9, 1.7, 2.9], 0.3, [1.0, 2.0, 0.7], 1.3), 1.7, 3),
    (bn.Banana(2.2, 0.3, 1.2), 0.9, 2),
    (bn.Funnel(0.8, 1.2), 0.9, 3),
]


def _deviations(x, moments):
    """Of the mean and of all second moments of independent draws, in standard errors."""
    y = x - moments.mean
    values = [y, *((y * y[:, [k]]) - moments.covariance[k] for k in range(x.shape[1]))]
    return np.concatenate([v.mean(axis=0) / (v.std(axis=0, ddof=1) / math.sqrt(len(v))) for v in values])


def _draw(potential, kT, dimension, n=200_000):
    rng = np.random.default_rng(11)
    return potential.draw(rng.normal(size=(n, dimension)), rng.random((n, 4)), kT)


@pytest.mark.parametrize(("potential", "kT", "dimension"), DRAWN)
def test_draws_have_the_exact_moments(potential, kT, dimension):
    x = _draw(potential, kT, dimension)
    assert np.abs(_deviations(x, exact_moments(potential, kT, dimension))).max() < STANDARD_ERRORS
    if not isinstance(potential, bn.GaussianMixture):  # a wrong temperature would be seen
        assert np.abs(_deviations(x, exact_moments(potential, 1.1 * kT, dimension))).max() > STANDARD_ERRORS


def test_known_moments():
    """Closed forms of Haario 1999 and Neal 2003; double wells by quadrature in 50 digits."""
    assert exact_moments(bn.Banana()).covariance == pytest.approx(np.diag([100.0, 19.0]), rel=1e-14)
    funnel = exact_moments(bn.Funnel(), dimension=10).covariance
    assert np.diag(funnel) == pytest.approx([9.0] + 9 * [math.exp(4.5)], rel=1e-14)
    for barrier, square in ((1.0, 0.83274549), (2.0, 0.85213615), (4.0, 0.91767086)):
        moments = exact_moments(bn.DoubleWell(barrier, 1.0), dimension=3)
        assert moments.covariance == pytest.approx(square * np.eye(3), abs=5e-9)  # eight digits are stated
        assert moments.mean == pytest.approx(np.zeros(3), abs=1e-13)


def _on_a_grid(potential, kT, half):
    """The same by a sum over a fine grid, which converges beyond all powers for smooth energies."""
    line = np.linspace(-half, half, 1201)
    x = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    u = potential.energy(x) / kT
    weight = np.exp(u.min() - u)
    weight /= weight.sum()
    mean = weight @ x
    return mean, (weight * (x - mean).T) @ (x - mean)


PLANE = [
    (bn.MuellerBrown(), 15.0, 5.0),
    (bn.MuellerBrown(0.07), 1.9, 6.0),
    (THREE, 1.7, 9.0),
    (THREE, 1.3, 9.0),
    (TwoMoons(1.9, 0.4, 1.6, 0.7, 1.3), 0.7, 5.0),
    (Rings([1.9, 2.9], 0.3, [1.0, 2.0], 1.3), 0.9, 6.0),
    (bn.Ring(9.0, 1.5) + bn.Harmonic(1.3) + bn.ConstantForce([0.3, 0.1]), 0.8, 5.0),
    (LogisticRegression(FEATURES, LABELS, [2.0, 1.1], 1.3), 0.9, 12.0),
    (Rastrigin(0.8, 2.3, 1.1), 0.7, 6.0),
    (bn.Shifted(bn.DoubleWell(2.0, 1.2, 0.35), [0.4, -0.3]), 0.9, 5.0),
    (bn.Shifted(bn.Banana(1.2, 0.3, 1.2), [0.4, -0.3]), 0.9, 25.0),
    (bn.Quadratic([[2.1, 0.9], [0.9, 1.7]]) + bn.Harmonic(0.7, [0.3, 0.4]) + bn.ConstantForce(0.4), 0.9, 9.0),
]


@pytest.mark.parametrize(("potential", "kT", "half"), PLANE)
def test_quadrature_agrees_with_a_sum_over_a_grid(potential, kT, half):
    moments, (mean, covariance) = exact_moments(potential, kT, 2), _on_a_grid(potential, kT, half)
    assert np.abs(moments.mean - mean).max() < 1e-7  # both are good to eight digits of numbers below 4
    assert np.abs(moments.covariance - covariance).max() < 1e-7
    if potential is not THREE:  # another temperature would be seen
        assert np.abs(exact_moments(potential, 1.001 * kT, 2).covariance - covariance).max() > 1e-5


def test_quadrature_at_any_scale():
    known = exact_moments(THREE, 0.9).covariance
    for unit in (1e-7, 1e5):
        scaled = bn.GaussianMixture(THREE.means * unit, THREE.widths * unit, THREE.weights, 1.3)
        assert exact_moments(scaled, 0.9).covariance / unit**2 == pytest.approx(known, rel=1e-7)


def test_moments_of_an_expression_and_of_own_classes():
    known = exact_moments(bn.DoubleWell(2.0, 1.2, 0.35), 0.9, 1)
    text = exact_moments(bn.Expression("h*((x/w)**2 - 1)**2 - 0.35*x", h=2.0, w=1.2), 0.9)
    assert text.mean == pytest.approx(known.mean, rel=1e-11)
    assert text.covariance == pytest.approx(known.covariance, rel=1e-11)


MOVING = bn.Driven(bn.Harmonic(2.1), stiffness=bn.Ramp(2.1, 4.4, duration=1.5))
NO_MOMENTS = [
    (lambda: exact_moments(3.0), TypeError, "3.0 is no potential"),
    (lambda: exact_moments(bn.Harmonic(2.0)), ValueError, "Harmonic can be used in any dimension; give dimension"),
    (lambda: exact_moments(bn.Banana(), dimension=3), ValueError, "dimension = 3, but Banana lives in 2"),
    (lambda: exact_moments(bn.Harmonic(2.0), dimension=0), ValueError, "dimension must be at least 1"),
    (lambda: exact_moments(bn.Harmonic(2.0), -1.0, 2), ValueError, "kT must be finite and > 0, got -1.0"),
    (lambda: exact_moments(bn.Free(), dimension=2), ValueError, "Free does not confine"),
    (lambda: exact_moments(bn.Cosine(1.1, 2.0), dimension=1), ValueError, "Cosine does not confine"),
    (lambda: exact_moments(bn.Harmonic(2.0) + bn.Rotation(0.8)), TypeError, "Rotation gives a force only"),
    (lambda: exact_moments(MOVING, dimension=1), ValueError, "parameters of DrivenPotential move with time"),
    (lambda: exact_moments(bn.Shifted(MOVING, 1.0), dimension=1), ValueError, "parameters of Shifted move"),
    (lambda: exact_moments(bn.Expression("x**2 + t*x")), ValueError, "move with time"),
    (lambda: exact_moments(LogisticRegression(np.eye(4), [0, 1, 1, 0])), ValueError, "LogisticRegression in 4 dim"),
    (lambda: exact_moments(bn.GaussianMixture(np.eye(3), 0.5), 0.7), ValueError, "in 3 dimensions at kT = 0.7"),
]
REFUSED = [
    (lambda: Gaussian(0.0, [[1.0, 0.2], [0.3, 1.0]]), ValueError, "must be symmetric"),
    (lambda: Gaussian(0.0, [[1.0, 2.0], [2.0, 1.0]]), ValueError, "covariance has the eigenvalue -1"),
    (lambda: Gaussian([0.0, 1.0, 2.0], np.eye(2)), ValueError, r"mean of shape \(3,\) for 2 dimensions"),
    (lambda: Gaussian(0.0, np.ones((2, 3))), ValueError, r"covariance of shape \(2, 3\)"),
    (lambda: Gaussian(0.0, [[math.nan]]), ValueError, "covariance = .*must be finite"),
    (lambda: Gaussian("here", 1.0), TypeError, "mean = 'here', but numbers"),
    (lambda: Gaussian(0.0, 1.0, scale=-2.0), ValueError, "scale = -2.0, but it must be positive"),
    (lambda: bn.GaussianMixture.on_circle(0), ValueError, "components = 0, but a whole number"),
    (lambda: bn.GaussianMixture.on_grid(2.5), ValueError, "side = 2.5"),
    (lambda: Rings([1.0, -2.0], 0.2), ValueError, "radii = .*must be positive"),
    (lambda: Rings([1.0, 2.0], 0.2, [1.0, 2.0, 3.0]), ValueError, r"weights of shape \(3,\)"),
    (lambda: Rastrigin(spacing=0.0), ValueError, "spacing = 0.0"),
    (lambda: TwoMoons(spread=-1.0), ValueError, "spread = -1.0"),
    (lambda: LogisticRegression(FEATURES, [0.5, *LABELS[1:]]), ValueError, "labels contain 0.5"),
    (lambda: LogisticRegression(FEATURES, LABELS[1:]), ValueError, r"labels of shape \(11,\), but one for each of 12"),
    (lambda: LogisticRegression([1.0, 2.0], [0, 1]), ValueError, r"features of shape \(2,\)"),
    (lambda: LogisticRegression([[1.0], [math.nan]], [0, 1]), ValueError, "features = .*must be finite"),
    (lambda: LogisticRegression(FEATURES, LABELS, [1.0, 2.0, 3.0]), ValueError, r"prior of shape \(3,\), but 1 or 2"),
    (lambda: LogisticRegression(FEATURES, LABELS, 0.0), ValueError, "prior = .*must be positive"),
]


@pytest.mark.parametrize(("make", "error", "message"), [*NO_MOMENTS, *REFUSED])
def test_refusals(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_exponential():
    x = np.concatenate([-np.geomspace(1e-9, 708.0, 40_000), [0.0, -800.0, -math.inf]])
    with np.errstate(over="ignore"):
        got = np.array([mixture.exp_of_negative(np.float64(value)) for value in x])
    exact = np.exp(np.maximum(x, -708.0).astype(np.longdouble))
    assert np.abs((got - exact) / np.spacing(got)).max() < 1.1
    assert math.isnan(mixture.exp_of_negative(np.float64(math.nan)))


def _mixture_in_long_double(potential, x):
    """Energy and force, each with the size of what its rounding comes from."""
    means, widths, weights = (np.asarray(v, np.longdouble) for v in potential[:3])
    apart = means - x[:, None].astype(np.longdouble)
    e = np.log(weights / weights.sum()) - x.shape[1] * np.log(widths * np.sqrt(2 * np.longdouble(np.pi)))
    e = e - 0.5 * (apart**2).sum(axis=2) / widths**2
    top = e.max(axis=1, keepdims=True)
    share = np.exp(e - top)
    energy = -potential.scale * (np.log(share.sum(axis=1)) + top[:, 0])
    share /= share.sum(axis=1, keepdims=True)
    pulls = apart / widths[:, None] ** 2
    size = (share[..., None] * np.abs(pulls)).sum(axis=1) * (1.0 + np.abs(e.max(axis=1, keepdims=True)))
    return energy, potential.scale * (share[..., None] * pulls).sum(axis=1), potential.scale * size


FAR = bn.GaussianMixture([[-2.0, 0.3], [2.0, 1.1], [0.4, -1.3]], [0.015, 0.02, 0.02], [1.0, 2.0, 3.0], 1.3)


def _near_and_far():
    rng = np.random.default_rng(3)
    return np.concatenate([rng.normal(size=(300, 2)) * s + FAR.means[rng.integers(3, size=300)] for s in (0.02, 1, 40)])


def _force_errors(x):
    _, force, size = _mixture_in_long_double(FAR, x)
    got = np.concatenate([FAR.force(x[i : i + 100]) for i in range(0, len(x), 100)])
    return np.abs(got - force) / size


def test_mixture_far_from_all_means(monkeypatch):
    x = _near_and_far()
    energy, _, _ = _mixture_in_long_double(FAR, x)
    allowed = 40 * np.finfo(float).eps  # some ten roundings of exponents, each relative to the largest
    assert (np.abs(FAR.energy(x) - energy) < allowed * (FAR.scale * 8 + np.abs(energy))).all()
    assert _force_errors(x).max() < allowed
    monkeypatch.setattr(mixture, "_SMALL", 0.0)  # as it would be without looking at what is left of the sum
    assert _force_errors(x).max() > 1e-3
    assert np.isnan(FAR.force([[math.nan, 0.0]])[0]).any()


def test_mixture_has_the_same_bits_in_any_company():
    x = np.random.default_rng(4).permutation(_near_and_far())
    for ask in (FAR.force, FAR.energy, FAR.laplacian):
        whole = ask(x)  # compiled; the parts are interpreted
        assert np.array_equal(whole, np.concatenate([ask(x[i : i + 1]) for i in range(len(x))]))


def test_targets_are_what_their_formulas_say():
    x = np.random.default_rng(6).normal(size=(50, 2)) * 1.5
    r = np.linalg.norm(x, axis=1)
    rings = Rings([0.9, 2.1], 0.3, [1.0, 2.5], 1.3)
    density = sum(w * np.exp(-0.5 * ((r - k) / 0.3) ** 2) for w, k in ((1.0, 0.9), (2.5, 2.1)))
    assert rings.energy(x) == pytest.approx(-1.3 * np.log(density), rel=1e-12, abs=1e-12)
    moons = 0.5 * ((r - 2.0) / 0.4) ** 2 - np.log(sum(np.exp(-0.5 * ((x[:, 0] - s) / 0.6) ** 2) for s in (2.0, -2.0)))
    assert TwoMoons(scale=1.3).energy(x) == pytest.approx(1.3 * moons, rel=1e-12, abs=1e-12)
    rastrigin = 20.0 + (x**2 - 10.0 * np.cos(2.0 * np.pi * x)).sum(axis=1)
    assert Rastrigin().energy(x) == pytest.approx(rastrigin, rel=1e-12, abs=1e-12)
    z = x @ FEATURES.T
    likelihood = (np.log1p(np.exp(z)) - z * LABELS).sum(axis=1)
    posterior = LogisticRegression(FEATURES, LABELS, [2.0, 1.1], 1.3)
    assert posterior.energy(x) == pytest.approx(1.3 * (likelihood + ((x / [2.0, 1.1]) ** 2).sum(axis=1) / 2), rel=1e-12)
    matrix = COVARIANCE[:2, :2]
    distance = np.einsum("ni,ij,nj->n", x - 0.3, np.linalg.inv(matrix), x - 0.3)
    assert Gaussian([0.3, 0.3], matrix, 1.3).energy(x) == pytest.approx(1.3 * distance / 2, rel=1e-12)


def test_logistic_regression_does_not_overflow():
    sure = LogisticRegression([[1.0], [1.0]], [0, 1], prior=1e150)
    assert sure.energy([[1e5], [-1e5]]).tolist() == [1e5, 1e5]
    assert sure.force([[1e5], [-1e5]]).tolist() == [[-1.0], [1.0]]
    assert (sure.laplacian([[1e5], [-1e5]]) < 1e-290).all()
    posterior = LogisticRegression(FEATURES, LABELS, 2.0)
    assert np.abs(posterior.force(posterior.minima(2))).max() < 1e-7
    assert posterior.minima(2)[0, 1] > 0.0  # larger features, more ones


@pytest.mark.parametrize(
    ("potential", "start"),
    [
        (TwoMoons(), "minimum"),
        (LogisticRegression(FEATURES, LABELS), "minimum"),
        (Rings([1.0, 2.0], 0.3), "stationary"),
    ],
)
def test_targets_run(potential, start):
    simulation = bn.Simulation(
        potential=potential, dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.002, particles=40, dimension=2, seed=3,
        start=start,
    )  # fmt: skip
    assert np.isfinite(simulation.run(steps=20).positions[:]).all()


SPIRAL = 3 / (4 * math.pi) ** 2  # half of <r^2 cos(4 pi r)>, r^2 uniform up to 1.5^2
POINTS = {
    "two_moons": (
        lambda seed: datasets.two_moons(40_000, 0.2, seed),
        (0.5, 0.25),
        (0.79, 0.25 + 0.375 - 1 / math.pi - 0.25**2 + 0.2**2),
    ),
    "eight_gaussians": (lambda seed: datasets.eight_gaussians(40_000, 1.7, 0.3, seed), (0.0, 0.0), (1.535, 1.535)),
    "rings": (lambda seed: datasets.rings(40_000, (0.5, 1.5), 0.3, seed), (0.0, 0.0), (0.715, 0.715)),
    "spirals": (
        lambda seed: datasets.spirals(40_000, 2, 1.5, 0.3, seed),
        (0.0, 0.0),
        (0.6525 + SPIRAL, 0.6525 - SPIRAL),
    ),
    "checkerboard": (lambda seed: datasets.checkerboard(40_000, 4, seed), (0.0, 0.0), (4 / 3, 4 / 3)),
}


@pytest.mark.parametrize("name", POINTS)
def test_points_of_data_sets(name):
    make, mean, variance = POINTS[name]
    x = make(5)
    assert x.shape == (40_000, 2)
    assert x.dtype == np.float64
    assert np.array_equal(x, make(5))
    assert not np.array_equal(x, make(6))
    deviations = _deviations(x, ExactMoments(np.array(mean), np.diag(variance)))
    assert np.abs(deviations[:2]).max() < STANDARD_ERRORS
    assert np.abs(deviations[[2, 5]]).max() < STANDARD_ERRORS


def test_patterns():
    for size in (1, 2, 3, 4):
        patterns = datasets.bars_and_stripes(size)
        assert len(patterns) == max(2, 2 ** (size + 1) - 2)
        pictures = patterns.reshape(-1, size, size)
        bars, stripes = (
            (pictures == pictures[:, :1]).all(axis=(1, 2)),
            (pictures == pictures[:, :, :1]).all(axis=(1, 2)),
        )
        assert (bars | stripes).all()
        assert bars.sum() == stripes.sum() == 2**size
    even, odd = datasets.parity_patterns(5), datasets.parity_patterns(5, odd=True)
    assert len(np.unique(np.concatenate([even, odd]), axis=0)) == 32
    assert set((even.sum(axis=1) % 2).tolist()) == {0.0}
    assert np.array_equal(np.cov(even.T, bias=True), 0.25 * np.eye(5))
    shifted = datasets.shifter_patterns(4)
    assert shifted.shape == (48, 11)
    for row in shifted:
        assert np.array_equal(np.roll(row[:4], int(row[8:] @ [-1, 0, 1])), row[4:8])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: datasets.two_moons(0), "n must be a whole number from 1 to 1000000000, got 0"),
        (lambda: datasets.two_moons(10, noise=-0.1), "noise must be .*>= 0, got -0.1"),
        (lambda: datasets.two_moons(10, seed=-1), "seed must be a whole number"),
        (lambda: datasets.rings(10, radii=[[1.0], [2.0]]), "one row of numbers"),
        (lambda: datasets.spirals(10, arms=1.5), "arms must be a whole number"),
        (lambda: datasets.checkerboard(10, side="four"), "side must be a whole number"),
        (lambda: datasets.bars_and_stripes(13), "size must be from 1 to 12, got 13"),
        (lambda: datasets.shifter_patterns(2), "size must be from 3 to 12, got 2"),
    ],
)
def test_refusals_of_data_sets(make, message):
    with pytest.raises(ValueError, match=message):
        make()

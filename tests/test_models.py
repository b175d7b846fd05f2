"""Energy models: derivatives against differences, parts against potentials, and what is refused."""

import os
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest
from conftest import standard_errors

import brownian as bn
from brownian.models import (
    BasisEnergy,
    MixtureEnergy,
    NetworkEnergy,
    PolynomialEnergy,
    energy_model,
    parameter_gradient,
)
from brownian.models.batches import LANES, PIECES, Batches
from brownian.models.products import add_outer_product, add_product
from brownian.potentials.definition import check_force

DIMENSION, KT = 2, 0.8
RNG = np.random.default_rng(11)


def normal(*shape, spread=1.0):
    """Random numbers for parameters and points."""
    return spread * RNG.normal(size=shape)


def polynomial(dimension=DIMENSION, degree=4):
    model = PolynomialEnergy.up_to(degree, dimension, top=0.7)
    size = model.coefficients.size
    return model.with_parameters({"coefficients": normal(size, spread=0.5), "log_top": normal(dimension, spread=0.3)})


def basis(dimension=DIMENSION):
    widths = RNG.uniform(0.5, 1.2, size=5)
    return BasisEnergy(normal(5, dimension), widths, normal(5), RNG.uniform(0.8, 1.7, dimension), normal(dimension))


def mixture(dimension=DIMENSION):
    return MixtureEnergy(normal(3, dimension), normal(3, spread=0.2), normal(3), scale=1.4)


def network(dimension=DIMENSION, layers=2):
    return NetworkEnergy.random(
        dimension=dimension, units=6, layers=layers, stiffness=0.7, center=0.3, seed=3, height=1.5
    )


MODELS = {
    "polynomial": polynomial(),
    "polynomial of degree 6 in 1-d": polynomial(1, 6),
    "basis": basis(),
    "basis in 1-d": basis(1),
    "mixture": mixture(),
    "mixture in 3-d": mixture(3),
    "network of 1 layer": network(layers=1),
    "network of 2 layers": network(),
    "network of 3 layers in 5-d": network(5, 3),
}


@pytest.fixture(params=MODELS, scope="module")
def model(request):
    """Each family, also in other dimensions: the compiled code is the same."""
    return MODELS[request.param]


@pytest.fixture(scope="module")
def points(model):
    """Points, directions and weights of three orders; more points than lanes."""
    rng = np.random.default_rng(5)
    number = LANES + 7
    return tuple(rng.normal(size=(number, columns)) for columns in (model.dimension, model.dimension, 3))


def difference(f, allowance=8.0):
    """(derivative at 0 of f, what it may be wrong by): two central differences, extrapolated, and rounding."""
    estimates, h = [], 2.0**-9
    for step in (h, h / 2.0):
        up, down = f(step), f(-step)
        estimates.append((up - down) / (2.0 * step))
    rounding = allowance * 2.0**-52 * np.abs(np.stack([up, down])).max(initial=1.0) / (h / 2.0)
    return (4.0 * estimates[1] - estimates[0]) / 3.0, np.abs(estimates[1] - estimates[0]) + rounding


def test_force_is_minus_the_gradient(model):
    check_force(model, model.dimension, scale=0.8)


def test_blocks_agree_with_the_potential(model, points):
    """Batches, compiled in blocks, and the potential's own methods, interpreted: the same bits."""
    x = points[0][:16]
    u, f = Batches(model).energies_and_forces(model, x)
    np.testing.assert_array_equal(u, model.energy(x))
    np.testing.assert_array_equal(f, model.force(x))


def test_jets(model, points):
    """Energy, slope and second derivative along a direction, against energy, force and differences of the force."""
    x, v, w = points
    batches = Batches(model)
    _, jets = batches.gradient(model, x, w, v)
    u, f = batches.energies_and_forces(model, x)
    scale = 1.0 + np.abs(f).sum(axis=1) * np.abs(v).max()
    assert (np.abs(jets[:, 0] - u) <= 64 * 2.0**-52 * (1.0 + np.abs(u) + scale)).all()
    assert (np.abs(jets[:, 1] + (f * v).sum(axis=1)) <= 64 * 2.0**-52 * scale).all()
    bend, allowed = difference(lambda h: -(batches.energies_and_forces(model, x + h * v)[1] * v).sum(axis=1), 64.0)
    assert (np.abs(jets[:, 2] - bend) <= allowed).all()


def test_laplacian_is_the_sum_of_second_derivatives(model, points):
    x, _, w = points
    batches = Batches(model)
    along = [batches.gradient(model, x, w, np.tile(row, (len(x), 1)))[1][:, 2] for row in np.eye(model.dimension)]
    size = np.abs(along).sum(axis=0)
    assert (np.abs(np.sum(along, axis=0) - model.laplacian(x)) <= 256 * 2.0**-52 * (1.0 + size)).all()


@pytest.mark.parametrize("orders", [1, 2, 3])
def test_gradient_in_the_parameters(model, points, orders):
    """Against differences, in every parameter, of the weighted sum of what the jets say."""
    x, v, w = points[0], points[1], points[2][:, :orders]
    batches = Batches(model)
    gradient, _ = batches.gradient(model, x, w, v)
    assert set(gradient) == set(model.parameters())
    for name, value in model.parameters().items():
        for place in np.ndindex(value.shape):

            def weighted(h, name=name, value=value, place=place):
                moved = value.copy()
                moved[place] += h
                return np.sum(w * batches.gradient(model.with_parameters({name: moved}), x, w, v)[1])

            slope, allowed = difference(weighted, 512.0)
            assert abs(gradient[name][place] - slope) <= allowed, (name, place)


def test_a_sign_error_in_the_gradient_is_caught():
    """What the test above is for: the second derivative's part with the wrong sign."""
    model = MODELS["network of 2 layers"]
    x, v = np.random.default_rng(5).normal(size=(2, 20, 2))
    w = np.zeros((20, 3))
    w[:, 2] = 1.0
    batches = Batches(model)
    gradient, _ = batches.gradient(model, x, -w, v)
    start = model.parameters()["outer"]

    def weighted(h):
        moved = model.with_parameters({"outer": start + h * np.eye(6)[0]})
        return np.sum(w * batches.gradient(moved, x, w, v)[1])

    slope, allowed = difference(weighted, 512.0)
    assert abs(gradient["outer"][0] - slope) > 1e3 * allowed


def test_threads_change_no_bit():
    model, rng = MODELS["network of 2 layers"], np.random.default_rng(2)
    x, w = rng.normal(size=(LANES * (PIECES + 3) + 5, 2)), rng.normal(size=(LANES * (PIECES + 3) + 5, 1))
    one = Batches(model, 1).gradient(model, x, w)
    for threads in (2, 5):
        batches = Batches(model, threads)
        several = batches.gradient(model, x, w)
        batches.close()
        np.testing.assert_array_equal(one[1], several[1])
        assert all(np.array_equal(one[0][name], several[0][name]) for name in one[0])


def test_parameter_gradient_is_a_mean():
    """Of monomials, for a polynomial; and weights replace 1 / n."""
    x = RNG.normal(size=(50, 2))
    model = polynomial()
    gradient = parameter_gradient(model, x)
    expected = [np.mean(np.prod(x**row, axis=1)) for row in model.powers]
    np.testing.assert_allclose(gradient["coefficients"], expected, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(gradient["log_top"], np.exp(model.log_top) * np.mean(x**4, axis=0), rtol=1e-13)
    weighted = parameter_gradient(model, x, weights=np.arange(50.0), threads=2)["log_top"]
    np.testing.assert_allclose(weighted, np.exp(model.log_top) * (np.arange(50.0) @ x**4), rtol=1e-13)


def test_mixture_is_the_gaussian_mixture():
    model = mixture()
    weights = np.exp(model.logits)
    plain = bn.GaussianMixture(model.means, np.exp(model.log_widths), weights, scale=1.4)
    x = normal(9, 2)
    np.testing.assert_allclose(model.energy(x), plain.energy(x), rtol=1e-13)
    shifted = model.with_parameters({"logits": model.logits + 900.0})  # exp(900) is no float64
    np.testing.assert_allclose(shifted.energy(x), plain.energy(x), rtol=1e-12)


def test_polynomial_by_hand():
    model = PolynomialEnergy([0.4, -1.1], [np.log(0.6), np.log(0.3)], [[1, 1], [0, 3]], degree=4)
    x, y = 0.7, -1.3
    energy = 0.4 * x * y - 1.1 * y**3 + 0.6 * x**4 + 0.3 * y**4
    force = [-(0.4 * y + 2.4 * x**3), -(0.4 * x - 3.3 * y**2 + 1.2 * y**3)]
    np.testing.assert_allclose(model.energy([[x, y]]), [energy], rtol=1e-14)
    np.testing.assert_allclose(model.force([[x, y]]), [force], rtol=1e-14)
    assert PolynomialEnergy.up_to(4, 2).powers.tolist() == [
        [1, 0], [0, 1], [2, 0], [1, 1], [0, 2], [3, 0], [2, 1], [1, 2], [0, 3],
    ]  # fmt: skip


def test_network_is_bounded_by_its_outer_weights():
    """So that exp(-U / kT) can be integrated, whatever is learnt."""
    model = network()
    model = model.with_parameters({name: 40.0 * value for name, value in model.parameters().items()})
    far = 1e3 * normal(20, 2)
    trap = bn.Harmonic(model.stiffness, model.center)
    assert (np.abs(model.energy(far) - trap.energy(far)) <= np.abs(model.outer).sum() * (1.0 + 1e-9)).all()


@pytest.mark.parametrize("sizes", [(1, 1, 1), (3, 4, 5), (6, 9, 2)])
def test_products(sizes):
    """The network's two loops against matrix products, in sizes that fours do and do not divide."""
    rows, inner, lanes = sizes
    a, y = normal(rows, inner), normal(inner, lanes)
    z = normal(rows, lanes)
    expected = z + a @ y
    add_product(a, y, z)
    np.testing.assert_allclose(z, expected, rtol=0.0, atol=1e-14)
    out = np.zeros(rows * inner)
    add_outer_product(z, y, out)
    np.testing.assert_allclose(out.reshape(rows, inner), z @ y.T, rtol=0.0, atol=1e-13)


@pytest.mark.parametrize("name", ["polynomial", "basis", "mixture", "network of 2 layers"])
def test_simulations_take_models_as_they_are(name):
    """<F^2> = kT <laplacian U> and <x . -F> = d kT: the force of the loop and the model's own derivatives."""
    model, particles = MODELS[name], 3000
    simulation = bn.Simulation(
        potential=model, dynamics=bn.Overdamped(friction=0.7, kT=KT), integrator=bn.EulerMaruyama(), dt=0.002,
        particles=particles, dimension=2, seed=7, start=np.zeros((particles, 2)),
    )  # fmt: skip
    x = simulation.run(steps=4000, dtype=np.float64).positions[-1]
    f = model.force(x)
    assert abs(standard_errors(-(x * f).sum(axis=1) / 2.0, KT)) < 5.0
    assert abs(standard_errors((f * f).sum(axis=1) - KT * model.laplacian(x), 0.0)) < 5.0
    assert abs(standard_errors((f * f).sum(axis=1) - 1.5 * KT * model.laplacian(x), 0.0)) > 5.0  # a wrong temperature


def test_compiled_as_interpreted():
    """The gradient of a network in the interpreter has the bits of the compiled one."""
    code = (
        "import numpy as np; from brownian.models import NetworkEnergy; from brownian.models.batches import Batches;"
        "m = NetworkEnergy.random(dimension=2, units=5, layers=2, stiffness=0.7, seed=4, height=1.2);"
        "r = np.random.default_rng(1); x, v, w = r.normal(size=(3, 2)), r.normal(size=(3, 2)), r.normal(size=(3, 3));"
        "g, j = Batches(m).gradient(m, x, w, v);"
        "print(b''.join(a.tobytes() for a in [*g.values(), np.ascontiguousarray(j)]).hex())"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | extra, check=True, capture_output=True, text=True
        ).stdout
        for extra in ({}, {"NUMBA_DISABLE_JIT": "1"})
    ]
    assert found[0] == found[1]
    assert len(found[0]) > 500


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PolynomialEnergy.up_to(3, 1), "degree = 3"),
        (lambda: PolynomialEnergy.up_to(4, 1, top=0.0), "top = 0.0"),
        (lambda: PolynomialEnergy([1.0], [0.0], [[4]], 4), "add up to 1 ... 3"),
        (lambda: PolynomialEnergy([1.0], [0.0], [[0.5]], 4), "whole numbers"),
        (lambda: PolynomialEnergy([1.0, 2.0], [0.0], [[1]], 4), "2 coefficients"),
        (lambda: PolynomialEnergy([1.0], [0.0, 0.0], [[1]], 4), "log_top of shape"),
        (lambda: BasisEnergy([[0.0]], 0.0, 1.0, 1.0), "widths"),
        (lambda: BasisEnergy([[0.0]], 1.0, 1.0, 0.0), "stiffness"),
        (lambda: BasisEnergy([[0.0, 1.0]], 1.0, 1.0, 1.0, [0.0, 1.0, 2.0]), "center of shape"),
        (lambda: BasisEnergy([[0.0]], 1.0, [1.0, 2.0], 1.0), "heights of shape"),
        (lambda: BasisEnergy([0.0], 1.0, 1.0, 1.0), "centers of shape"),
        (lambda: BasisEnergy([[0.0]], [1.0, 2.0], 1.0, 1.0), "widths of shape"),
        (lambda: MixtureEnergy([0.0], [0.0], [0.0]), "means of shape"),
        (lambda: MixtureEnergy([[0.0]], [0.0, 1.0], [0.0]), "log_widths of shape"),
        (lambda: MixtureEnergy([[0.0]], [0.0], [0.0], scale=-1.0), "scale"),
        (lambda: NetworkEnergy.random(dimension=2, units=4, layers=4, seed=1), "1 to 3 layers"),
        (lambda: NetworkEnergy.random(dimension=2, units=4, seed=1, stiffness=[1.0, -1.0]), "stiffness"),
        (lambda: network()._replace(outer=np.ones(5)), "outer of shape"),
        (lambda: network().with_parameters({"outer": np.ones(5)}), "outer of shape"),
        (lambda: network().with_parameters({"stiffness": 1.0}), "not 'stiffness'"),
        (lambda: network().with_parameters({"outer": np.full(6, np.nan)}), "must be finite"),
        (lambda: parameter_gradient(network(), np.zeros((3, 1))), r"\(n, 2\)"),
        (lambda: parameter_gradient(network(), np.zeros((3, 2)), weights=[1.0]), "weights of shape"),
    ],
)
def test_refusals(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_model_states_everything():
    with pytest.raises(TypeError, match="Bare lacks learned, dimension, add_energy, add_gradient"):

        @energy_model
        class Bare(NamedTuple):
            a: float

            def add_force(self, x, t, f):
                f[0] += self.a

    with pytest.raises(TypeError, match="names of its fields"):

        @energy_model
        class Wrong(NamedTuple):
            a: float
            learned = ("b",)
            dimension = 1
            add_energy = add_force = add_gradient = None

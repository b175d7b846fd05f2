"""Learning: gradients against the losses they are of, known densities recovered, and the loop itself."""

import math
import os
import signal

import numpy as np
import pytest
from conftest import STANDARD_ERRORS, standard_errors

import brownian as bn
from brownian.integrators.operator import StationaryLaw
from brownian.learning import (
    Adam,
    ContrastiveDivergence,
    DenoisingScoreMatching,
    ExactGradient,
    GradientDescent,
    LearningDiverged,
    PersistentChains,
    SlicedScoreMatching,
    learn,
    model_average,
    negative_log_likelihood,
    train,
)
from brownian.learning.draws import ORDER, Epochs, Normals, permutation
from brownian.learning.energies import learner_for
from brownian.learning.history import read_checkpoint
from brownian.models import BasisEnergy, MixtureEnergy, NetworkEnergy, PolynomialEnergy
from brownian.theory import boltzmann_average
from brownian.trajectory.errors import NothingToResume, ResumeMismatch

KT = 0.8
QUARTIC = PolynomialEnergy([0.5, -1.9, 0.3], [np.log(0.7)], [[1], [2], [3]], degree=4)


def network(layers=2):
    return NetworkEnergy.random(dimension=2, units=6, layers=layers, stiffness=0.7, center=0.3, seed=3, height=1.5)


def boltzmann(model, number, seed, kT=KT):
    """Independent draws from exp(-U / kT) / Z in one dimension, by the inverse of its distribution function."""
    x = np.linspace(-6.0, 6.0, 100_001)
    u = model.profile(x) / kT
    total = np.cumsum(np.exp(u.min() - u))
    return np.interp(np.random.default_rng(seed).random(number), total / total[-1], x)


def flat(parameters):
    """All parameters in one row."""
    return np.concatenate([np.ravel(value) for value in parameters.values()])


# The gradient of each method is that of its loss ---------------------------------------------------------------------

PLANE = np.random.default_rng(4).normal(size=(40, 2)) * [0.9, 0.6] + [0.2, -0.4]
CASES = {
    "denoising, network": (network(), PLANE, DenoisingScoreMatching(0.35)),
    "sliced, network": (network(), PLANE, SlicedScoreMatching(projections=3)),
    "exact, network": (network(1), PLANE, ExactGradient()),
    "denoising, polynomial": (QUARTIC, PLANE[:, :1], DenoisingScoreMatching(0.35)),
    "sliced, polynomial": (QUARTIC, PLANE[:, :1], SlicedScoreMatching()),
    "exact, polynomial": (QUARTIC, PLANE[:, :1], ExactGradient()),
}


def worst_gradient(case, spoilt=lambda gradient: gradient):
    """Largest error of a learner's gradient over what the differences of its own loss may be wrong by."""
    model, data, method = CASES[case]
    learner = learner_for(model, data, method, batch=30, seed=9, threads=1, kT=KT)
    start, step, h = learner.parameters, 5, 2.0**-9

    def loss(name, place, moved):
        value = start[name].copy()
        value[place] += moved
        learner.parameters = start | {name: value}
        return learner.gradient(step)[1]["loss"]

    gradient, numbers = learner.gradient(step)
    gradient, worst = spoilt(gradient), 0.0
    for name, value in start.items():
        for place in list(np.ndindex(value.shape))[::3]:
            slopes = [(loss(name, place, s) - loss(name, place, -s)) / (2.0 * s) for s in (h, h / 2.0)]
            slope = (4.0 * slopes[1] - slopes[0]) / 3.0
            allowed = abs(slopes[1] - slopes[0]) + 1e4 * 2.0**-52 * (1.0 + abs(numbers["loss"])) / h
            worst = max(worst, abs(gradient[name][place] - slope) / allowed)
    return worst


@pytest.mark.parametrize("case", CASES)
def test_gradient_of_the_loss(case):
    assert worst_gradient(case) <= 1.0


@pytest.mark.parametrize("case", ["denoising, polynomial", "sliced, polynomial", "exact, polynomial"])
def test_planted_gradients_are_caught(case):
    """The other sign, and a factor kT too many."""
    assert worst_gradient(case, lambda gradient: {name: -g for name, g in gradient.items()}) > 100.0
    assert worst_gradient(case, lambda gradient: {name: KT * g for name, g in gradient.items()}) > 100.0


def test_denoising_loss_by_hand():
    """Mean of |F / kT + eps / noise|^2 / 2 at x + noise eps, in NumPy."""
    model, data, method = CASES["denoising, network"]
    learner = learner_for(model, data, method, batch=40, seed=9, threads=1, kT=KT)
    eps = Normals(40, 2, 9, 51).at(3)
    residual = model.force(data + 0.35 * eps) / KT + eps / 0.35
    np.testing.assert_allclose(learner.gradient(3)[1]["loss"], 0.5 * np.mean((residual**2).sum(axis=1)), rtol=1e-12)


def test_sliced_loss_is_hyvarinens_in_one_dimension():
    """s^2 / 2 + s' with s = -U' / kT, whatever the signs drawn."""
    x = PLANE[:, :1]
    learner = learner_for(QUARTIC, x, SlicedScoreMatching(), batch=40, seed=9, threads=1, kT=KT)
    expected = np.mean(0.5 * (QUARTIC.force(x)[:, 0] / KT) ** 2 - QUARTIC.laplacian(x) / KT)
    for step in (0, 7):
        np.testing.assert_allclose(learner.gradient(step)[1]["loss"], expected, rtol=1e-12)


@pytest.mark.parametrize("persistent", [False, True])
def test_contrastive_gradient_by_hand(persistent):
    """<dU>_data - <dU>_chains over kT, with chains that a simulation of its own makes from the same noise."""
    data, tau, sweeps = boltzmann(QUARTIC, 64, 3)[:, np.newaxis], 0.02, 3
    method = PersistentChains(64, sweeps, tau) if persistent else ContrastiveDivergence(sweeps, tau)
    learner = learner_for(QUARTIC, data, method, batch=64, seed=5, threads=1, kT=KT)
    start = learner.chains if persistent else data
    for step in range(2):
        gradient, numbers = learner.gradient(step)
        x = bn.Simulation(
            potential=QUARTIC, dynamics=bn.Overdamped(friction=1.0, kT=KT), dt=tau, particles=64, seed=5,
            start=start, first_step=step * sweeps,
        ).run(steps=sweeps, dtype=np.float64).positions[-1]  # fmt: skip
        expected = [np.mean(data**p) / KT - np.mean(x**p) / KT for p in (1, 2, 3)]
        np.testing.assert_allclose(gradient["coefficients"], expected, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(numbers["energy of chains"], QUARTIC.energy(x).mean(), rtol=1e-12)
        start = x if persistent else data


# Known densities are recovered ---------------------------------------------------------------------------------------


def sandwich(model, scores, curvature):
    """Standard errors of an M-estimator for one data point: A^-1 B A^-1, A its mean curvature, B its scores' spread."""
    inverse = np.linalg.inv(curvature)
    return np.sqrt(np.diag(inverse @ scores @ inverse))


def features(x):
    """dU/dtheta of the quartic, its first and its second derivative in x, shape (4, n)."""
    top = math.exp(QUARTIC.log_top[0])
    zero, one = np.zeros_like(x), np.ones_like(x)
    return (
        np.stack([x, x**2, x**3, top * x**4]),
        np.stack([one, 2 * x, 3 * x**2, top * 4 * x**3]),
        np.stack([zero, 2 * one, 6 * x, top * 12 * x**2]),
    )


def average(f):
    """Matrix of averages over the quartic's own density."""
    x = np.linspace(-6.0, 6.0, 20_001)
    weight = np.exp(-(QUARTIC.profile(x) - QUARTIC.profile(x).min()) / KT)
    return np.einsum("ijn,n->ij", f(x), weight / weight.sum())


def likelihood_errors():
    """Of the maximum likelihood estimate: the inverse of Fisher's information, the covariance of dU/dtheta / kT."""
    mean = average(lambda x: features(x)[0][:, np.newaxis])
    information = (average(lambda x: np.einsum("in,jn->ijn", features(x)[0], features(x)[0])) - mean @ mean.T) / KT**2
    return sandwich(QUARTIC, information, information)


def score_errors():
    """Of the score matching estimate."""

    def score(x):  # of s^2 / 2 + s' in theta
        _, first, second = features(x)
        return QUARTIC.force(x[:, np.newaxis])[:, 0] * -first / KT**2 - second / KT

    scores = average(lambda x: np.einsum("in,jn->ijn", score(x), score(x)))
    curvature = average(lambda x: np.einsum("in,jn->ijn", features(x)[1], features(x)[1])) / KT**2
    return sandwich(QUARTIC, scores, curvature)


START = PolynomialEnergy.up_to(4, 1, top=0.4)
POINTS = 6000
TOWARDS = Adam(0.1, final_rate=1e-3)


@pytest.mark.parametrize(
    ("method", "errors"), [(ExactGradient(), likelihood_errors), (SlicedScoreMatching(), score_errors)]
)
def test_quartic_is_recovered(method, errors):
    """Every coefficient within 5 of its own standard errors; and the wrong kT is noticed."""
    data = boltzmann(QUARTIC, POINTS, 21)
    learned = learn(START, data, method, steps=1500, optimiser=TOWARDS, kT=KT, seed=2)
    z = (flat(learned.model.parameters()) - flat(QUARTIC.parameters())) / (errors() / math.sqrt(POINTS))
    assert (np.abs(z) < STANDARD_ERRORS).all(), z
    hotter = learn(START, data, method, steps=1500, optimiser=TOWARDS, kT=1.3 * KT, seed=2).model
    z = (flat(hotter.parameters()) - flat(QUARTIC.parameters())) / (errors() / math.sqrt(POINTS))
    assert np.abs(z).max() > STANDARD_ERRORS
    scaled = {"coefficients": hotter.coefficients / 1.3, "log_top": hotter.log_top - math.log(1.3)}  # U / kT is learnt
    z = (flat(scaled) - flat(QUARTIC.parameters())) / (errors() / math.sqrt(POINTS))
    assert (np.abs(z) < STANDARD_ERRORS).all(), z


@pytest.mark.parametrize("method", [ContrastiveDivergence(4, tau=0.02), PersistentChains(2000, 4, tau=0.02)])
def test_chains_recover_the_quartic(method):
    """At this tau chains obey Euler's own stationary law: its averages under what is learnt are those of the data."""
    data = boltzmann(QUARTIC, POINTS, 22)
    learned = learn(QUARTIC, data, method, steps=600, optimiser=Adam(0.02, final_rate=2e-4), kT=KT, seed=3, batch=2000)
    law = StationaryLaw(bn.EulerMaruyama(), bn.Overdamped(friction=1.0, kT=KT), 0.02, learned.model, -4.0, 4.0)
    for power in (1, 2, 3, 4):
        # a learning step sees 2000 points and 2000 chains, and Adam averages over many of them: count one lot of each
        expected = law.average(lambda x, power=power: x**power)
        error = np.std(data**power) * math.sqrt(1.0 / POINTS + 2.0 / 2000)
        assert abs(np.mean(data**power) - expected) < STANDARD_ERRORS * error


@pytest.mark.parametrize(
    "method",
    [ContrastiveDivergence(1, tau=0.25), ContrastiveDivergence(5, tau=0.25), PersistentChains(500, 5, tau=0.25)],
)
def test_chains_learn_the_stiffness_that_is_right_for_their_step(method):
    """Fixed point, for any k: var = kT / (k (1 - k tau / 2)), so k = (1 - sqrt(1 - 2 tau kT / var)) / tau, exactly."""
    variance, replicas, tau = 0.5, 8, 0.25
    expected = (1.0 - math.sqrt(1.0 - 2.0 * tau * KT / variance)) / tau
    start, found = PolynomialEnergy.up_to(2, 1, top=0.5), []
    for k in range(replicas):
        data = np.random.default_rng(100 + k).normal(size=2000) * math.sqrt(variance)
        model = learn(
            start, data, method, steps=400, batch=500, optimiser=Adam(0.05, final_rate=5e-4), kT=KT, seed=k, threads=1
        ).model
        found.append(2.0 * math.exp(model.log_top[0]))
    assert abs(standard_errors(found, expected)) < STANDARD_ERRORS
    assert abs(standard_errors(found, KT / variance)) > STANDARD_ERRORS  # the answer without the step's bias


def test_denoising_learns_the_blurred_mixture():
    """Means as they are, variances add up, over replicas; and the widths are not those of the data."""
    means, widths, share, noise = np.array([[-1.2, 0.4], [0.9, -0.3]]), np.array([0.5, 0.35]), 0.35, 0.4
    found = []
    for k in range(8):
        rng = np.random.default_rng(50 + k)
        which = (rng.random(3000) > share).astype(int)
        data = means[which] + widths[which, np.newaxis] * rng.normal(size=(3000, 2))
        start = MixtureEnergy(means + 0.3, np.log([0.7, 0.7]), [0.0, 0.0], scale=KT)
        model = learn(
            start, data, DenoisingScoreMatching(noise), steps=500, batch=750, kT=KT, seed=k,
            optimiser=Adam(0.03, final_rate=3e-4),
        ).model  # fmt: skip
        found.append([*model.means.ravel(), *np.exp(model.log_widths), model.logits[1] - model.logits[0]])
    expected = [*means.ravel(), *np.hypot(widths, noise), math.log((1.0 - share) / share)]
    for values, value in zip(np.transpose(found), expected, strict=True):
        assert abs(standard_errors(values, value)) < STANDARD_ERRORS
    for values, value in zip(np.transpose(found)[4:6], widths, strict=True):
        assert abs(standard_errors(values, value)) > STANDARD_ERRORS


def test_exact_gradient_in_the_plane():
    """A convex problem: at the end the averages of every bump are those of the data, as maximum likelihood demands."""
    grid = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 1.0]), axis=-1).reshape(-1, 2)
    start = BasisEnergy(grid, 0.7, np.zeros(len(grid)), stiffness=0.9)
    data = np.random.default_rng(8).normal(size=(400, 2)) * [0.8, 0.5] + [0.3, -0.2]
    learned = learn(start, data, ExactGradient(), steps=400, optimiser=Adam(0.1, final_rate=1e-3), kT=KT)
    for center in grid:

        def bump(x, center=center):
            return np.exp(-((x - center) ** 2).sum(axis=1) / (2.0 * 0.7**2))

        assert abs(model_average(learned.model, bump, data, kT=KT) - bump(data).mean()) < 1e-4
    loss = learned.history["loss"]
    assert loss[-1] < loss[0]
    np.testing.assert_allclose(negative_log_likelihood(learned.model, data, kT=KT).mean(), loss[-1], rtol=1e-4)


def test_quadrature_against_adaptive_quadrature():
    """Z and an average in one dimension; a narrow density far from where the data say is found."""
    found = model_average(QUARTIC, lambda x: x[:, 0] ** 2, [[3.0]], kT=KT)
    np.testing.assert_allclose(found, boltzmann_average(np.square, QUARTIC.profile, kT=KT), rtol=1e-8)
    narrow = MixtureEnergy([[5.0, -3.0]], [np.log(0.05)], [0.0], scale=KT)
    assert negative_log_likelihood(narrow, [[5.0, -3.0]], kT=KT)[0] == pytest.approx(math.log(2 * math.pi * 0.05**2))


def test_quadrature_gives_up_aloud():
    with pytest.raises(ValueError, match="1 or 2 dimensions, the model has 3"):
        learn(BasisEnergy(np.zeros((1, 3)), 1.0, 0.0, 1.0), np.zeros((5, 3)), ExactGradient(), steps=1)
    tiny = MixtureEnergy([[0.0, 0.0]], [np.log(1e-4)], [0.0], scale=KT)
    with pytest.raises(FloatingPointError, match="do not resolve"):
        negative_log_likelihood(tiny, [[0.0, 0.0]], kT=KT)


# Bits ----------------------------------------------------------------------------------------------------------------

BITWISE = {
    "persistent": PersistentChains(chains=150, sweeps=2, tau=0.01),
    "denoising": DenoisingScoreMatching(0.3),
    "sliced": SlicedScoreMatching(2),
}


def learnt(method, data=PLANE, **options):
    """A short run in batches, on a network."""
    options = {"steps": 7, "batch": 15, "optimiser": Adam(0.01), "kT": KT, "seed": 6} | options
    return learn(network(), data, method, **options)


@pytest.mark.parametrize("name", BITWISE)
def test_threads_change_no_bit(name):
    one, two = (learnt(BITWISE[name], threads=threads) for threads in (1, 3))
    np.testing.assert_array_equal(flat(one.model.parameters()), flat(two.model.parameters()))
    assert all(np.array_equal(one.history[key], two.history[key]) for key in one.history.names)


@pytest.mark.parametrize("name", BITWISE)
def test_resumed_as_uninterrupted(name, tmp_path):
    """Stopped by SIGINT in the middle, and finished: parameters, chains and notes to the bit."""
    path, method = tmp_path / "half.npz", BITWISE[name]
    whole = learnt(method, out=tmp_path / "whole.npz")
    learner, seen = learner_for(network(), PLANE, method, batch=15, seed=6, threads=1, kT=KT), learner_gradient
    learner.gradient = seen(learner.gradient, at=3)
    with pytest.raises(KeyboardInterrupt):
        train(learner, steps=7, optimiser=Adam(0.01), out=path)
    halved = np.load(path)
    assert int(halved["step"]) == 4
    rest = learnt(method, out=path, resume=True)
    np.testing.assert_array_equal(flat(whole.model.parameters()), flat(rest.model.parameters()))
    assert all(np.array_equal(whole.history[key], rest.history[key]) for key in whole.history.names)
    with np.load(path) as ours, np.load(tmp_path / "whole.npz") as theirs:
        assert set(ours.files) == set(theirs.files)
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours.files)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["half.npz", "whole.npz"]


def learner_gradient(plain, at):
    """A learner's gradient that is interrupted in one step."""

    def gradient(step):
        if step == at:
            os.kill(os.getpid(), signal.SIGINT)
        return plain(step)

    return gradient


def test_a_finished_run_can_be_made_longer(tmp_path):
    """With a constant rate; a falling one depends on the number of steps, and is refused."""
    path, method = tmp_path / "run.npz", BITWISE["persistent"]
    learnt(method, steps=4, out=path)
    longer, whole = learnt(method, out=path, resume=True), learnt(method)
    np.testing.assert_array_equal(flat(longer.model.parameters()), flat(whole.model.parameters()))
    falling = Adam(0.01, final_rate=0.001)
    learnt(method, steps=4, out=path, overwrite=True, optimiser=falling)
    with pytest.raises(ResumeMismatch, match="steps: 4 in the file, 7 given"):
        learnt(method, out=path, resume=True, optimiser=falling)


def test_no_noise_is_used_twice():
    """Steps of chains, orders and normals of different learning steps differ."""
    data = np.random.default_rng(1).normal(size=(20, 2))
    learner = learner_for(network(), data, ContrastiveDivergence(1, tau=0.01), batch=20, seed=5, threads=1, kT=KT)
    moves = [learner.sampled(learner.present(), data, step) - data for step in range(4)]
    normals = [Normals(20, 2, 5, 51).at(step) for step in range(6)]
    for values in (moves, normals):
        assert len({value.tobytes() for value in values}) == len(values)
    assert not np.array_equal(Normals(20, 2, 5, 51).at(0), Normals(20, 2, 5, 52).at(0))


def test_epochs_visit_every_row_once():
    rows = np.arange(11.0)[:, np.newaxis]
    seen = np.concatenate([Epochs(rows, 4, 3).at(step) for step in range(11)]).ravel()  # each with a memory of its own
    again = Epochs(rows, 4, 3)
    np.testing.assert_array_equal(seen, np.concatenate([again.at(step) for step in range(11)]).ravel())
    for epoch in range(4):
        assert sorted(seen[11 * epoch : 11 * (epoch + 1)]) == list(range(11))
    assert not np.array_equal(permutation(3, 11, 0, ORDER), permutation(3, 11, 1, ORDER))


# The loop ------------------------------------------------------------------------------------------------------------


class Bowl:
    """|theta - target|^2 / 2, as a learner."""

    def __init__(self, spoil=None):
        """``spoil``: a function of step and gradient."""
        self.parameters, self.spoil = {"theta": np.array([3.0, -1.0])}, spoil
        self.target = np.array([0.5, 0.7])

    def gradient(self, step):
        """Of the distance."""
        off = self.parameters["theta"] - self.target
        gradient = off.copy() if self.spoil is None else self.spoil(step, off.copy())
        return {"theta": gradient}, {"loss": 0.5 * float(off @ off)}

    def state(self):
        """None."""
        return {}

    def restore(self, state):
        """Nothing to restore."""


def test_descent_and_adam_by_hand():
    """Five steps of each formula."""
    bowl = Bowl()
    train(bowl, steps=5, optimiser=GradientDescent(0.2))
    np.testing.assert_allclose(bowl.parameters["theta"], bowl.target + 0.8**5 * (np.array([3.0, -1.0]) - bowl.target))
    bowl, theta, m, v = Bowl(), np.array([3.0, -1.0]), 0.0, 0.0
    for n in range(1, 6):
        g = theta - bowl.target
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g**2
        rate = 0.3 * (0.1 / 0.3) ** ((n - 1) / 4)
        theta = theta - rate * (m / (1 - 0.8**n)) / (np.sqrt(v / (1 - 0.95**n)) + 1e-3)
    history = train(bowl, steps=5, optimiser=Adam(0.3, (0.8, 0.95), 1e-3, final_rate=0.1))
    np.testing.assert_allclose(bowl.parameters["theta"], theta, rtol=1e-13)
    assert history.names == ("gradient", "loss")
    assert history["gradient"][0] == pytest.approx(math.hypot(2.5, 1.7))
    assert repr(history).startswith("History(5 of 5 steps; at the end: gradient")


def test_log_every():
    history = train(Bowl(), steps=10, optimiser=GradientDescent(0.2), log_every=4)
    assert history.steps.tolist() == [4, 8, 10]
    with pytest.raises(KeyError, match="'lost' was not noted"):
        history["lost"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda step, g: g * np.nan if step == 3 else g, r"gradient of theta\[0\] is nan in learning step 4 \(2 of 2"),
        (lambda step, g: np.array([g[0], np.inf]) if step == 2 else g, r"gradient of theta\[1\] is inf in .* step 3"),
        (lambda step, g: np.full(2, 1e308), r"parameter theta\[0\] is -inf .* rate = 0.5 in place of 5"),
    ],
)
def test_divergence_is_loud(spoil, words, tmp_path):
    with np.errstate(over="ignore"), pytest.raises(LearningDiverged, match=words):
        train(Bowl(spoil), steps=10, optimiser=GradientDescent(5.0), out=tmp_path / "run.npz")


def test_chains_that_run_away_are_loud():
    with pytest.raises(LearningDiverged, match=r"chains ceased to be finite in learning step 1.*try tau = 0.15"):
        learn(QUARTIC, boltzmann(QUARTIC, 50, 1), PersistentChains(50, 40, tau=0.6), steps=3, kT=KT, seed=1)


def test_files_are_safe(tmp_path):
    path = tmp_path / "run.npz"
    train(Bowl(), steps=3, optimiser=GradientDescent(0.1), out=path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="resume=True"):
        train(Bowl(), steps=3, optimiser=GradientDescent(0.1), out=path)
    with pytest.raises(ResumeMismatch, match="optimiser"):
        train(Bowl(), steps=4, optimiser=GradientDescent(0.2), out=path, resume=True)
    with pytest.raises(ValueError, match="at step 3, beyond the 2 steps"):
        train(Bowl(), steps=2, optimiser=GradientDescent(0.1), out=path, resume=True)
    assert path.read_bytes() == before
    with pytest.raises(NothingToResume, match="no such file"):
        train(Bowl(), steps=3, optimiser=GradientDescent(0.1), out=tmp_path / "none.npz", resume=True)
    for damaged in (before[: len(before) // 2], before[:300] + b"?" + before[301:], b""):
        path.write_bytes(damaged)
        with pytest.raises(NothingToResume, match="damaged"):
            train(Bowl(), steps=3, optimiser=GradientDescent(0.1), out=path, resume=True)
    train(Bowl(), steps=3, optimiser=GradientDescent(0.1), out=path, overwrite=True)
    assert read_checkpoint(path, {"optimiser": repr(GradientDescent(0.1)), "learner": {}})[0] == 3
    with pytest.raises(ValueError, match=r"ends in \.npz"):
        train(Bowl(), steps=3, optimiser=GradientDescent(0.1), out=tmp_path / "run.h5")
    with pytest.raises(FileNotFoundError, match="no folder"):
        train(Bowl(), steps=3, optimiser=GradientDescent(0.1), out=tmp_path / "no" / "run.npz")


def test_other_data_are_not_resumed(tmp_path):
    path = tmp_path / "run.npz"
    learnt(BITWISE["denoising"], steps=2, out=path)
    with pytest.raises(ResumeMismatch, match="data"):
        learnt(BITWISE["denoising"], data=PLANE[::-1], out=path, resume=True)


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"data": np.where(PLANE > 1.9, np.nan, PLANE)}, ValueError, r"row \d+, column 0 is nan"),
        ({"data": PLANE[:, :1]}, ValueError, "have dimension 1, the model has 2"),
        ({"data": PLANE[:0]}, ValueError, "at least one point"),
        ({"data": "moons"}, TypeError, "an array of numbers"),
        ({"batch": 41}, ValueError, "batch = 41, but there are 40"),
        ({"batch": 0}, ValueError, "batch = 0"),
        ({"method": "cd"}, TypeError, "method = 'cd'"),
        ({"method": ContrastiveDivergence(1)}, ValueError, "needs the Langevin step tau"),
        ({"model": bn.Harmonic(2.0)}, TypeError, "energy model"),
        ({"kT": 0.0}, ValueError, "kT = 0.0"),
        ({"seed": -1}, ValueError, "seed = -1"),
        ({"steps": 0}, ValueError, "steps = 0"),
        ({"optimiser": 0.1}, TypeError, "Adam"),
        ({"overwrite": True}, ValueError, "need a file"),
    ],
)
def test_refusals_of_learn(change, kind, words):
    arguments = {"model": network(), "data": PLANE, "method": DenoisingScoreMatching(0.3), "steps": 1} | change
    assert change.get("data") is None or np.isnan(PLANE).sum() == 0
    with pytest.raises(kind, match=words):
        learn(**arguments)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Adam(rate=-1.0), "rate = -1.0"),
        (lambda: Adam(decay=(0.9, 1.0)), r"decay = \(0.9, 1.0\)"),
        (lambda: Adam(epsilon=0.0), "epsilon = 0.0"),
        (lambda: Adam(rate=0.1, final_rate=0.2), "final_rate = 0.2"),
        (lambda: GradientDescent(rate=0.0), "rate = 0.0"),
        (lambda: ContrastiveDivergence(sweeps=0), "sweeps = 0"),
        (lambda: PersistentChains(chains=0), "chains = 0"),
        (lambda: PersistentChains(tau=-0.1), "tau = -0.1"),
        (lambda: DenoisingScoreMatching(0.0), "noise = 0.0"),
        (lambda: SlicedScoreMatching(0), "projections = 0"),
    ],
)
def test_refusals_of_methods(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("away", [3.0, 12.0, 40.0])
def test_quadrature_finds_modes_apart_from_the_data(away):
    """Half of the mass lies where no data are: ln 2 of the loss, and a gradient that would vanish without it."""
    model = MixtureEnergy(means=[[0.0], [away]], log_widths=[0.0, 0.0], logits=[0.0, 0.0], scale=1.0)
    x = np.array([[0.0], [0.1]])
    density = (np.exp(-(x**2) / 2.0) + np.exp(-((x - away) ** 2) / 2.0))[:, 0] / np.sqrt(8.0 * np.pi)
    assert np.allclose(negative_log_likelihood(model, x), -np.log(density), atol=1e-10)
    if away == 40.0:
        learned = learn(model, np.linspace(-1.0, 1.0, 20)[:, np.newaxis], ExactGradient(), steps=200, seed=1).model
        assert learned.logits[1] < learned.logits[0] - 0.2

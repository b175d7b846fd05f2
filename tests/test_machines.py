"""Boltzmann machines: sums against brute force, chains against sums, bits, learning against the enumerated optimum."""

import itertools
import os
import subprocess
import sys

import mpmath
import numpy as np
import pytest
from conftest import STANDARD_ERRORS, standard_errors

import brownian as bn
from brownian import noise
from brownian.learning import (
    Adam,
    ContrastiveDivergence,
    DenoisingScoreMatching,
    ExactGradient,
    PersistentChains,
    boltzmann,
    learn,
)
from brownian.machines import (
    BoltzmannMachine,
    GaussianBinaryMachine,
    Relaxation,
    RestrictedBoltzmannMachine,
    decisions,
    enumeration,
    layers,
    sampling,
    units,
)
from brownian.potentials.definition import check_force

ROUNDING = 2.0**-52
KT = 0.8


def random_couplings(n, scale, seed):
    w = np.triu(scale * np.random.default_rng(seed).normal(size=(n, n)), 1)
    return w + w.T


@pytest.fixture(scope="module")
def six(known):
    """The machine of boltzmann_machine_6."""
    i, j = np.meshgrid(np.arange(6), np.arange(6), indexing="ij")
    w = np.triu(0.4 * np.cos(1.7 * i + 0.9 * j + 0.3 * i * j), 1)
    return BoltzmannMachine(w + w.T, 0.3 * np.sin(1.1 * np.arange(6) + 0.5)), known["boltzmann_machine_6"]


def machines():
    """One of each kind, of sizes that fill no vector: by name."""
    rng = np.random.default_rng(3)
    w, a, b = 0.7 * rng.normal(size=(13, 9)), 0.3 * rng.normal(size=13), 0.3 * rng.normal(size=9)
    return {
        "spin": BoltzmannMachine(random_couplings(11, 0.4, 1), 0.3 * rng.normal(size=11)),
        "binary": BoltzmannMachine(random_couplings(11, 0.9, 2), 0.3 * rng.normal(size=11), "binary"),
        "restricted": RestrictedBoltzmannMachine(w, a, b),
        "gaussian": GaussianBinaryMachine(w[:5, :4], a[:5], b[:4], widths=rng.uniform(0.6, 1.3, 5)),
    }


KINDS = tuple(machines())


@pytest.fixture
def machine(request):
    return machines()[request.param]


each_machine = pytest.mark.parametrize("machine", KINDS, indirect=True)


def all_states(values, n):
    return np.array(list(itertools.product(values, repeat=n)))


# Sums over all states ------------------------------------------------------------------------------------------------


def test_known_answers(six):
    machine, answer = six
    exact, value = machine.exact(), answer["value"]
    bound = 64 * ROUNDING  # of sums of positive numbers, and of ln Z
    assert abs(exact.log_partition_function - value["lnZ"]) < 8 * bound
    assert np.abs(exact.means - value["s"]).max() < bound
    assert abs(exact.pairs[0, 1] - value["s0s1"]) < bound
    assert abs(exact.pairs[2, 5] - value["s2s5"]) < bound
    relaxed = machine.relaxed(shift=answer["params"]["d"])
    a, s = relaxed.covariance, exact.means
    condition = np.linalg.cond(a)
    assert np.abs(a @ s - value["x"]).max() < condition * bound
    spread = a + a @ (exact.pairs - np.outer(s, s)) @ a
    assert abs(spread[0, 0] - value["varx0"]) < condition * bound


def test_three_spins_and_a_small_restricted_machine():
    """Z, <s>, <ss>, <E>, S and p(v) to the six digits of hand-made sums."""
    half = 0.6e-6
    w = np.array([[0.0, 0.5, 0.25], [0.5, 0.0, -0.3], [0.25, -0.3, 0.0]])
    exact = BoltzmannMachine(w, [0.1, -0.2, 0.3]).exact()
    assert abs(np.exp(exact.log_partition_function) - 10.139476) < half
    assert np.abs(exact.means - [0.053872, -0.210164, 0.334730]).max() < half
    assert np.abs(exact.pairs[[0, 0, 1], [1, 2, 2]] - [0.370309, 0.122752, -0.230840]).max() < half
    assert abs(exact.mean_energy + 0.432933) < half
    assert abs(exact.entropy - 1.883503) < half
    small = RestrictedBoltzmannMachine([[1.0, -0.5], [0.5, 0.25]], [0.1, -0.2], [0.0, 0.3])
    assert abs(np.exp(small.log_partition_function()) - 28.275180) < 5 * half
    p = np.exp(small.log_probability(all_states((0, 1), 2)))
    assert np.abs(p - [0.166214, 0.209629, 0.264323, 0.359834]).max() < half


@pytest.mark.parametrize(("values", "n", "scale"), [("spin", 1, 0.4), ("binary", 9, 1.1), ("spin", 13, 0.5),
                                                    ("binary", 17, 0.7), ("spin", 12, 200.0)])  # fmt: skip
def test_enumeration_against_brute_force(values, n, scale):
    """In one block, in several, in more blocks than pieces, and with weights whose exponentials overflow."""
    machine = BoltzmannMachine(random_couplings(n, scale, n), scale * np.random.default_rng(n).normal(size=n), values)
    exact, s = machine.exact(KT), all_states(machine._low + (1.0 - machine._low) * np.array([0, 1]), n)
    exponents = -machine.energy(s) / KT
    top = exponents.max()
    p = np.exp(exponents - top)
    log_z = top + np.log(p.sum())
    p /= p.sum()
    bound = ROUNDING * (64.0 + 4 * np.abs(exponents).max())  # relative, of each weight
    assert abs(exact.log_partition_function - log_z) < bound
    assert np.abs(exact.means - p @ s).max() < bound
    assert np.abs(exact.pairs - (s * p[:, np.newaxis]).T @ s).max() < bound
    assert abs(exact.mean_energy + KT * p @ exponents) < bound * (1.0 + KT * np.abs(exponents).max())
    assert exact.log_partition_function == machine.log_partition_function(KT, threads=2)
    if n == 17:
        planted = BoltzmannMachine(machine.weights * 1.0001, machine.biases, values).exact(KT)
        assert np.abs(planted.means - p @ s).max() > 100 * bound
        one, many = machine.exact(KT, threads=1), machine.exact(KT, threads=5)
        assert one.log_partition_function == many.log_partition_function
        assert np.array_equal(one.pairs, many.pairs)


@pytest.mark.parametrize("shape", [(13, 9), (9, 13), (700, 3)])
def test_restricted_machine_against_brute_force(shape):
    """Either layer may be the smaller one; beyond 512 units the product of factors is cut."""
    rng = np.random.default_rng(5)
    w, a, b = 0.6 * rng.normal(size=shape), rng.normal(size=shape[0]), rng.normal(size=shape[1])
    exact = RestrictedBoltzmannMachine(w, a, b).exact(KT)
    turned = shape[0] < shape[1]
    w, a, b = (w.T, b, a) if turned else (w, a, b)
    h = all_states((0.0, 1.0), b.size)
    x = (a + h @ w.T) / KT
    exponents = h @ b / KT + np.logaddexp(0.0, x).sum(axis=1)
    p = np.exp(exponents - exponents.max())
    log_z = exponents.max() + np.log(p.sum())
    p /= p.sum()
    on = 1.0 / (1.0 + np.exp(-x))
    pairs = (on * p[:, np.newaxis]).T @ h
    bound = ROUNDING * (64.0 + len(a) + 4 * np.abs(exponents).max())
    assert abs(exact.log_partition_function - log_z) < bound
    of_a, of_b = (exact.hidden_means, exact.means) if turned else (exact.means, exact.hidden_means)
    assert np.abs(of_a - p @ on).max() < bound
    assert np.abs(of_b - p @ h).max() < bound
    assert np.abs((exact.pairs.T if turned else exact.pairs) - pairs).max() < bound


def test_gaussian_machine_is_its_mixture():
    """Z and the moments from the mixture of normals, and from quadrature over one visible unit."""
    machine = machines()["gaussian"]
    exact, h = machine.exact(KT), all_states((0, 1), 4)
    means, square = machine.visible_mean(h), machine.widths**2
    at_mean = -machine.energy(means, h) / KT  # the largest exponent of each normal
    p = np.exp(at_mean)
    z = p.sum() * np.prod(np.sqrt(2.0 * np.pi * KT * square))
    p /= p.sum()
    bound = 200 * ROUNDING
    assert abs(exact.log_partition_function - np.log(z)) < bound
    assert np.abs(exact.means - p @ means).max() < bound
    assert np.abs(exact.pairs - (means * p[:, np.newaxis]).T @ h).max() < bound
    assert abs(exact.mean_energy - (0.5 * machine.visible * KT - KT * p @ at_mean)) < bound
    one = GaussianBinaryMachine(machine.weights[:1], machine.visible_bias[:1], machine.hidden_bias, widths=0.7)
    v = np.linspace(-12.0, 12.0, 4001)
    weight = np.exp(-one.free_energy(v[:, np.newaxis], KT) / KT)
    total = weight.sum() * (v[1] - v[0])  # trapezoidal sums of normals are exact to rounding
    assert abs(np.log(total) - one.log_partition_function(KT)) < 4001 * ROUNDING
    assert abs((v * weight).sum() * (v[1] - v[0]) / total - one.exact(KT).means[0]) < 4001 * ROUNDING


def test_too_many_units_are_refused():
    with pytest.raises(ValueError, match=r"26 units, but enumeration takes at most 25 .*log_partition_function_ais"):
        BoltzmannMachine(np.zeros((26, 26))).exact()
    with pytest.raises(ValueError, match="26 units"):
        RestrictedBoltzmannMachine(np.zeros((30, 26))).log_partition_function()
    assert enumeration.LIMIT == 25


# Chains against sums -------------------------------------------------------------------------------------------------


def averages(machine, samples):
    """Values whose means are the machine's: per chain, (chains, numbers), and a function for the exact ones."""
    s = samples.end.astype(float)
    h = s if samples.hidden is None else samples.hidden[-1].astype(float)
    rows = [s, h, (s[:, :, np.newaxis] * h[:, np.newaxis]).reshape(len(s), -1)]

    def expected(exact):
        hidden = exact.means if exact.hidden_means is None else exact.hidden_means
        return np.concatenate([exact.means, hidden, exact.pairs.ravel()])

    return np.concatenate(rows, axis=1), expected


def worst(values, expected):
    """The largest deviation in standard errors; infinite where what was expected 25 times was never seen."""
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    off, moving = np.abs(values.mean(axis=0) - expected), error > 0.0
    if np.any(len(values) * off[~moving] > 25.0):
        return np.inf
    return (off[moving] / error[moving]).max()


@each_machine
def test_chains_against_sums(machine):
    """Means and pairs of 40 000 chains after 80 sweeps; planted: 6 % off in kT, biases left out."""
    values, expected = averages(machine, machine.sample(sweeps=80, chains=40_000, seed=7, kT=KT))
    assert worst(values, expected(machine.exact(KT))) < STANDARD_ERRORS
    assert worst(values, expected(machine.exact(1.06 * KT))) > STANDARD_ERRORS
    parameters = machine.parameters()
    for name in parameters:
        if name != "weights":
            parameters[name] = 0.0 * parameters[name]
    assert worst(values, expected(machine.with_parameters(parameters).exact(KT))) > STANDARD_ERRORS


def test_one_sweep_of_spins():
    """From one state: the product of the conditionals in turn; planted: all units drawn from the old state."""
    machine = BoltzmannMachine(random_couplings(4, 0.8, 6), [0.3, -0.2, 0.1, 0.4])
    start, states = np.array([1, -1, -1, 1]), all_states((-1, 1), 4)
    in_turn, at_once = np.ones(16), np.ones(16)
    for k, end in enumerate(states):
        s = start.copy()
        for i in range(4):
            up, old = machine.conditional(s, KT)[i], machine.conditional(start, KT)[i]
            in_turn[k] *= up if end[i] == 1 else 1.0 - up
            at_once[k] *= old if end[i] == 1 else 1.0 - old
            s[i] = end[i]
    end = machine.sample(sweeps=1, chains=200_000, seed=5, kT=KT, start=start).end
    found = (end[:, np.newaxis] == states).all(axis=2).astype(float)
    assert worst(found, in_turn) < STANDARD_ERRORS
    assert worst(found, at_once) > STANDARD_ERRORS


def test_rare_values_are_as_rare_as_they_should_be():
    """A unit that is on once in 10^5 and one that is off as rarely, over 10^7 draws."""
    machine = BoltzmannMachine(np.zeros((2, 2)), [-11.0, 12.0], "binary")
    samples = machine.sample(sweeps=2000, chains=5000, seed=3, every=1)
    on = samples.states.reshape(-1, 2).sum(axis=0)
    n, p = samples.states.size / 2, 1.0 / (1.0 + np.exp([11.0, 12.0]))
    rare = np.array([on[0], n - on[1]])
    assert np.all(np.abs(rare - n * p) < STANDARD_ERRORS * np.sqrt(n * p))
    assert not np.all(np.abs(rare - n * 2.0**-16) < STANDARD_ERRORS * np.sqrt(n * p))  # planted: 16 bits alone


# Decisions -----------------------------------------------------------------------------------------------------------


def test_decision_has_64_bits():
    """At sigma(x) 2^64 itself, to its rounding, however rare the value; planted: 1 - e / (1 + e) for the other side."""
    with mpmath.workdps(60):
        for x in (0.0, 0.3, -0.3, 5.0, -5.0, 22.0, -22.0, 31.0, -31.0, 43.0, -43.0):
            edge = mpmath.mpf(2) ** 64 / (1 + mpmath.exp(-mpmath.mpf(x)))
            small = min(edge, mpmath.mpf(2) ** 64 - edge)
            reach = int(4e-15 * small) + 1
            for step in (-reach, reach):
                place = int(mpmath.floor(edge)) + step
                if 0 <= place < 2**64:
                    upper, lower = np.uint64(place >> 48), np.uint64(place & (2**48 - 1))
                    assert decisions.below_sigmoid(x, upper, lower) == (step < 0), (x, step)
        assert abs(1.0 - 1.0 / (1.0 + np.exp(43.0)) - 1.0) == 0.0  # e^-43 is lost next to 1


def test_margin_bounds_the_error_of_float32():
    """1 + e^-x over a fine grid; sigma from it misses by less than what the margin grants."""
    x = np.concatenate([np.linspace(-30.0, 30.0, 20_001), np.linspace(-79.0, 79.0, 2001)]).astype(np.float32)
    approximate = np.array([decisions.inverse_sigmoid32(value) for value in x], float)
    truth = 1.0 / (1.0 + np.exp(-x.astype(float)))
    assert np.abs(1.0 / approximate - truth).max() < 0.5 * decisions.BASE_MARGIN
    assert np.abs(1.0 / approximate - truth).max() > 0.01 * decisions.BASE_MARGIN
    assert np.isnan(decisions.inverse_sigmoid32(np.float32("nan")))


@each_machine
def test_margin_changes_no_bit(machine, monkeypatch):
    """Everything settled in float64, next to almost nothing; large weights, whose float32 sums are far off, too."""
    strong = {name: 3000.0 * value for name, value in machine.parameters().items()}
    for one, kT in ((machine, KT), (machine.with_parameters(strong), 1000.0)):
        run = {"sweeps": 40, "chains": 700, "seed": 5, "kT": kT}
        fast = one.sample(**run)
        with monkeypatch.context() as patch:
            patch.setattr(layers, "BASE_MARGIN", 4.0)
            patch.setattr(units, "BASE_MARGIN", 4.0)
            slow = one.with_parameters(one.parameters()).sample(**run)
        assert np.array_equal(fast.end, slow.end)


def test_inputs_that_float32_can_not_hold(monkeypatch):
    """1e7 and 0.7 - 1e7 make 0.7; planted: no margin, and the unit is on as often as at 0 or 1."""
    weights = np.zeros((3, 3))
    weights[0, 2] = weights[2, 0] = 1e7
    weights[1, 2] = weights[2, 1] = 0.7 - 1e7
    run = {"sweeps": 2, "chains": 20_000, "seed": 5, "start": np.ones(3, int)}
    expected = np.array([1.0, 1.0, 1.0 / (1.0 + np.exp(-0.7))])

    def deviations():
        machine = BoltzmannMachine(weights, [3e7, 3e7, 0.0], "binary")
        layered = RestrictedBoltzmannMachine(weights[[0, 2, 2, 2, 2, 1], 2:], np.full(6, 3e7))  # not in one four
        of_layers = layered.sample(**run | {"start": np.ones(6, int)}).hidden[-1].astype(float)
        return worst(machine.sample(**run).end.astype(float), expected), worst(of_layers, expected[2:])

    assert max(deviations()) < STANDARD_ERRORS
    for module in (layers, units):
        monkeypatch.setattr(module, "ROUNDING", 0.0)
    assert min(deviations()) > STANDARD_ERRORS


def uniform(seed, sweep, chain, unit, purpose):
    """The 64 bits of a unit, in whole numbers, as the module says."""

    def call(component, purpose):
        key = [seed & 0xFFFFFFFF, seed >> 32]
        counter = [sweep & 0xFFFFFFFF, sweep >> 32, chain, component << 8 | purpose]
        return [int(word) for word in noise.philox(*(np.uint64(c) for c in counter + key))]

    word = call(unit // 8, purpose)[unit % 4]
    upper = word >> 16 if unit // 4 % 2 else word & 0xFFFF
    a, b, *_ = call(unit, purpose + 1)
    return upper << 48 | (a & 0xFFFF) << 32 | b


def test_words_are_those_of_the_module():
    """Sweeps made again in whole numbers: which bits decide on which unit of which chain."""
    seed, first, chain = 0x1234567_89ABCDEF, 2**34 + 5, 12
    spins, restricted = machines()["spin"], machines()["restricted"]
    run = {"sweeps": 3, "chains": 1, "seed": seed, "first_sweep": first, "first_chain": chain, "kT": KT}
    s, v = np.tile([1, -1], 6)[:11], np.tile([1, 0, 0], 5)[:13]
    found, layered = spins.sample(start=s, **run), restricted.sample(start=v, **run)
    for sweep in range(first, first + 3):
        for i in range(11):
            bits = uniform(seed, sweep, chain, i, decisions.VISIBLE)
            s[i] = 1 if bits < 2.0**64 * spins.conditional(s, KT)[i] else -1
        h = [uniform(seed, sweep, chain, j, decisions.HIDDEN) for j in range(9)]
        h = (np.array(h, float) < 2.0**64 * restricted.hidden_probability(v, KT)).astype(int)
        bits = [uniform(seed, sweep, chain, i, decisions.VISIBLE) for i in range(13)]
        v = (np.array(bits, float) < 2.0**64 * restricted.visible_probability(h, KT)).astype(int)
    assert found.end[0].tolist() == s.tolist()
    assert layered.end[0].tolist() == v.tolist()
    assert layered.hidden[-1, 0].tolist() == h.tolist()


def test_lower_bits_decide_where_the_upper_ones_do_not():
    """A probability between the unit's 64-bit uniform and its neighbours, 2^-40 away: far below the first 16 bits."""
    for unit, sweep in ((0, 3), (5, 8)):
        u = uniform(77, sweep, 4, unit, decisions.VISIBLE)
        for step, value in ((2**24, 1), (-(2**24), 0)):
            with mpmath.workdps(40):
                p = mpmath.mpf(u + step) / 2**64
                bias = np.zeros(6)
                bias[unit] = float(mpmath.log(p / (1 - p)))
            machine = BoltzmannMachine(np.zeros((6, 6)), bias, "binary")
            run = {"sweeps": 1, "chains": 1, "seed": 77, "first_sweep": sweep, "first_chain": 4}
            assert machine.sample(**run).end[0, unit] == value
    assert (decisions.VISIBLE, decisions.HIDDEN, decisions.START) == (40, 42, 44)


# Bits ----------------------------------------------------------------------------------------------------------------


def same(a, b):
    return np.array_equal(a.states, b.states) and np.array_equal(a.end, b.end) and (
        a.hidden is None or np.array_equal(a.hidden, b.hidden)
    )  # fmt: skip


@each_machine
def test_threads_cuts_and_company_do_not_matter(machine, monkeypatch):
    run = {"seed": 8, "kT": KT, "every": 1}
    whole = machine.sample(sweeps=30, chains=70, first_sweep=2**33 + 3, threads=1, **run)
    assert same(whole, machine.sample(sweeps=30, chains=70, first_sweep=2**33 + 3, threads=3, **run))
    sweep, end, states = 2**33 + 3, "random", []
    for sweeps in (1, 2, 11, 16):
        part = machine.sample(sweeps=sweeps, chains=70, first_sweep=sweep, start=end, **run)
        sweep, end = part.last_sweep, part.end
        states.append(part.states)
    assert np.array_equal(np.concatenate(states), whole.states)
    alone = machine.sample(sweeps=30, chains=2, first_chain=41, first_sweep=2**33 + 3, **run)
    assert np.array_equal(alone.states, whole.states[:, 41:43])
    monkeypatch.setattr(sampling, "_AT_ONCE", 70 * 20)
    assert same(whole, machine.sample(sweeps=30, chains=70, first_sweep=2**33 + 3, threads=1, **run))
    assert not same(whole, machine.sample(sweeps=30, chains=70, first_sweep=2**33 + 4, threads=1, **run))
    thin = machine.sample(sweeps=30, chains=70, first_sweep=2**33 + 3, seed=8, kT=KT, every=7)
    assert np.array_equal(thin.states, whole.states[6::7])
    assert thin.frame_sweeps.tolist() == [2**33 + 3 + k for k in (7, 14, 21, 28)]


def test_compiled_is_interpreted():
    """The same bits without the compiler: chains of every kind, annealing, and sums."""
    code = """
import sys; sys.path.insert(0, "tests")
import numpy as np, numba
from test_machines import machines, KT, bits_of
assert numba.config.DISABLE_JIT
print(bits_of())
"""
    env = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == bits_of()


def bits_of():
    arrays = []
    for machine in machines().values():
        samples = machine.sample(sweeps=2, chains=3, seed=2**63 + 7, kT=KT, threads=1)
        annealed = machine.log_partition_function_ais(2, chains=2, seed=9, kT=KT, threads=1)
        arrays += [samples.end, annealed.log_weights]
    exact = RestrictedBoltzmannMachine(machines()["restricted"].weights[:4, :3]).exact(KT)
    arrays += [exact.pairs, np.array([exact.log_partition_function])]
    return " ".join(array.tobytes().hex() for array in arrays)


# Annealed importance sampling ----------------------------------------------------------------------------------------


@each_machine
def test_annealed_importance_sampling(machine):
    """Against the sum, in its own standard errors; one step alone is importance sampling; planted: Z_0 at kT = 1."""
    log_z = machine.log_partition_function(KT)
    fine = machine.log_partition_function_ais(300, chains=2000, seed=5, kT=KT)
    assert abs(fine.z(log_z)) < STANDARD_ERRORS
    assert fine.error < 0.05
    assert fine.effective_samples > 200
    coarse = machine.log_partition_function_ais([0.0, 1.0], chains=2000, seed=5, kT=KT)
    assert coarse.effective_samples < fine.effective_samples
    assert coarse.error > fine.error
    planted = machine.log_partition_function(1.0)
    assert abs(fine.z(planted)) > STANDARD_ERRORS
    assert np.array_equal(
        fine.log_weights, machine.log_partition_function_ais(300, chains=2000, seed=5, kT=KT, threads=1).log_weights
    )


def test_annealing_beyond_enumeration():
    """40 units in two halves that do not meet: ln Z is the sum of the halves'."""
    w, h = random_couplings(20, 0.15, 8), 0.3 * np.random.default_rng(8).normal(size=40)
    big = np.zeros((40, 40))
    big[:20, :20] = big[20:, 20:] = w
    halves = sum(BoltzmannMachine(w, part).log_partition_function() for part in (h[:20], h[20:]))
    estimate = BoltzmannMachine(big, h).log_partition_function_ais(400, chains=1000, seed=2)
    assert abs(estimate.z(halves)) < STANDARD_ERRORS


@pytest.mark.parametrize("betas", [0, [0.0, 0.5], [0.1, 1.0], [0.0, 0.5, 0.5, 1.0], [1.0]])
def test_ladders_that_can_not_be(betas):
    with pytest.raises(ValueError, match="betas"):
        machines()["spin"].log_partition_function_ais(betas, seed=1)


# The continuous route ------------------------------------------------------------------------------------------------


def test_relaxation_force_and_laplacian(six):
    relaxed = six[0].relaxed()
    check_force(relaxed, 6)
    x = np.random.default_rng(3).normal(size=(5, 6))
    h = 1e-4
    second = sum(relaxed.energy(x + h * e) + relaxed.energy(x - h * e) - 2.0 * relaxed.energy(x) for e in np.eye(6))
    assert np.abs(relaxed.laplacian(x) - second / h**2).max() < 100 * ROUNDING * np.abs(relaxed.energy(x)).max() / h**2
    far = relaxed.energy(1e6 * x) - 0.5 * np.einsum("ki,ij,kj->k", 1e6 * x, relaxed.precision, 1e6 * x)
    assert np.isfinite(far).all()  # ln 2 cosh of numbers whose cosh overflows


def test_langevin_samples_the_machine(six):
    """E[tanh(x + h)] = <s>, E[x] = A <s>, Cov(x) = A + A Cov(s) A; the bias of the scheme is of order tau^2.

    The scheme's bias is of the order of (tau L)^2 / 12 of a standard deviation, L < 2 the largest curvature: 1.3e-4 at
    tau = 0.02, an eightieth of a standard error.  Planted: the means of the machine without biases.
    """
    machine, answer = six
    relaxed, exact = machine.relaxed(shift=answer["params"]["d"]), machine.exact()
    simulation = bn.Simulation(
        potential=relaxed, dynamics=bn.Overdamped(friction=1.0, kT=1.0), integrator=bn.LeimkuhlerMatthews(), dt=0.02,
        particles=8000, dimension=6, seed=4, start=np.zeros((8000, 6)),
    )  # fmt: skip
    x = np.asarray(simulation.run(steps=4000, dtype=np.float64).positions[-1])
    spins, a = relaxed.spins(x), relaxed.covariance
    spread = a + a @ (exact.pairs - np.outer(exact.means, exact.means)) @ a
    square = (x - a @ exact.means)[:, :, np.newaxis] * (x - a @ exact.means)[:, np.newaxis]
    assert worst(spins, exact.means) < STANDARD_ERRORS
    assert worst(x, a @ exact.means) < STANDARD_ERRORS
    assert worst(square.reshape(-1, 36), spread.ravel()) < STANDARD_ERRORS
    planted = BoltzmannMachine(machine.weights).exact()
    assert worst(spins, planted.means + 1e-300) > STANDARD_ERRORS


def test_relaxations_that_can_not_be():
    machine = machines()["spin"]
    with pytest.raises(ValueError, match=r"shift = 0\.0, but W / kT has the eigenvalue"):
        machine.relaxed(shift=0.0)
    with pytest.raises(ValueError, match="of spins"):
        machines()["binary"].relaxed()
    with pytest.raises(ValueError, match="eigenvalue"):
        Relaxation([[1.0, 2.0], [2.0, 1.0]], [0.0, 0.0])
    with pytest.raises(ValueError, match="symmetric"):
        Relaxation([[2.0, 1.0], [0.0, 2.0]], [0.0, 0.0])
    with pytest.raises(ValueError, match="shape"):
        Relaxation([[2.0, 1.0]], [0.0, 0.0])


# Learning ------------------------------------------------------------------------------------------------------------


def gradient_of(machine, data, method, steps=1, seed=3):
    """Gradients of learning steps 0, 1, ... at the machine as it is, by name: (steps, ...)."""
    learner = boltzmann.learner_for(machine, data, method, batch=len(data), seed=seed, threads=1)
    found = [learner.gradient(step)[0] for step in range(steps)]
    return {name: np.array([one[name] for one in found]) for name in found[0]}


@each_machine
def test_exact_gradient_is_that_of_the_loss(machine):
    """By differences of the loss; planted: the other sign."""
    rng = np.random.default_rng(9)
    data = machine.sample(sweeps=1, chains=60, seed=1).end
    learner = boltzmann.learner_for(machine, data, ExactGradient(), batch=60, seed=1, threads=1)
    gradient, numbers = learner.gradient(0)
    h = 1e-3
    for name, value in machine.parameters().items():
        way = rng.normal(size=value.shape)
        if isinstance(machine, BoltzmannMachine) and name == "weights":
            way = np.triu(way, 1) + np.triu(way, 1).T
        losses = []
        for step in (-2, -1, 1, 2):
            learner.parameters = machine.parameters() | {name: value + step * h * way}
            losses.append(learner.gradient(0)[1]["loss"])
        slope = np.array([1.0, -8.0, 8.0, -1.0]) @ losses / (12.0 * h)
        expected = (gradient[name] * way).sum() / (2.0 if way.shape == value.T.shape == (11, 11) else 1.0)
        bound = 18.0 / (12.0 * h) * 200 * ROUNDING * np.abs(losses).max() + 1e4 * h**4  # fifth derivatives < 3e5
        assert abs(slope - expected) < bound, name
        assert abs(slope + expected) > bound, name
    assert numbers["loss"] > 0.0 or isinstance(machine, GaussianBinaryMachine)


def test_learned_to_the_enumerated_optimum(six):
    """Six units, from zero, on the law of a known machine: KL below 1e-3 (planted: one that is left out of it)."""
    truth, _ = six
    states = all_states((-1, 1), 6)
    p = np.exp(truth.log_probability(states))
    data = np.repeat(states, np.round(20_000 * p).astype(int), axis=0)
    start = BoltzmannMachine(np.zeros((6, 6)))
    learned = learn(start, data, ExactGradient(), steps=300, optimiser=Adam(0.05), seed=1, threads=1)

    def divergence(machine):
        return p @ (np.log(p) - machine.log_probability(states))

    assert 0.0 <= divergence(learned.model) + 1e-12 < 1e-3
    assert divergence(start) > 0.1
    assert np.array_equal(learned.model.weights, learned.model.weights.T)
    assert learned.history["loss"][-1] < learned.history["loss"][0]
    planted = learned.model.with_parameters({"weights": learned.model.weights, "biases": np.zeros(6)})
    assert divergence(planted) > 1e-3


def test_contrastive_divergence_is_biased_and_by_how_much():
    """CD-1 against its own expectation, by the exact transition, and against the exact gradient; CD-40 has no bias.

    The expectation of v after one sweep from data v_0: sum_h p(h | v_0) p(v | h).
    """
    rng = np.random.default_rng(4)
    machine = RestrictedBoltzmannMachine(1.2 * rng.normal(size=(5, 3)), 0.4 * rng.normal(size=5), rng.normal(size=3))
    data = np.repeat(np.array([[1, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 0, 0, 1]]), 700, axis=0)
    v, h = all_states((0, 1), 5), all_states((0, 1), 3)
    forth = np.prod(np.where(h == 1, machine.hidden_probability(v)[:, np.newaxis], 1 - machine.hidden_probability(
        v)[:, np.newaxis]), axis=2)  # fmt: skip
    back = np.prod(np.where(v == 1, machine.visible_probability(h)[:, np.newaxis], 1 - machine.visible_probability(
        h)[:, np.newaxis]), axis=2)  # fmt: skip
    of_data = (data[:, np.newaxis] == v).all(axis=2).mean(axis=0)

    def expected(sweeps):
        law = of_data @ np.linalg.matrix_power(forth @ back, sweeps)
        pairs = (v * law[:, np.newaxis]).T @ machine.hidden_probability(v)
        return pairs - boltzmann.data_averages(machine, data)["weights"]

    truth = gradient_of(machine, data, ExactGradient())["weights"][0]
    for sweeps in (1, 40):
        found = gradient_of(machine, data, ContrastiveDivergence(sweeps), steps=60)["weights"].reshape(60, -1)
        assert worst(found, expected(sweeps).ravel()) < STANDARD_ERRORS
        if sweeps == 1:
            assert worst(found, truth.ravel()) > 20 * STANDARD_ERRORS
        else:
            assert worst(found, truth.ravel()) < STANDARD_ERRORS


@each_machine
def test_persistent_chains_find_the_gradient(machine):
    """After the chains have forgotten the data, and the gradient of a model at its own law is zero for all methods."""
    data = machine.sample(sweeps=300, chains=4000, seed=12).end
    truth = gradient_of(machine, data, ExactGradient())
    found = gradient_of(machine, data[:50], PersistentChains(chains=400, sweeps=20), steps=60)
    shift = boltzmann.data_averages(machine, data[:50])
    for name in truth:
        model = (found[name][10:] + shift[name]).reshape(50, -1)
        exact = boltzmann.model_averages(machine, machine.exact())[name].ravel()
        assert worst(model, exact) < STANDARD_ERRORS


def test_learning_goes_on_to_the_same_bits(tmp_path):
    """Interrupted and resumed, with chains and batches; on other threads."""
    machine = machines()["restricted"]
    data = machine.sample(sweeps=50, chains=60, seed=12).end
    for method in (PersistentChains(chains=40), ContrastiveDivergence(2)):
        options = {"batch": 25, "optimiser": Adam(0.02), "seed": 5}
        start = RestrictedBoltzmannMachine(0.01 * machine.weights)
        whole = learn(start, data, method, steps=12, threads=1, **options)
        path = tmp_path / f"{type(method).__name__}.npz"
        learn(start, data, method, steps=7, out=path, threads=1, **options)
        rest = learn(start, data, method, steps=12, out=path, resume=True, threads=2, **options)
        for name, value in whole.model.parameters().items():
            assert np.array_equal(value, rest.model.parameters()[name])
        assert "loss" in whole.history.names


# What can't be --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (([[0.0, 1.0], [2.0, 0.0]],), ValueError, r"weights: element \(0, 1\) is 1.0 and \(1, 0\) is 2.0"),
        (([[0.0, 1.0], [1.0, 0.5]],), ValueError, r"weights: element \(1, 1\) is 0.5, but the diagonal"),
        (([[0.0, np.nan], [np.nan, 0.0]],), ValueError, r"weights: element \(0, 1\) is nan"),
        (([[0.0, 1.0]],), ValueError, r"shape \(1, 2\)"),
        (([0.0, 1.0],), ValueError, r"weights has shape \(2,\)"),
        (([["a"]],), TypeError, "numbers are needed"),
        (([[0.0], [1.0, 2.0]],), TypeError, "numbers are needed"),
        (([[0.0]], [1.0, 2.0]), ValueError, r"biases has shape \(2,\), but \(1,\) is needed"),
        (([[0.0]], [np.inf]), ValueError, r"biases: element \(0,\) is inf"),
        (([[0.0]], [0.0], "ternary"), ValueError, "'spin' or 'binary'"),
        ((1e308 * (np.ones((2, 2)) - np.eye(2)),), ValueError, "sums of them must be finite"),
    ],
)
def test_machines_that_can_not_be(arguments, kind, words):
    with pytest.raises(kind, match=words):
        BoltzmannMachine(*arguments)


def test_layers_that_can_not_be():
    with pytest.raises(ValueError, match=r"hidden_bias has shape \(3,\), but \(2,\)"):
        RestrictedBoltzmannMachine(np.zeros((4, 2)), None, np.zeros(3))
    with pytest.raises(ValueError, match=r"widths: element 1 is 0\.0"):
        GaussianBinaryMachine(np.zeros((2, 1)), widths=[1.0, 0.0])
    with pytest.raises(ValueError, match="widths has shape"):
        GaussianBinaryMachine(np.zeros((2, 1)), widths=[1.0, 1.0, 1.0])
    with pytest.raises(TypeError, match="visible_mean"):
        machines()["gaussian"].visible_probability(np.zeros(4))


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"kT": 0.0}, ValueError, "kT = 0.0"),
        ({"kT": "warm"}, TypeError, "kT = 'warm'"),
        ({"sweeps": 0}, ValueError, "sweeps = 0"),
        ({"sweeps": 2.5}, TypeError, "sweeps = 2.5"),
        ({"chains": 0}, ValueError, "chains = 0"),
        ({"chains": 5, "first_chain": 2**32 - 4}, ValueError, "chains = 5"),
        ({"seed": 2**64}, ValueError, "below 2"),
        ({"every": 11}, ValueError, "every = 11"),
        ({"threads": 0}, ValueError, "threads = 0"),
        ({"first_sweep": 2**62}, ValueError, "below 2"),
        ({"start": "rest"}, ValueError, "start = 'rest'"),
        ({"start": np.zeros(11)}, ValueError, "unit 0 is 0.0, but a unit's value must be -1 or 1"),
        ({"start": np.ones((2, 11))}, ValueError, "start has shape"),
        ({"start": np.ones(4)}, ValueError, "the 11 units"),
    ],
)
def test_runs_that_can_not_be(changed, kind, words):
    with pytest.raises(kind, match=words):
        machines()["spin"].sample(**({"sweeps": 10, "chains": 3, "seed": 7} | changed))


@pytest.mark.parametrize(
    ("kind", "row", "words"),
    [
        ("spin", [1.0, 0.0], "data: row 2, column 1 is 0.0, but a unit's value must be -1 or 1"),
        ("restricted", [1.0, 0.5], "data: row 2, column 1 is 0.5, but a unit's value must be 0 or 1"),
        ("restricted", [1.0, np.nan], "data: row 2, column 1 is nan"),
        ("gaussian", [1.0, np.inf], "data: row 2, column 1 is inf"),
    ],
)
def test_data_that_can_not_be(kind, row, words):
    machine = machines()[kind]
    data = np.ones((4, machine.dimension))
    data[2, :2] = row
    with pytest.raises(ValueError, match=words):
        learn(machine, data, ContrastiveDivergence(), steps=1, seed=1)
    with pytest.raises(ValueError, match=words):
        boltzmann.learner_for(machine, data, ContrastiveDivergence(), batch=4, seed=1, threads=1)


def test_learning_that_can_not_be():
    machine = machines()["restricted"]
    data = np.ones((4, 13))
    with pytest.raises(ValueError, match=r"the 13 units|dimension"):
        learn(machine, data[:, :5], ExactGradient(), steps=1)
    with pytest.raises(TypeError, match="a Boltzmann machine learns by"):
        learn(machine, data, DenoisingScoreMatching(0.1), steps=1)
    with pytest.raises(ValueError, match="tau = None"):
        learn(machine, data, ContrastiveDivergence(1, tau=0.1), steps=1)
    with pytest.raises(ValueError, match="26 units"):
        learn(BoltzmannMachine(np.zeros((26, 26))), np.ones((4, 26)), ExactGradient(), steps=1)
    with pytest.raises(TypeError, match="can be learnt"):
        boltzmann.learner_for("machine", data, ExactGradient(), batch=4, seed=1, threads=1)


def test_machines_show_themselves():
    assert repr(machines()["spin"]) == "BoltzmannMachine(11 units of -1 or 1)"
    assert repr(machines()["restricted"]) == "RestrictedBoltzmannMachine(13 visible units, 9 hidden)"
    samples = machines()["restricted"].sample(sweeps=3, chains=2, seed=1, every=1)
    assert repr(samples) == "GibbsSamples(2 chains, 13 and 9 hidden units, sweeps 0 to 3, 3 frames)"
    given = np.zeros((2, 2))
    machine = BoltzmannMachine(given)
    given[0, 1] = 9.0
    assert machine.weights[0, 1] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        machine.weights[0, 1] = 1.0


def test_random_starts_are_fair_coins():
    made = sampling.plan(sweeps=1, chains=50_000, seed=3)
    coins = sampling.start_of("random", made, 7, (-1, 1)).astype(float)
    assert np.abs(coins.mean(axis=0)).max() < STANDARD_ERRORS / np.sqrt(50_000)
    assert abs(standard_errors(coins[:, 0] * coins[:, 6], 0.0)) < STANDARD_ERRORS
    machine = machines()["gaussian"]
    spread = machine.widths * np.sqrt(KT)
    start = sampling.gaussian_start("random", made, machine.visible_bias, spread)
    assert worst(start, machine.visible_bias) < STANDARD_ERRORS
    assert worst((start - machine.visible_bias) ** 2, spread**2) < STANDARD_ERRORS

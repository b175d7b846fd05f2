"""Discrete levels: sums against 400 digits, the sampler against its exact transition matrix, and bits."""

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
from brownian.levels import sampling

INF = float("inf")
ROUNDING = 2.0**-52
RULES = ("glauber", "metropolis")
ENERGIES, DEGENERACIES, KT = [0.4, -1.1, 0.4, 2.3, -0.2], [2, 1, 3, 7, 1], 0.9


@pytest.fixture
def levels():
    """Five levels in no order, two of one energy, none of them at zero."""
    return bn.DiscreteLevels(ENERGIES, DEGENERACIES)


# Partition sums ------------------------------------------------------------------------------------------------------


def exact(levels, kT):
    """Z's logarithm, p, <E>, C, S, F to 400 digits (ln(1 + 1e-206) needs them), of the numbers that are held."""
    with mpmath.workdps(400):
        energies = [mpmath.mpf(e) for e in levels.energies.tolist()]
        lowest, kT = min(energies), mpmath.mpf(kT)
        w = [g * mpmath.exp(-(e - lowest) / kT) for e, g in zip(energies, levels.degeneracies.tolist(), strict=True)]
        total = mpmath.fsum(w)
        p = [x / total for x in w]
        above = mpmath.fsum(q * (e - lowest) for q, e in zip(p, energies, strict=True))
        variance = mpmath.fsum(q * (e - lowest - above) ** 2 for q, e in zip(p, energies, strict=True))
        logarithm = mpmath.log(total)
        return {
            "log_partition_function": logarithm - lowest / kT,
            "probabilities": p,
            "mean_energy": lowest + above,
            "heat_capacity": variance / kT**2,
            "entropy": logarithm + above / kT,
            "free_energy": lowest - kT * logarithm,
            "above": above,
        }


def bound(levels, kT):
    """Relative rounding of a weight g e^{-x}, in which x = gap / kT carries two roundings, and of a sum of them."""
    largest = min(np.ptp(levels.energies) / kT, 746.0)  # beyond, the weight is 0
    return (largest + 8.0 + len(levels)) * ROUNDING


@pytest.mark.parametrize("kT", [1e-4, 0.0019, 0.01, 0.09, 0.9, 7.0, 3e3, 1e8])
@pytest.mark.parametrize("shift", [0.0, 137.5])
def test_sums_against_many_digits(kT, shift):
    """From gaps of 1e4 kT to gaps of 1e-8 kT; each positive sum to its relative rounding."""
    levels = bn.DiscreteLevels(np.array(ENERGIES) + shift, DEGENERACIES)
    truth, r, least = exact(levels, kT), bound(levels, kT), mpmath.mpf(1e-290)
    lowest = abs(levels.energies.min())

    def missed(name, value=None):
        return abs(mpmath.mpf(float(getattr(levels, name)(kT) if value is None else value)) - truth[name])

    for p, q in zip(levels.probabilities(kT).tolist(), truth["probabilities"], strict=True):
        assert abs(mpmath.mpf(p) - q) <= 2 * r * q + least
    assert missed("heat_capacity") <= 8 * r * truth["heat_capacity"] + least
    assert missed("entropy") <= 4 * r * truth["entropy"] + least
    assert missed("mean_energy") <= 4 * r * truth["above"] + ROUNDING * lowest + least
    logarithm = truth["log_partition_function"] + levels.energies.min() / mpmath.mpf(kT)
    assert missed("log_partition_function") <= 2 * r * (1 + abs(logarithm)) + 2 * ROUNDING * lowest / kT
    assert missed("free_energy") <= 2 * r * kT * (1 + abs(logarithm)) + 2 * ROUNDING * lowest
    if abs(truth["log_partition_function"]) < 700:
        z = levels.partition_function(kT)
        relative = abs(mpmath.mpf(float(z)) / mpmath.exp(truth["log_partition_function"]) - 1)
        assert relative <= 2 * r + 4 * ROUNDING * (1 + lowest / kT)


def test_textbook_variance_would_be_seen():
    """<E^2> - <E>^2, the planted error, loses what the mean square of E - <E> keeps."""
    levels, kT = bn.DiscreteLevels(np.array(ENERGIES) + 137.5, DEGENERACIES), 3e3
    truth = exact(levels, kT)["heat_capacity"]
    p = levels.probabilities(kT)
    planted = ((p * levels.energies**2).sum() - (p * levels.energies).sum() ** 2) / kT**2
    assert abs(planted - truth) > 8 * bound(levels, kT) * truth


def test_many_levels_against_the_oscillator():
    """The oscillator's levels to n = 4000: C = (y / sinh y)^2 with y = spacing / 2 kT, F = spacing/2 + kT ln(...)."""
    spacing, kT = 0.7, np.array([0.2, 0.9, 5.3])
    levels = bn.DiscreteLevels(spacing * (np.arange(4000) + 0.5))
    y = spacing / (2.0 * kT)
    r = np.array([bound(levels, t) for t in kT])
    assert np.all(np.abs(levels.heat_capacity(kT) / (y / np.sinh(y)) ** 2 - 1.0) < 8 * r)
    free = spacing / 2.0 + kT * np.log1p(-np.exp(-spacing / kT))
    assert np.all(np.abs(levels.free_energy(kT) - free) < 4 * r * (spacing + kT))


def test_zero_and_infinite_temperature(levels):
    """The lowest level alone, with its degeneracy; all states alike; to the last bit where that is possible."""
    two = bn.DiscreteLevels([2.5, -0.3, -0.3, 1.0], [1, 2, 3, 4])
    assert two.probabilities(0.0).tolist() == [0.0, 0.4, 0.6, 0.0]
    assert (two.entropy(0.0), two.heat_capacity(0.0), two.mean_energy(0.0)) == (np.log(5.0), 0.0, -0.3)
    assert (two.free_energy(0.0), two.log_partition_function(0.0), two.partition_function(0.0)) == (-0.3, INF, INF)
    assert two.probabilities(INF).tolist() == [0.1, 0.2, 0.3, 0.4]
    assert (two.entropy(INF), two.heat_capacity(INF), two.partition_function(INF)) == (np.log(10.0), 0.0, 10.0)
    assert (two.free_energy(INF), two.log_partition_function(INF)) == (-INF, np.log(10.0))
    at_zero = bn.DiscreteLevels([0.0, 1.3], [3, 1])
    assert (at_zero.log_partition_function(0.0), at_zero.partition_function(0.0)) == (np.log(3.0), 3.0)
    above = bn.DiscreteLevels([0.2, 1.3])
    assert (above.log_partition_function(0.0), above.partition_function(0.0)) == (-INF, 0.0)
    single = bn.DiscreteLevels([0.7])
    assert [single.free_energy(t) for t in (0.0, 0.9, INF)] == [0.7, 0.7, 0.7]
    tiny = levels.probabilities(5e-324)
    assert tiny.tolist() == levels.probabilities(0.0).tolist() == [0.0, 1.0, 0.0, 0.0, 0.0]
    # the approach: a small excited part keeps its digits, e.g. S = ln 1 + x e^{-x} (1 + 1/x)
    gap, kT = 1.3, 1.3 / 600.0
    x = mpmath.mpf(gap) / mpmath.mpf(kT)
    entropy = mpmath.log1p(mpmath.exp(-x)) + x / (mpmath.exp(x) + 1)
    assert abs(bn.DiscreteLevels([0.0, gap]).entropy(kT) / entropy - 1) < 2 * 610 * ROUNDING


def test_degeneracy_is_so_many_levels(levels):
    """A level of degeneracy g and g levels of one energy are the same."""
    apart = bn.DiscreteLevels(np.repeat(ENERGIES, DEGENERACIES))
    kT = np.array([[0.0, 0.3], [0.9, 50.0]])
    for name in ("log_partition_function", "mean_energy", "heat_capacity", "entropy", "free_energy"):
        one, many = getattr(levels, name)(kT), getattr(apart, name)(kT)
        assert one.shape == (2, 2)
        finite = np.isfinite(one)
        assert np.array_equal(one[~finite], many[~finite])
        assert np.all(np.abs(one[finite] - many[finite]) <= 40 * ROUNDING * (1.0 + np.abs(one[finite])))
    assert levels.probabilities(kT).shape == (2, 2, 5)
    assert levels.probabilities(KT).shape == (5,)
    assert np.ndim(levels.entropy(KT)) == 0


def test_derivatives_of_the_free_energy(levels):
    """S = -dF/dkT and C = d<E>/dkT by differences of fourth order; planted: a factor of kT."""
    h = 1e-3
    kT = KT + h * np.array([-2, -1, 1, 2])
    slope = np.array([1.0, -8.0, 8.0, -1.0]) / (12.0 * h)
    roundings = 18.0 / (12.0 * h) * 4 * bound(levels, KT) * 5.0  # of values below 5
    truncation = h**4  # h^4 / 30 times a fifth derivative, below 30 here
    assert abs(-slope @ levels.free_energy(kT) - levels.entropy(KT)) < roundings + truncation
    assert abs(slope @ levels.mean_energy(kT) - levels.heat_capacity(KT)) < roundings + truncation
    assert abs(slope @ levels.mean_energy(kT) - KT * levels.heat_capacity(KT)) > roundings + truncation


# The transition matrix -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kT", [0.0, 0.05, 0.9, 40.0, INF])
def test_stationary_vector(levels, rule, kT):
    """Rows sum to 1, p P = p, and detailed balance, to rounding; planted: degeneracies left out of the proposal."""
    p, matrix = levels.probabilities(kT), levels.transition_matrix(kT, rule)
    r = (4.0 + bound(levels, kT) / ROUNDING if kT > 0.0 else 8.0) * ROUNDING
    assert np.all(np.abs(matrix.sum(axis=1) - 1.0) <= 8 * ROUNDING)
    assert np.all(np.abs(p @ matrix - p) <= 4 * r)
    flow = p[:, np.newaxis] * matrix
    assert np.all(np.abs(flow - flow.T) <= 4 * r * flow.max())
    if kT == KT:
        planted = bn.DiscreteLevels(ENERGIES).transition_matrix(kT, rule)
        assert np.abs(p @ planted - p).max() > 0.01 > 4 * r
        values, vectors = np.linalg.eig(matrix.T)
        stationary = np.real(vectors[:, np.argmax(np.real(values))])
        assert np.all(np.abs(stationary / stationary.sum() - p) < 1e3 * r)  # condition: 1 / gap of the spectrum < 100


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("degeneracies", [DEGENERACIES, [1, 1e9, 3e-3, 7e11, 0.5]])
@pytest.mark.parametrize("kT", [0.0, 0.04, 0.9, INF])
def test_table_of_the_sampler_is_the_matrix(rule, degeneracies, kT):
    """Without random numbers: the accepted part of each slot is P_ij 2^64, within what the docstring says."""
    levels = bn.DiscreteLevels(ENERGIES, degeneracies)
    _, widths = sampling.slots(levels.degeneracies)
    table = sampling.accepted_widths(widths, sampling._acceptance(levels.energies, levels.energies, kT, rule))
    matrix = levels.transition_matrix(kT, rule)
    off = ~np.eye(5, dtype=bool)
    missed = np.abs(table.astype(float) * 2.0**-64 - matrix)[off]
    assert np.all(missed <= 2.0**-63 + 1e-14 * matrix[off])
    assert sum(widths.tolist()) == 2**64


def test_slots_of_32_bits_would_be_seen():
    """The planted error: one state in 7e11 gets no slot of 2^-32 at all, and one of 1e9 a wrong one."""
    share = np.array([1.0, 1e9]) / (1.0 + 1e9)
    rounded = np.floor(share * 2.0**32) * 2.0**-32
    assert abs(rounded[0] / share[0] - 1.0) > 0.05
    _, widths = sampling.slots(np.array([1.0, 1e9]))
    assert abs(float(widths[0]) * 2.0**-64 / share[0] - 1.0) < 1e-10


def test_search_finds_the_slot():
    """At every edge and just below it, few and many levels, even and uneven."""
    rng = np.random.default_rng(5)
    for g in (np.ones(1), np.ones(2), np.array([1e-3, 5.0, 2.0]), rng.exponential(size=300) ** 4 + 1e-12):
        edges, _ = sampling.slots(g)
        guide, shift = sampling.guide_to(edges)
        for level, edge in enumerate(edges.tolist()):
            assert sampling.slot_of(edges, guide, shift, np.uint64(edge)) == level
            if level:
                assert sampling.slot_of(edges, guide, shift, np.uint64(edge - 1)) == level - 1
        assert sampling.slot_of(edges, guide, shift, np.uint64(2**64 - 1)) == len(g) - 1


# The sampler against the matrix --------------------------------------------------------------------------------------


def frequencies_z(states, expected):
    """Frequencies of independent walkers over their binomial standard errors; what can't be reached is empty."""
    n = len(states)
    counts = np.bincount(states, minlength=len(expected))
    open_to = expected > 0.0
    assert not counts[~open_to].any()
    error = np.sqrt(n * expected * (1.0 - expected))[open_to]
    return np.abs((counts - n * expected)[open_to] / error).max()


@pytest.mark.parametrize("rule", RULES)
def test_one_step(levels, rule):
    """From each level; planted: degeneracies ignored in the proposal, the other rule, 5 % off in kT."""
    matrix = levels.transition_matrix(KT, rule)
    planted = {
        "no degeneracies": bn.DiscreteLevels(ENERGIES).transition_matrix(KT, rule),
        "other rule": levels.transition_matrix(KT, RULES[1 - RULES.index(rule)]),
        "kT": levels.transition_matrix(1.05 * KT, rule),
    }
    worst = dict.fromkeys(planted, 0.0)
    for level in range(5):
        end = levels.sample(KT, steps=1, walkers=200_000, seed=11 + level, rule=rule, start=level).end
        assert frequencies_z(end, matrix[level]) < STANDARD_ERRORS
        for name, wrong in planted.items():
            worst[name] = max(worst[name], frequencies_z(end, wrong[level]))
    assert min(worst.values()) > STANDARD_ERRORS, worst


@pytest.mark.parametrize("rule", RULES)
def test_relaxation(levels, rule):
    """After n steps from one level: that row of the n-th power; planted: one step more."""
    matrix = levels.transition_matrix(KT, rule)
    walks = levels.sample(KT, steps=12, walkers=200_000, seed=3, rule=rule, start=3, every=3)
    assert walks.frame_steps.tolist() == [3, 6, 9, 12]
    for n, states in zip(walks.frame_steps, walks.states, strict=True):
        assert frequencies_z(states, np.linalg.matrix_power(matrix, n)[3]) < STANDARD_ERRORS
    assert frequencies_z(walks.states[0], np.linalg.matrix_power(matrix, 4)[3]) > STANDARD_ERRORS


@pytest.mark.parametrize("rule", RULES)
def test_populations_over_temperatures(levels, rule):
    """From the highest level, after the start is forgotten; also the average energy."""
    for kT in (0.25, 0.5, 0.9, 2.0, 10.0, INF):
        matrix, p = levels.transition_matrix(kT, rule), levels.probabilities(kT)
        forget = 200
        assert np.abs(np.linalg.matrix_power(matrix, forget)[3] - p).max() < 1e-6
        begun = levels.sample(kT, steps=forget, walkers=2000, seed=5, rule=rule, start=3)
        walks = levels.sample(
            kT, steps=500, walkers=2000, seed=5, rule=rule, start=begun.end, first_step=begun.last_step
        )
        estimate = bn.analysis.mean(walks.populations)
        assert np.abs(estimate.z(p)).max() < STANDARD_ERRORS
        assert abs(standard_errors(walks.populations @ levels.energies, levels.mean_energy(kT))) < STANDARD_ERRORS


def ratio_z(walks, ratio):
    """Steps in level 1 minus ratio times those in level 0 have the mean 0: in standard errors over walkers."""
    return standard_errors(walks.counts[:, 1] - ratio * walks.counts[:, 0], 0.0)


@pytest.mark.parametrize("rule", RULES)
def test_two_levels(rule):
    """p_1 / p_0 = (g_1 / g_0) e^{-gap/kT}: depends on gap and kT alone; 1 % of kT is seen, and so is a lost g."""
    for gap, kT, g in [(0.65, 0.45, 1), (1.3, 0.9, 1), (1.3, 0.9, 3), (2.1, 0.7, 5), (0.4, 1.7, 2)]:
        two = bn.DiscreteLevels([0.3, 0.3 + gap], [2, g])
        ratio = g / 2 * np.exp(-gap / kT)
        p = two.probabilities(kT)
        assert abs(p[1] / p[0] - ratio) < 16 * ROUNDING * ratio
        walks = two.sample(kT, steps=1000, walkers=8000, seed=23, rule=rule)
        assert abs(ratio_z(walks, ratio)) < STANDARD_ERRORS
        if g != 2:
            assert abs(ratio_z(walks, ratio * 2 / g)) > STANDARD_ERRORS
        if gap / kT > 1.0:
            warm = two.sample(1.01 * kT, steps=1000, walkers=8000, seed=23, rule=rule)
            assert ratio_z(warm, ratio) > STANDARD_ERRORS
            assert abs(ratio_z(warm, g / 2 * np.exp(-gap / (1.01 * kT)))) < STANDARD_ERRORS


def test_stationary_start(levels):
    """Boltzmann's law before any step; planted: 5 % off in kT."""
    for kT in (0.5, 0.9, INF):
        start = sampling._start("stationary", levels.energies, levels.degeneracies, kT, 9, 0, 200_000)
        assert frequencies_z(start, levels.probabilities(kT)) < STANDARD_ERRORS
        assert frequencies_z(start, levels.probabilities(min(1.05 * kT, 100.0))) > STANDARD_ERRORS
    assert (sampling._start("stationary", levels.energies, levels.degeneracies, 0.0, 9, 0, 1000) == 1).all()


@pytest.mark.parametrize("rule", RULES)
def test_zero_temperature_only_goes_down(levels, rule):
    """No step goes up; steps between equal energies happen; everyone ends in the lowest level."""
    walks = levels.sample(0.0, steps=60, walkers=5000, seed=2, rule=rule, start=3, every=1)
    energies = levels.energies[walks.states]
    assert np.all(np.diff(energies, axis=0) <= 0.0)
    assert np.any((np.diff(energies, axis=0) == 0.0) & (np.diff(walks.states, axis=0) != 0))
    assert (
        frequencies_z(walks.states[1], np.linalg.matrix_power(levels.transition_matrix(0.0, rule), 2)[3])
        < STANDARD_ERRORS
    )
    warm = levels.sample(0.3, steps=60, walkers=5000, seed=2, rule=rule, start=3, every=1)
    assert np.any(np.diff(levels.energies[warm.states], axis=0) > 0.0)


def test_walkers_are_independent(levels):
    """Neighbouring walkers and neighbouring seeds: no covariance of energies; planted: a walker with itself."""
    walks = levels.sample(KT, steps=1, walkers=100_000, seed=4)
    other = levels.sample(KT, steps=1, walkers=100_000, seed=5)
    mean = levels.mean_energy(KT)
    x, y = levels.energies[walks.end] - mean, levels.energies[other.end] - mean
    assert abs(standard_errors(x[:-1] * x[1:], 0.0)) < STANDARD_ERRORS
    assert abs(standard_errors(x * y, 0.0)) < STANDARD_ERRORS
    assert abs(standard_errors(x * x, 0.0)) > STANDARD_ERRORS


# Bits ----------------------------------------------------------------------------------------------------------------


def same(a, b):
    return all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("states", "counts", "end", "frame_steps")
    )


def test_threads_do_not_matter(levels):
    runs = [levels.sample(KT, steps=301, walkers=37, seed=8, every=7, threads=threads) for threads in (1, 2, 5)]
    assert same(runs[0], runs[1])
    assert same(runs[0], runs[2])
    assert not same(runs[0], levels.sample(KT, steps=301, walkers=37, seed=9, every=7))


def test_cuts_do_not_matter(levels, monkeypatch):
    """Cuts at odd and even steps, and the cut into stretches between two looks at the keyboard."""
    whole = levels.sample(KT, steps=300, walkers=20, seed=8, every=1, first_step=2**33 + 3)
    step, end, counts, states = 2**33 + 3, "stationary", 0, []
    for steps in (1, 1, 5, 130, 2, 161):
        part = levels.sample(KT, steps=steps, walkers=20, seed=8, every=1, first_step=step, start=end)
        step, end, counts = part.last_step, part.end, counts + part.counts
        states.append(part.states)
    assert np.array_equal(np.concatenate(states), whole.states)
    assert np.array_equal(counts, whole.counts)
    shifted = levels.sample(KT, steps=300, walkers=20, seed=8, every=1, first_step=2**33 + 4)
    assert not np.array_equal(shifted.states, whole.states)
    monkeypatch.setattr(sampling, "_AT_ONCE", 20 * 13)
    assert same(whole, levels.sample(KT, steps=300, walkers=20, seed=8, every=1, first_step=2**33 + 3, threads=1))


def test_walker_alone_or_among_others(levels):
    among = levels.sample(KT, steps=50, walkers=30, seed=8, every=5)
    alone = levels.sample(KT, steps=50, walkers=2, seed=8, every=5, first_walker=17)
    assert np.array_equal(among.states[:, 17:19], alone.states)
    assert np.array_equal(among.counts[17:19], alone.counts)


def test_frames_and_counts(levels):
    walks = levels.sample(KT, steps=301, walkers=6, seed=8, every=1)
    assert walks.states.shape == (301, 6)
    for walker, level in itertools.product(range(6), range(5)):
        assert walks.counts[walker, level] == (walks.states[:, walker] == level).sum()
    assert np.array_equal(walks.populations, walks.counts / 301)
    assert np.array_equal(walks.states[-1], walks.end)
    thin = levels.sample(KT, steps=301, walkers=6, seed=8, every=40)
    assert np.array_equal(thin.states, walks.states[39::40])
    assert np.array_equal(thin.end, walks.end)
    assert repr(walks) == "LevelWalks(6 walkers, 5 levels, steps 0 to 301, 301 frames)"


@pytest.mark.parametrize("rule", RULES)
def test_words_are_those_of_the_module(levels, rule):
    """A walk made again in whole numbers: the words of (seed, step, walker), slot, accepted part."""
    seed, first, walker = 0x1234567_89ABCDEF, 2**34 + 5, 12
    walks = levels.sample(
        KT, steps=20, walkers=1, seed=seed, first_step=first, first_walker=walker, rule=rule, start=2, every=1
    )
    matrix, states, total = levels.transition_matrix(KT, rule), [], sum(DEGENERACIES)
    level = 2
    for step in range(first, first + 20):
        counter = [(step // 2) & 0xFFFFFFFF, (step // 2) >> 32, walker, 32, seed & 0xFFFFFFFF, seed >> 32]
        words = [int(word) for word in noise.philox(*(np.uint64(c) for c in counter))]
        u = (words[step % 2 * 2] << 32 | words[step % 2 * 2 + 1]) / 2.0**64
        below = np.cumsum([0, *DEGENERACIES]) / total
        offered = int(np.searchsorted(below, u, side="right")) - 1
        if offered != level and u - below[offered] < matrix[level, offered]:
            level = offered
        states.append(level)
    assert walks.states[:, 0].tolist() == states
    assert len(set(states)) > 1
    assert noise.LEVEL not in (noise.STEP, noise.START_POSITION, noise.START_VELOCITY, noise.START_CHOICE)


def test_uniforms_have_both_words():
    """An edge at the uniform's first 53 bits, and one unit above it: the move shows on which side it lies."""
    for step, walker in [(6, 3), (7, 3), (2**33 + 1, 0)]:
        words = noise.philox(*(np.uint64(c) for c in [(step // 2) & 0xFFFFFFFF, step >> 33, walker, 32, 77, 0]))
        high, low = (int(word) for word in words[step % 2 * 2 :][:2])
        place = (high << 32 | low) >> 11
        for edge, level in ((place, 1), (place + 1, 0)):
            two = bn.DiscreteLevels([0.0, 1.3], [edge, 2**53 - edge])
            walks = two.sample(
                INF, steps=1, walkers=1, seed=77, rule="metropolis", start=0, first_step=step, first_walker=walker
            )
            assert walks.end[0] == level


def test_compiled_is_interpreted(levels):
    code = f"""
import numpy as np, numba, brownian as bn
assert numba.config.DISABLE_JIT
levels = bn.DiscreteLevels({ENERGIES}, {DEGENERACIES})
for rule, kT in (("glauber", {KT}), ("metropolis", {KT}), ("glauber", 0.0), ("metropolis", float("inf"))):
    walks = levels.sample(kT, steps=9, walkers=5, seed=2**63 + 7, rule=rule, every=1, first_step=3, threads=2)
    for array in (walks.states, walks.counts, levels.transition_matrix(kT, rule)):
        print(array.tobytes().hex())
"""
    env = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ours = []
    for rule, kT in (("glauber", KT), ("metropolis", KT), ("glauber", 0.0), ("metropolis", INF)):
        walks = levels.sample(kT, steps=9, walkers=5, seed=2**63 + 7, rule=rule, every=1, first_step=3)
        ours += [array.tobytes().hex() for array in (walks.states, walks.counts, levels.transition_matrix(kT, rule))]
    assert done.stdout.split() == ours


# What can't be --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (([],), ValueError, "at least one level"),
        (([[0.0, 1.0]],), ValueError, r"shape \(1, 2\)"),
        (([0.0, float("nan")],), ValueError, "level 1 has nan"),
        (([0.0, INF],), ValueError, "level 1 has inf"),
        (([-1e308, 1e308],), ValueError, "range must be finite"),
        ((["0.0"],), TypeError, "numbers are needed"),
        (([[0.0], [1.0, 2.0]],), TypeError, "numbers are needed"),
        (([1j],), TypeError, "numbers are needed"),
        (([0.0, 1.0], [1]), ValueError, "each of the 2 energies"),
        (([0.0, 1.0], [1, -2]), ValueError, "level 1 has -2"),
        (([0.0, 1.0], [0, 2]), ValueError, "level 0 has 0"),
        (([0.0, 1.0], [1, float("nan")]), ValueError, "level 1 has nan"),
        (([0.0, 1.0], [1e308, 1e308]), ValueError, "sum must be finite"),
    ],
)
def test_levels_that_can_not_be(arguments, kind, words):
    with pytest.raises(kind, match=words):
        bn.DiscreteLevels(*arguments)


@pytest.mark.parametrize("name", ["entropy", "probabilities", "heat_capacity", "transition_matrix"])
def test_temperatures_that_can_not_be(levels, name):
    for kT, kind in [(-0.9, ValueError), (float("nan"), ValueError), ("warm", TypeError), (True, TypeError)]:
        with pytest.raises(kind, match="kT = "):
            getattr(levels, name)(kT)
    with pytest.raises(ValueError, match="kT has shape"):
        levels.transition_matrix([0.9, 1.0])


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"kT": -0.9}, ValueError, "kT = -0.9"),
        ({"kT": float("nan")}, ValueError, "kT = nan"),
        ({"kT": [0.9]}, ValueError, "one temperature"),
        ({"rule": "heat bath"}, ValueError, "rule = 'heat bath'.*'glauber' or 'metropolis'"),
        ({"rule": None}, ValueError, "rule = None"),
        ({"steps": 0}, ValueError, "steps = 0"),
        ({"steps": 2.5}, TypeError, "steps = 2.5"),
        ({"walkers": 0}, ValueError, "walkers = 0"),
        ({"walkers": 5, "first_walker": 2**32 - 4}, ValueError, "walkers = 5"),
        ({"seed": -1}, ValueError, "seed = -1"),
        ({"seed": 2**64}, ValueError, "below 2"),
        ({"every": 0}, ValueError, "every = 0"),
        ({"every": 11}, ValueError, "every = 11"),
        ({"threads": 0}, ValueError, "threads = 0"),
        ({"first_step": -1}, ValueError, "first_step = -1"),
        ({"first_step": 2**62}, ValueError, "below 2"),
        ({"start": "rest"}, ValueError, "start = 'rest'"),
        ({"start": 5}, ValueError, "level 5"),
        ({"start": -1}, ValueError, "level -1"),
        ({"start": [0, 1]}, ValueError, "start has shape"),
        ({"start": 0.0}, TypeError, "start = 0.0"),
    ],
)
def test_runs_that_can_not_be(levels, changed, kind, words):
    with pytest.raises(kind, match=words):
        levels.sample(**({"kT": KT, "steps": 10, "walkers": 3, "seed": 7} | changed))


def test_a_level_too_rare_to_be_offered_is_refused():
    with pytest.raises(ValueError, match=r"level 0 has 1.0 of 1e\+20 states"):
        bn.DiscreteLevels([0.0, 1.3], [1, 1e20]).sample(KT, steps=1, walkers=1, seed=7)


def test_levels_are_kept_as_they_were_given(levels):
    energies = np.array([0.0, 1.3])
    mine = bn.DiscreteLevels(energies)
    energies[1] = 9.0
    assert mine.energies.tolist() == [0.0, 1.3]
    with pytest.raises(ValueError, match="read-only"):
        mine.energies[0] = 1.0
    assert len(levels) == 5
    assert repr(mine) == "DiscreteLevels(energies=[0.0, 1.3])"
    assert "1.0, 2.0, 3.0, ..., 11.0]" in repr(bn.DiscreteLevels(np.arange(12.0)))
    single = bn.DiscreteLevels([0.7]).sample(KT, steps=3, walkers=2, seed=7)
    assert single.counts.tolist() == [[3], [3]]

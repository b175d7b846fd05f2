"""Free energies from work: exact answers for Gaussian and other laws, calibrated errors, planted errors seen."""

import itertools

import numpy as np
import pytest
from conftest import STANDARD_ERRORS, standard_errors
from recorded import calibrated

from brownian.analysis.heat import cycle_efficiency, entropy_production
from brownian.analysis.statistics import TooFewData
from brownian.analysis.work import bar, crooks_crossing, cumulant_relation, exponential_average, jarzynski

KT, FREE_ENERGY = 0.9, 0.37
REPLICAS = 400


def gaussian(dissipated, *shape, sign=1.0, seed=1):
    """Work with var W = 2 kT (<W> - Delta F), which obeys Crooks' relation; sign -1: the reverse protocol."""
    noise = np.random.default_rng(seed).normal(size=shape)
    return sign * FREE_ENERGY + dissipated + np.sqrt(2.0 * KT * dissipated) * noise


def both(dissipated, replicas, forward, reverse, seed=1):
    """Forward and reverse work of both directions."""
    return gaussian(dissipated, replicas, forward, seed=seed), gaussian(
        dissipated, replicas, reverse, sign=-1.0, seed=seed + 1000
    )


def two_outcomes(count, *, seed):
    """Work that is far from Gaussian: -kT ln(2 p) or -kT ln(2 - 2 p) with odds of a half; Delta F = 0."""
    return -KT * np.log(np.random.default_rng(seed).choice([0.4, 1.6], size=count))


# ------------------------------------------------------------------------------------------------------- one direction


@pytest.mark.parametrize("dissipated", [0.05, 0.4])
def test_gaussian_work_gives_the_free_energy(dissipated):
    work = gaussian(dissipated, REPLICAS, 1000)
    assert calibrated([jarzynski(one, KT).z(FREE_ENERGY) for one in work])
    assert calibrated([exponential_average(one, KT, free_energy=FREE_ENERGY).z(1.0) for one in work])
    assert calibrated([cumulant_relation(one, KT, free_energy=FREE_ENERGY).z(1.0) for one in work])
    plain = exponential_average(work[0], KT)
    assert plain.value == pytest.approx(np.exp(-jarzynski(work[0], KT).value / KT), rel=1e-12)


def test_bias_of_jarzynski_is_what_is_stated():
    """Error^2 / 2 kT too high: too small to be seen by one error bar, seen in the mean of many."""
    found = [jarzynski(one, KT) for one in gaussian(0.4, 20_000, 50, seed=2)]
    values, errors = np.array([one.value for one in found]), np.array([one.error for one in found])
    corrected = values - errors**2 / (2.0 * KT)
    assert standard_errors(values, FREE_ENERGY) > 2 * STANDARD_ERRORS
    assert abs(standard_errors(corrected, FREE_ENERGY)) < STANDARD_ERRORS


def test_discrete_work_is_exact():
    """<e^{-W/kT}> = (0.4 + 1.6) / 2 = 1, and the cumulant relation fails, with an error that knows it."""
    work = two_outcomes((REPLICAS, 500), seed=3)
    assert calibrated([jarzynski(one, KT).z(0.0) for one in work])
    low, high = -KT * np.log([1.6, 0.4])
    relation = ((high - low) / 2.0) ** 2 / (2.0 * KT * (high + low) / 2.0)
    found = [cumulant_relation(one, KT) for one in work]
    assert calibrated([one.z(relation) for one in found])
    assert cumulant_relation(work.ravel(), KT).z(1.0) > STANDARD_ERRORS
    # weights 1.6 and 0.4, each for half of the trajectories
    assert jarzynski(np.repeat([low, high], 50), KT).effective == pytest.approx(100 * 4 / (2 * (1.6**2 + 0.4**2)))


def test_skewed_work_has_calibrated_errors():
    """W from a gamma law: <e^{-W/kT}> = (1 + s/kT)^-a, and moments of which the error needs the fourth."""
    shape, scale = 3.0, 0.25
    work = np.random.default_rng(4).gamma(shape, scale, size=(REPLICAS, 800))
    exact = KT * shape * np.log(1.0 + scale / KT)
    assert calibrated([jarzynski(one, KT).z(exact) for one in work])
    relation = shape * scale**2 / (2.0 * KT * (shape * scale - exact))
    assert calibrated([cumulant_relation(one, KT, free_energy=exact).z(relation) for one in work])
    # the error of a variance if W were Gaussian, sqrt(2 / n), would not do
    naive = [
        (cumulant_relation(one, KT, free_energy=exact).value / relation - 1.0) / np.sqrt(2.0 / 800) for one in work
    ]
    assert not calibrated(naive)


@pytest.mark.parametrize("shift", [0.0, 1e5, -1e5])
def test_jarzynski_at_any_size(shift):
    work = gaussian(0.4, 100)
    here, there = jarzynski(work, KT), jarzynski(work + shift, KT)
    rounding = 1e5 * 2.0**-52 * 100
    np.testing.assert_allclose(
        [there.value - shift, there.error, there.effective], here[:2] + here[3:], atol=rounding, rtol=1e-9
    )
    one = jarzynski([-2000.0, 0.0, 3000.0], KT)  # e^(2000/kT) is beyond the largest float
    assert one.value == pytest.approx(-2000.0 + KT * np.log(3.0), rel=1e-14)
    assert one.effective == pytest.approx(1.0)
    assert one.error > 1000.0  # without the one that counts, all would be different
    with pytest.raises(ValueError, match="beyond the largest float"):
        exponential_average([-2000.0, 0.0], KT)


def test_jackknife_is_that_of_leaving_one_out():
    work = gaussian(2.0, 12)
    logs = np.array([jarzynski(np.delete(work, k), KT).value for k in range(12)])
    error = np.sqrt(11 / 12 * ((logs - logs.mean()) ** 2).sum())
    assert jarzynski(work, KT).error == pytest.approx(error, rel=1e-10)


def test_effective_number_warns_where_jarzynski_fails():
    """std(W) = 6 kT: dozens of kT too high by an error bar that looks fine, but one trajectory has all the weight."""
    far = [jarzynski(one, KT) for one in gaussian(18.0 * KT, 100, 1000)]
    assert np.median([one.value - FREE_ENERGY for one in far]) > STANDARD_ERRORS * KT
    assert np.median([one.effective for one in far]) < 10
    near = jarzynski(gaussian(0.5 * KT, 1000), KT)
    # <e^-W>^2 / <e^-2W> = e^(-var W / kT^2) of Gaussian work
    assert near.effective / 1000 == pytest.approx(np.exp(-1.0), rel=STANDARD_ERRORS * np.sqrt(np.exp(4.0) / 1000))


@pytest.mark.parametrize("error", ["sign", "kT"])
def test_planted_errors_of_one_direction(error):
    work = gaussian(0.4, 100_000)
    work, kT = {"sign": (-work, KT), "kT": (work, 1.05 * KT)}[error]
    assert abs(jarzynski(work, kT).z(FREE_ENERGY)) > STANDARD_ERRORS
    assert abs(exponential_average(work, kT, free_energy=FREE_ENERGY).z(1.0)) > STANDARD_ERRORS
    assert abs(cumulant_relation(work, kT, free_energy=FREE_ENERGY).z(1.0)) > STANDARD_ERRORS
    if error == "kT":
        assert abs(cumulant_relation(work, kT, free_energy=FREE_ENERGY).z(1.0 / 1.05)) < STANDARD_ERRORS


# ------------------------------------------------------------------------------------------------------ both directions


@pytest.mark.parametrize(("dissipated", "forward", "reverse"), [(0.4, 300, 300), (1.8, 900, 250), (4.0, 200, 1500)])
def test_both_directions_give_the_free_energy(dissipated, forward, reverse):
    pairs = list(zip(*both(dissipated, REPLICAS, forward, reverse), strict=True))
    found = [bar(*pair, KT) for pair in pairs]
    assert calibrated([one.z(FREE_ENERGY) for one in found])
    fits = [crooks_crossing(*pair, KT) for pair in pairs]
    assert calibrated([fit.crossing.z(FREE_ENERGY) for fit in fits])
    assert calibrated([fit.slope.z(1.0) for fit in fits])
    if forward != reverse:  # to know that the slope is 1 helps, unless symmetry makes its error irrelevant
        assert np.mean([one.error for one in found]) < np.mean([fit.crossing.error for fit in fits])
    assert found[0].samples == fits[0].slope.samples == min(forward, reverse)


def test_bar_solves_bennetts_equation_and_is_antisymmetric():
    forward, reverse = (one[0] for one in both(1.8, 1, 300, 120))
    found = bar(forward, reverse, KT)
    odds = np.log(300 / 120)
    ahead = 1.0 / (1.0 + np.exp(odds + (forward - found.value) / KT))
    back = 1.0 / (1.0 + np.exp(-odds + (reverse + found.value) / KT))
    assert ahead.sum() == pytest.approx(back.sum(), rel=1e-9)
    other = bar(reverse, forward, KT)
    np.testing.assert_allclose([other.value, other.error, other.effective], [-found.value, *found[1::2]], rtol=1e-9)
    mirrored, straight = crooks_crossing(reverse, forward, KT), crooks_crossing(forward, reverse, KT)
    np.testing.assert_allclose(mirrored.slope, straight.slope, rtol=1e-6)
    np.testing.assert_allclose(mirrored.crossing.value, -straight.crossing.value, rtol=1e-6)


@pytest.mark.parametrize("shift", [1e4, -1e4])
def test_both_directions_at_any_offset(shift):
    forward, reverse = (one[0] for one in both(1.8, 1, 300, 300))
    here, there = bar(forward, reverse, KT), bar(forward + shift, reverse - shift, KT)
    rounding = 1e4 * 2.0**-52 * 1e4
    np.testing.assert_allclose([there.value - shift, there.error], here[:2], atol=rounding)
    fits = crooks_crossing(forward, reverse, KT), crooks_crossing(forward + shift, reverse - shift, KT)
    np.testing.assert_allclose(fits[1].slope, fits[0].slope, rtol=1e-6)


def test_bar_beats_jarzynski():
    forward, reverse = both(6.0, 100, 500, 500)
    one = np.array([jarzynski(work, KT).value for work in forward])
    two = np.array([bar(*pair, KT).value for pair in zip(forward, reverse, strict=True)])
    assert np.mean((two - FREE_ENERGY) ** 2) < np.mean((one - FREE_ENERGY) ** 2) / 10


def test_crooks_fit_holds_for_laws_that_are_not_gaussian():
    """P_F is a gamma law, and P_R(-W) the law that Crooks' relation makes of it: gamma of another scale."""
    shape, scale = 3.0, 0.6
    rng = np.random.default_rng(6)
    exact = KT * shape * np.log(1.0 + scale / KT)  # -kT ln <e^{-W/kT}>
    forward = rng.gamma(shape, scale, size=(REPLICAS, 400))
    reverse = -rng.gamma(shape, scale / (1.0 + scale / KT), size=(REPLICAS, 300))
    fits = [crooks_crossing(*pair, KT) for pair in zip(forward, reverse, strict=True)]
    assert calibrated([fit.slope.z(1.0) for fit in fits])
    assert calibrated([fit.crossing.z(exact) for fit in fits])
    assert calibrated([bar(*pair, KT).z(exact) for pair in zip(forward, reverse, strict=True)])


def test_errors_of_the_fit_hold_where_the_relation_does_not():
    """Gaussian work of twice the variance: the slope is a half, the sets cross at Delta F, not at Bennett's root."""
    works = both(0.9, REPLICAS, 400, 100)
    pairs = [(np.sqrt(2.0) * (one - m) + m for one, m in zip(pair, (0.9 + FREE_ENERGY, 0.9 - FREE_ENERGY), strict=True))
             for pair in zip(*works, strict=True)]  # fmt: skip
    fits = [crooks_crossing(*pair, KT) for pair in pairs]
    assert calibrated([fit.slope.z(0.5) for fit in fits])
    assert calibrated([fit.crossing.z(FREE_ENERGY) for fit in fits])


@pytest.mark.parametrize("error", ["sign", "not reversed", "kT"])
def test_planted_errors_of_both_directions(error):
    forward, reverse = (one[0] for one in both(0.9, 1, 60_000, 60_000))
    given = {
        "sign": (-forward, -reverse, KT),
        "not reversed": (forward, -reverse, KT),
        "kT": (forward, reverse, 1.05 * KT),
    }
    fit = crooks_crossing(*given[error])
    assert abs(fit.slope.z(1.0)) > STANDARD_ERRORS
    assert abs(crooks_crossing(forward, reverse, KT).slope.z(1.0)) < STANDARD_ERRORS
    if error == "kT":
        assert abs(fit.slope.z(1.05)) < STANDARD_ERRORS
    else:
        assert abs(bar(*given[error]).z(FREE_ENERGY)) > STANDARD_ERRORS


def test_work_that_does_not_overlap_is_refused():
    with pytest.raises(TooFewData, match="do not overlap"):
        bar([500.0, 501.0, 502.0], [500.0, 501.0], KT)
    with pytest.raises(
        TooFewData, match="forward work from 5 to 7 and minus reverse work from -7 to -5 do not overlap"
    ):
        crooks_crossing([5.0, 6.0, 7.0], [5.0, 7.0], KT)
    far = bar(gaussian(16.0, 400), gaussian(16.0, 400, sign=-1.0, seed=2), KT)  # hardly any overlap: it says so
    assert far.effective < 10


# ----------------------------------------------------------------------------------------------------------------- heat


def test_entropy_production_of_baths():
    rng = np.random.default_rng(8)
    heat = rng.normal([1.2, -0.7, -0.4], [0.8, 0.5, 1.1], size=(REPLICAS, 200, 3))
    baths, duration = np.array([1.8, 0.9, 0.6]), 2.5
    exact = -(np.array([1.2, -0.7, -0.4]) / baths).sum() / duration
    found = [entropy_production(one, baths, duration=duration) for one in heat]
    assert calibrated([one.z(exact) for one in found])
    assert calibrated([entropy_production(one[:, 1], 0.9).z(0.7 / 0.9) for one in heat])
    np.testing.assert_allclose(
        entropy_production(heat[0], 0.9).value, entropy_production(heat[0].sum(axis=1), 0.9).value, rtol=1e-12
    )
    # the baths exchanged, or heat out of the system, would be seen
    assert abs(entropy_production(heat[0], baths[::-1], duration=duration).z(exact)) > STANDARD_ERRORS
    assert abs(entropy_production(-heat[0], baths, duration=duration).z(exact)) > STANDARD_ERRORS


def test_efficiency_is_calibrated():
    rng = np.random.default_rng(9)
    heat = rng.gamma(4.0, 0.5, size=(REPLICAS, 300))
    work = -0.23 * heat + 0.3 * rng.normal(size=heat.shape)
    pairs = list(zip(work, heat, strict=True))
    assert calibrated([cycle_efficiency(*pair).z(0.23) for pair in pairs])
    # errors that forget that work and heat go together
    naive = np.hypot(work.std(axis=1) / work.mean(axis=1), heat.std(axis=1) / heat.mean(axis=1)) * 0.23 / np.sqrt(300)
    assert not calibrated(
        [(cycle_efficiency(*pair).value - 0.23) / one for pair, one in zip(pairs, naive, strict=True)]
    )
    assert cycle_efficiency(-work[0], heat[0]).value < 0.0


# ------------------------------------------------------------------------------------------------------------ bad input

ONE_SIDED = (jarzynski, exponential_average, cumulant_relation)
TWO_SIDED = (bar, crooks_crossing)
GOOD = [0.3, 0.5, 0.9, 1.4]


@pytest.mark.parametrize(
    ("function", "case"), itertools.product(ONE_SIDED, ["one", "none", "nan", "shape", "cold", "frozen", "many kT"])
)
def test_one_direction_refuses(function, case):
    work, kT, word = {
        "one": ([0.3], KT, "1 values of work.*at least"),
        "none": ([], KT, "0 values of work"),
        "nan": ([0.3, 0.5, np.nan, 1.0], KT, r"work\[2\] = nan"),
        "shape": (np.ones((4, 2)), KT, r"work of shape \(4, 2\)"),
        "cold": (GOOD, 0.0, "kT = 0.0"),
        "frozen": (GOOD, -1.0, "kT = -1.0"),
        "many kT": (GOOD, [0.9, 0.9], "kT ="),
    }[case]
    with pytest.raises(ValueError, match=word):
        function(work, kT)


@pytest.mark.parametrize("function", TWO_SIDED)
def test_both_directions_refuse(function):
    for forward, reverse, kT, word in (
        (GOOD, [0.1], KT, "1 values of reverse"),
        ([], GOOD, KT, "0 values of forward"),
        (GOOD, [0.1, np.inf], KT, r"reverse\[1\] = inf"),
        (np.ones((2, 2)), GOOD, KT, "forward of shape"),
        (GOOD, GOOD, np.nan, "kT must be finite, got nan"),
        (GOOD, GOOD, 0.0, "kT = 0.0"),
    ):
        with pytest.raises(ValueError, match=word):
            function(forward, reverse, kT)


def test_the_rest_refuses():
    with pytest.raises(ValueError, match="free_energy = nan"):
        exponential_average(GOOD, KT, free_energy=np.nan)
    with pytest.raises(ValueError, match="nothing is dissipated"):
        cumulant_relation([1.0, 1.0, 3.0, 3.0], KT, free_energy=2.0)
    for heat, kT, options, word in (
        (np.ones((3, 2)), [0.9], {}, r"shapes \(3, 2\) and \(1,\)"),
        (np.ones(3), [0.9, 1.8, 0.3], {}, "shapes"),
        (np.ones((3, 2)), [0.9, 0.0], {}, r"kT = \[0.9, 0.0\]"),
        ([0.3, np.nan], KT, {}, "heat.*nan"),
        ([0.3], KT, {}, "1 values of heat"),
        ([], KT, {}, "0 values of heat"),
        (np.empty((0, 2)), KT, {}, "0 values of heat"),
        (GOOD, KT, {"duration": 0.0}, "duration must be > 0, got 0.0"),
    ):
        with pytest.raises(ValueError, match=word):
            entropy_production(heat, kT, **options)
    for work, heat, word in (
        (GOOD, GOOD[:3], "of one shape"),
        ([1.0], [1.0], "1 values of work"),
        ([1.0, np.nan], [1.0, 2.0], r"work\[1\]"),
        (GOOD, [-1.0, -2.0, 0.5, 0.1], "hot bath"),
        ([], [], "0 values"),
    ):
        with pytest.raises(ValueError, match=word):
            cycle_efficiency(work, heat)

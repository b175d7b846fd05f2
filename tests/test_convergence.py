"""Chains that agree and chains that don't, what their draws are worth, and the same draws in ArviZ."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from recorded import calibrated, record
from scipy import stats
from scipy.integrate import quad
from scipy.signal import lfilter

from brownian.analysis import chains
from brownian.analysis.arviz import to_arviz
from brownian.analysis.convergence import diagnose, ess_bulk, ess_tail, mcse_mean, mcse_sd, rank_rhat
from brownian.analysis.statistics import TooFewData

FUNCTIONS = (rank_rhat, ess_bulk, ess_tail, mcse_mean, mcse_sd)
REPLICAS = 150
DRAWS, CHAINS = 1000, 4


def autoregression(phi, *shape, seed=1):
    """Stationary x' = phi x + sqrt(1 - phi^2) xi along the first axis, variance 1: tau = (1 + phi) / (1 - phi)."""
    noise = np.random.default_rng(seed).normal(size=shape) * np.sqrt(1.0 - phi**2)
    noise[0] /= np.sqrt(1.0 - phi**2)
    return lfilter([1.0], [1.0, -phi], noise, axis=0)


def replicas(phi):
    return autoregression(phi, DRAWS, CHAINS, REPLICAS)


def rounding(x):
    """Relative bound: a sum over all numbers, each rounded, and 1 / tau up to log10 N times larger."""
    return 64 * x.size * np.finfo(float).eps


# --------------------------------------------------------------------------------------------------------- known chains


@pytest.mark.parametrize("phi", [-0.5, 0.0, 0.6, 0.9])
def test_effective_size_of_autoregression(phi):
    """tau = (1 + phi) / (1 - phi); where the sum ends it is off by one pair at most, whose noise is 2 sqrt(tau / N)."""
    found = diagnose(replicas(phi))
    exact, total = (1.0 + phi) / (1.0 - phi), DRAWS * CHAINS
    for tau in (found.autocorrelation_time, total / found.ess_bulk):  # a Gaussian process: its scores are itself
        allowed = 2.0 * np.sqrt(exact / total) + 5.0 * tau.std(ddof=1) / np.sqrt(REPLICAS)
        assert abs(tau.mean() - exact) < allowed
        if phi != 0.0:
            assert abs(tau.mean() - 1.0) > allowed  # planted: correlations forgotten
            assert abs(tau.mean() - (1.0 - phi) / (1.0 + phi)) > allowed  # and turned round


@pytest.mark.parametrize("phi", [0.0, 0.6, 0.9])
def test_effective_size_in_the_tails(phi):
    """Cov of [x <= q], [y <= q] at correlation r: the integral of the Gaussian density phi_2(q, q; s), 0 < s < r."""
    q = stats.norm.ppf(0.95)
    edges = phi ** np.arange(400.0, -1.0, -1.0) if phi else np.array([0.0, 1.0])
    parts = [quad(lambda s: np.exp(-q * q / (1 + s)) / (2 * np.pi * np.sqrt(1 - s * s)), a, b)[0]
             for a, b in zip(np.r_[0.0, edges], edges, strict=False)]  # fmt: skip
    rho = np.cumsum(parts)[::-1] / (0.95 * 0.05)
    exact, total = 2.0 * rho.sum() - 1.0, DRAWS * CHAINS
    assert np.isclose(rho[0], 1.0)
    x = replicas(phi)
    below = (x <= np.quantile(x, q=[0.05, 0.95], axis=(0, 1))[:, np.newaxis, np.newaxis]).astype(float)
    sizes = np.array([[chains.effective_size(chains.halves(one[..., k])) for k in range(REPLICAS)] for one in below])
    tau = total / sizes[1]
    assert abs(tau.mean() - exact) < 2.0 * np.sqrt(exact / total) + 5.0 * tau.std(ddof=1) / np.sqrt(REPLICAS)
    np.testing.assert_array_equal(ess_tail(x), sizes.min(axis=0))
    if phi == 0.9:
        assert np.mean(ess_tail(x)) > 1.5 * np.mean(ess_bulk(x))  # tails are left sooner


@pytest.mark.parametrize("phi", [-0.5, 0.6, 0.9])
def test_errors_are_calibrated(phi):
    x = replicas(phi)
    found = diagnose(x)
    assert calibrated(found.mean / found.mcse_mean)
    assert calibrated((found.sd - 1.0) / found.mcse_sd)
    naive = found.sd / np.sqrt(DRAWS * CHAINS)
    assert not calibrated(found.mean / naive)  # planted: correlations forgotten
    squares = (x - x.mean(axis=(0, 1))) ** 2
    size_of_squares = (squares.std(axis=(0, 1), ddof=1) / mcse_mean(squares)) ** 2
    wrong = found.mcse_sd * np.sqrt(size_of_squares * found.autocorrelation_time / (DRAWS * CHAINS))
    assert not calibrated((found.sd - 1.0) / wrong)  # planted: the effective size of x, not that of its squares


def test_rhat_of_chains_that_agree():
    """B / W of independent normal chains is Fisher's F(M - 1, M (n - 1))."""
    x = np.random.default_rng(3).normal(size=(40, 6, 4000))
    fisher = (np.array([chains.rhat(x[..., k]) for k in range(x.shape[2])]) ** 2 - 1.0) * 40 + 1.0
    law = stats.f(5, 6 * 39)
    assert stats.kstest(fisher, law.cdf).pvalue > 5.7e-7  # 5 standard errors
    assert stats.kstest(fisher * 6 / 5, law.cdf).pvalue < 5.7e-7  # planted: variance of means over M, not M - 1
    assert diagnose(replicas(0.6)[..., :20]).healthy


def test_rhat_catches_one_shifted_chain():
    x = replicas(0.6)
    x[:, 2] += 0.6
    plain = np.array([chains.rhat(chains.halves(x[..., k])) for k in range(REPLICAS)]) ** 2
    # 2 of 8 means are off by s: that is a variance of s^2 (1/4) (3/4) (8/7); each mean has its own, which W lacks
    n, phi, tau = DRAWS / 2, 0.6, 4.0
    own = (tau - 2.0 * phi / (n * (1.0 - phi) ** 2)) / n
    expected = (own + 0.6**2 * 3 / 14) / (1.0 - own) + 1.0 - 1.0 / n
    assert abs(plain.mean() - expected) < 5 * plain.std(ddof=1) / np.sqrt(REPLICAS)
    assert (rank_rhat(x) > 1.01).all()
    assert not diagnose(x).passed.any()
    # what it can't see: one chain of thousands, R = sqrt(1 + s^2 / M)
    many = autoregression(0.3, 200, 2048)
    many[:, 7] += 2.0
    assert rank_rhat(many) < 1.01


def test_folding_catches_another_width():
    x = replicas(0.0)
    x[:, 1] *= 1.6
    location = np.array([chains.rhat(chains.normal_scores(chains.halves(x[..., k]))) for k in range(REPLICAS)])
    assert (location < 1.01).all()  # planted: without folding nothing is seen
    assert (rank_rhat(x) > 1.01).all()
    assert not diagnose(x).passed.any()


def test_halves_catch_a_common_drift():
    x = replicas(0.0)[..., :50] + np.linspace(-0.5, 0.5, DRAWS)[:, np.newaxis, np.newaxis]
    whole = [chains.rhat(chains.normal_scores(x[..., k])) for k in range(50)]
    assert max(whole) < 1.01  # planted: chains as they are agree
    assert (rank_rhat(x) > 1.01).all()
    assert rank_rhat(x[:, :1, 0]) > 1.01  # one chain will do


def test_heavy_tails():
    """Of Cauchy draws there is no mean: plain R-hat is blind, ranks are not."""
    x = np.random.default_rng(5).standard_cauchy(size=(DRAWS, CHAINS))
    assert diagnose(x).healthy
    x[:, 3] += 1.5
    assert chains.rhat(chains.halves(x)) < 1.01
    assert rank_rhat(x) > 1.01


def test_stuck_chains():
    stuck = np.broadcast_to([0.1, 0.2, 0.3, 0.4], (DRAWS, 4))
    found = diagnose(stuck)
    assert found.rhat[0] == np.inf
    assert found.ess_bulk[0] < 5  # one value per chain
    assert found.stuck[0] == 4
    assert "4 chains don't move" in str(found)
    for where in (0.0, 3.0):
        x = autoregression(0.6, DRAWS, 4)
        x[:, 2] = where  # at the centre the ranks of the distances tell
        found = diagnose(x)
        assert found.rhat[0] > 1.01
        assert found.stuck[0] == 1
    assert "(not healthy, 1 chains don't move)" in str(found)


# ------------------------------------------------------------------------------------------------- what must not matter


def test_monotone_transforms_change_no_rank():
    x = autoregression(0.7, 501, 4)
    x[:, 0] += 0.8
    for transform in (np.exp, np.arctan, lambda x: 5.0 * x**3 - 2.0):
        y = transform(x)
        assert ess_bulk(y) == ess_bulk(x)
        assert ess_tail(y) == ess_tail(x)
        assert rank_rhat(y) == pytest.approx(rank_rhat(x), rel=rounding(x))  # the location part is the larger one here
    assert mcse_mean(np.exp(x)) / np.exp(x).std(ddof=1) != pytest.approx(mcse_mean(x) / x.std(ddof=1), rel=1e-3)


def test_units_and_offsets():
    """Joules, or a coordinate far from 0: nothing but rounding changes, which the offset enlarges."""
    x = autoregression(0.9, 600, 3)
    for scale, offset in ((1e-21, 0.0), (3e12, 0.0), (-1.0, 0.0), (1.0, 1e6)):
        y = scale * x + offset
        rel = rounding(x) * (1.0 + 10 * abs(offset))
        assert rank_rhat(y) == pytest.approx(rank_rhat(x), rel=rel)
        assert ess_bulk(y) == pytest.approx(ess_bulk(x), rel=rel)
        assert mcse_mean(y) == pytest.approx(abs(scale) * mcse_mean(x), rel=rel)
        assert mcse_sd(y) == pytest.approx(abs(scale) * mcse_sd(x), rel=rel)


def test_layout_types_and_cuts(monkeypatch):
    x = np.round(autoregression(0.6, 301, 5, 3), 1)
    for function in FUNCTIONS:
        each = function(x)
        assert each.shape == (3,)
        assert [function(x[..., k]) for k in range(3)] == list(each)
        np.testing.assert_array_equal(function(np.asfortranarray(x)), each)
        # draws 10 x are whole numbers
        whole = np.rint(10 * x)
        np.testing.assert_array_equal(function(whole.astype(np.int16)), function(whole))
        np.testing.assert_array_equal(function(whole.astype(np.float32)), function(whole))
        np.testing.assert_array_equal(function((x > 0.0).tolist()), function((x > 0.0).astype(float)))
    whole = ess_bulk(x)
    monkeypatch.setattr(chains, "BLOCK", 1024)  # transformed chain by chain
    np.testing.assert_allclose(ess_bulk(x), whole, rtol=rounding(x))


def test_spins():
    """A state that is rarer than 5 %: all draws are <= the quantile of 95 %, so the indicator there is x < 1."""
    spins = np.where(autoregression(0.9, 2000, 4) < 1.9, 1.0, -1.0)
    assert 0.01 < np.mean(spins == -1.0) < 0.05
    assert ess_tail(spins) == pytest.approx(ess_bulk(spins), rel=rounding(spins))
    assert ess_tail(spins) < 0.5 * spins.size  # planted: x <= 1 is constant, and was worth all draws
    fair = np.where(autoregression(0.5, 2000, 4) < 0.0, 1.0, -1.0)
    assert rank_rhat(fair) == chains.rhat(chains.normal_scores(chains.halves(fair)))  # both are equally far from 0
    found = diagnose(fair)
    assert found.healthy
    assert np.isnan(mcse_sd(np.tile([[1.0, -1.0]], (8, 1))))


def test_constant_draws_tell_nothing():
    found = diagnose(np.stack([np.full((500, 4), 0.1), autoregression(0.0, 500, 4)], axis=2), ["clamped", "free"])
    for name in ("mcse_mean", "mcse_sd", "rhat", "ess_bulk", "ess_tail", "autocorrelation_time"):
        value = getattr(found, name)
        assert np.isnan(value[0]), name
        assert np.isfinite(value[1]), name
    assert found.sd[0] == 0.0
    assert list(found.passed) == [False, True]
    assert not found.healthy
    assert "NOT healthy: 1 of 2 quantities" in str(found)


# ------------------------------------------------------------------------------------------ independent implementations


def test_rhat_by_the_book():
    for draws, count in ((4, 1), (9, 2), (100, 5)):
        x = np.round(autoregression(0.5, draws, count), 1)
        half = draws // 2
        parts = [series for c in range(count) for series in (x[:half, c], x[draws - half :, c])]
        pooled = np.concatenate(parts)
        found = []
        for values in (pooled, abs(pooled - np.median(pooled))):
            scores = stats.norm.ppf((stats.rankdata(values) - 3 / 8) / (len(values) + 1 / 4)).reshape(-1, half)
            B, W = half * scores.mean(axis=1).var(ddof=1), scores.var(axis=1, ddof=1).mean()
            found.append(np.sqrt(((half - 1) / half * W + B / half) / W))
        assert rank_rhat(x) == pytest.approx(max(found), rel=rounding(x))


def test_agrees_with_arviz_stats():
    """Also where the series ends before Geyer's sum does; without ties, where the tails are the same."""
    reference = pytest.importorskip("arviz_stats.base").array_stats
    axes = {"chain_axis": 1, "draw_axis": 0}
    for draws in (*range(4, 24, 2), 27, 100, 501):
        for count, phi in ((1, 0.6), (2, -0.6), (3, 0.0), (7, 0.97)):
            x = autoregression(phi, draws, count, 2, seed=draws)
            squares = (x - x.mean(axis=(0, 1))) ** 2
            expected = {
                ess_bulk: reference.ess(x, **axes),
                ess_tail: reference.ess(x, method="tail", prob=(0.05, 0.95), **axes),
                mcse_mean: reference.mcse(x, **axes),
                mcse_sd: squares.std(axis=(0, 1)) / np.sqrt(4 * squares.mean(axis=(0, 1)))
                / np.sqrt(reference.ess(squares, method="mean", **axes)),
            }  # fmt: skip
            if count > 1:
                expected[rank_rhat] = reference.rhat(x, **axes)
            for function, values in expected.items():
                np.testing.assert_allclose(function(x), values, rtol=rounding(x), err_msg=f"{function} {x.shape}")


def test_diagnose_has_the_functions_numbers():
    x = autoregression(0.8, 2000, 4, 3) * [1.0, 2.0, 0.3] + [0.0, 5.0, 1.0]
    found = diagnose(x, names=["a", "b", "energy"])
    np.testing.assert_array_equal(found.rhat, rank_rhat(x))
    np.testing.assert_array_equal(found.ess_bulk, ess_bulk(x))
    np.testing.assert_array_equal(found.ess_tail, ess_tail(x))
    np.testing.assert_allclose(found.mcse_mean, mcse_mean(x), rtol=4 * np.finfo(float).eps)
    np.testing.assert_array_equal(found.mcse_sd, mcse_sd(x))
    np.testing.assert_allclose(found.mean, x.mean(axis=(0, 1)), rtol=rounding(x))
    np.testing.assert_allclose(found.autocorrelation_time, x[..., 0].size * (found.mcse_mean / found.sd) ** 2)
    table = str(found).splitlines()
    assert table[0] == "2,000 draws of 4 chains"
    assert [line.split()[0] for line in table[2:5]] == ["a", "b", "energy"]
    assert len({len(line) for line in table[1:5]}) == 1
    assert table[-1] == "healthy (R-hat < 1.01, ESS > 400 in bulk and tail)"
    assert diagnose(x[..., 0]).names == ("x",)
    assert diagnose(x).names == ("x0", "x1", "x2")
    assert not diagnose(x[:100]).healthy  # some 40 values
    trajectory = record(x)
    np.testing.assert_array_equal(diagnose(trajectory.positions[500:]).ess_bulk, ess_bulk(x[500:]))


def test_healthy_is_all_three_rules():
    good = diagnose(autoregression(0.0, 500, 4))
    assert good.healthy
    for field, just_passes, just_fails in (
        ("rhat", np.nextafter(1.01, 0.0), 1.01),
        ("ess_bulk", np.nextafter(400.0, 500.0), 400.0),
        ("ess_tail", np.nextafter(400.0, 500.0), 400.0),
    ):
        assert replace(good, **{field: np.array([just_passes])}).healthy
        assert not replace(good, **{field: np.array([just_fails])}).healthy


# ------------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("function", [*FUNCTIONS, diagnose])
def test_bad_draws_are_refused(function):
    good = autoregression(0.5, 50, 4, 2)
    for value, word in ((np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")):
        bad = good.copy()
        bad[[7, 9], 3, 1] = value
        with pytest.raises(ValueError, match=rf"draw 7 of chain 3 is {word} of quantity 1, but .*\(2 are not\)"):
            function(bad)
        with pytest.raises(ValueError, match=rf"draw 7 of chain 3 is {word}, but"):
            function(bad[..., 1])
    with pytest.raises(TooFewData, match="3 draws per chain, but at least 4"):
        function(good[:3])
    for shape in ((50,), (50, 0), (50, 4, 0), (5, 4, 3, 2)):
        with pytest.raises(ValueError, match="shape"):
            function(np.zeros(shape))
    with pytest.raises(TypeError, match="draws must be a number or an array of numbers"):
        function(good + 0j)


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"], ["a", "a"], []])
def test_bad_names_are_refused(names):
    with pytest.raises(ValueError, match="names"):
        diagnose(np.zeros((10, 2, 2)), names)
    pytest.importorskip("arviz_base")
    with pytest.raises(ValueError, match="names"):
        to_arviz(np.zeros((10, 2, 2)), names)


# ---------------------------------------------------------------------------------------------------------------- ArviZ


def test_to_arviz():
    pytest.importorskip("arviz_base")
    x = autoregression(0.6, 40, 64, 3)  # more chains than draws are no mistake here
    energy = x[..., 0] ** 2
    for given in (x, record(x)):
        tree = to_arviz(given, discard=10, sample_stats={"energy": energy})
        found = tree["posterior"]["x"]
        assert found.dims == ("chain", "draw", "component")
        np.testing.assert_array_equal(found.sel(chain=5, draw=12, component=2), x[12, 5, 2])
        np.testing.assert_array_equal(found, x[10:].swapaxes(0, 1))
        np.testing.assert_array_equal(found.draw, np.arange(10, 40))
        stat = tree["sample_stats"]["energy"]
        assert stat.dims == ("chain", "draw")
        np.testing.assert_array_equal(stat.sel(chain=5, draw=12), energy[12, 5])
        assert tree["posterior"].attrs["inference_library"] == "brownian-langevin"
    tree = to_arviz(x, names=["a", "b", "c"])
    assert list(tree["posterior"].data_vars) == ["a", "b", "c"]
    assert "sample_stats" not in tree.children
    np.testing.assert_array_equal(tree["posterior"]["b"], x[..., 1].T)
    assert tree["posterior"]["b"].dims == ("chain", "draw")
    for names, name in ((None, "x"), (["angle"], "angle")):
        single = to_arviz(x[..., 0].astype(np.float32), names)["posterior"][name]
        assert single.dims == ("chain", "draw")
        assert single.dtype == np.float32
        np.testing.assert_array_equal(single, x[..., 0].T.astype(np.float32))


def test_arviz_diagnoses_the_same():
    """The tree as ArviZ's own functions read it: chains and draws are not taken for each other."""
    pytest.importorskip("xarray_einstats")
    arviz_stats = pytest.importorskip("arviz_stats")
    x = autoregression(0.8, 300, 3, 2)
    found = arviz_stats.ess(to_arviz(x, names=["a", "b"]), method="bulk")
    np.testing.assert_allclose([float(found["a"]), float(found["b"])], ess_bulk(x), rtol=rounding(x))


def test_to_arviz_refuses(monkeypatch):
    pytest.importorskip("arviz_base")
    x = np.zeros((10, 4, 2))
    for discard in (-1, 10):
        with pytest.raises(ValueError, match=f"discard = {discard}, but 0 <= discard < 10"):
            to_arviz(x, discard=discard)
    with pytest.raises(TypeError):
        to_arviz(x, discard=2.5)
    with pytest.raises(ValueError, match=r"shape \(10,\)"):
        to_arviz(np.zeros(10))
    with pytest.raises(ValueError, match=r"sample_stats\['energy'\] has shape \(4, 10\), but \(10, 4\)"):
        to_arviz(x, sample_stats={"energy": np.zeros((4, 10))})
    monkeypatch.setitem(sys.modules, "arviz_base", None)
    with pytest.raises(ImportError, match=r"pip install 'brownian-langevin\[arviz\]'"):
        to_arviz(x)

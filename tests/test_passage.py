"""First-passage times with censoring, and rates of two states, against exact laws; errors calibrated, mistakes seen."""

import numpy as np
import pytest
from conftest import STANDARD_ERRORS
from recorded import calibrated, record
from scipy.stats import beta, chi2, expon, invgauss

from brownian.analysis.passage import escape_rate, mean_first_passage_time, splitting_probability, survival_curve
from brownian.analysis.rates import population_relaxation, reactive_flux, well_populations
from brownian.analysis.statistics import TooFewData, mean

REPLICAS, PARTICLES = 400, 300
LIFE = 1.7  # mean of the exponential law
DISTANCE, DRIFT, DIFFUSION = 1.3, 0.6, 0.45  # of the inverse Gaussian law: first passage of a drifting particle
FAST, SLOW = 6.0, 0.5  # rates of two steps one after the other: a transient, and then an exponential tail
NAN = float("nan")


def censored(times, end):
    """Forget what came after the end."""
    return np.where(times > end, np.nan, times)


def lifetimes(seed=1):
    return np.random.default_rng(seed).exponential(LIFE, size=(REPLICAS, PARTICLES))


def drifting(seed=2):
    """First-passage times of x' = v + noise at a distance: mean a / v, shape a^2 / 2 D."""
    rng = np.random.default_rng(seed)
    return rng.wald(DISTANCE / DRIFT, DISTANCE**2 / (2.0 * DIFFUSION), size=(REPLICAS, PARTICLES))


def drift_survival(t):
    shape = DISTANCE**2 / (2.0 * DIFFUSION)
    return invgauss(DISTANCE / DRIFT / shape, scale=shape).sf(t)


def two_steps(seed=3):
    draw = np.random.default_rng(seed).exponential(size=(2, REPLICAS, PARTICLES))
    return draw[0] / FAST + draw[1] / SLOW


def coverage(low, high, exact):
    """Share of intervals that cover, and its standard error at 95 %."""
    return np.mean((np.asarray(low) <= exact) & (exact <= np.asarray(high))), np.sqrt(0.95 * 0.05 / len(low))


# ------------------------------------------------------------------------------------------------------------- survival


@pytest.mark.parametrize(("times", "exact"), [(lifetimes(), expon(scale=LIFE).sf), (drifting(), drift_survival)])
@pytest.mark.parametrize("random_ends", [False, True])
def test_survival_is_calibrated(times, exact, random_ends):
    ends = np.random.default_rng(4).uniform(1.5, 5.0, size=times.shape) if random_ends else np.full(times.shape, 2.5)
    at = np.array([0.7, 1.4, 2.4])
    found = [survival_curve(censored(*pair), pair[1], at=at) for pair in zip(times, ends, strict=True)]
    assert calibrated([(one.value - exact(at)) / one.error for one in found])
    for k, t in enumerate(at):
        share, error = coverage([one.low[k] for one in found], [one.high[k] for one in found], exact(t))
        assert abs(share - 0.95) < STANDARD_ERRORS * error
    if random_ends:  # a plain share of those that have not arrived would not do
        naive = np.array([np.mean(~(censored(t, end) <= at[2])) for t, end in zip(times, ends, strict=True)])
        assert not calibrated((naive - exact(at[2])) / np.array([one.error[2] for one in found]))


def test_survival_without_censoring_is_the_share_and_its_binomial_error():
    times = np.random.default_rng(5).exponential(LIFE, size=50)
    at = np.linspace(0.0, times.max(), 7)
    found = survival_curve(times, times.max(), at=at)
    share = (times[:, np.newaxis] > at).mean(axis=0)
    np.testing.assert_allclose(found.value, share, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.error, np.sqrt(share * (1.0 - share) / 50), rtol=1e-12)
    np.testing.assert_array_equal(found.at_risk, (times[:, np.newaxis] >= at).sum(axis=0))
    assert found.value[-1] == found.low[-1] == 0.0
    assert found.high[-1] > 0.0
    assert found.high[0] == 1.0
    assert found.low[0] == pytest.approx(beta(50, 1).ppf(0.025))  # 50 of 50: Clopper and Pearson
    assert survival_curve(times, times.max()).times.size == 51
    assert np.all((found.low <= found.value) & (found.value <= found.high))


def test_survival_of_a_textbook():
    """Remission times of leukaemia under 6-MP (Gehan 1965): the table of Kalbfleisch and Prentice."""
    ends = np.array([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35], dtype=float)
    times = np.where(np.arange(21) < 9, ends, np.nan)
    found = survival_curve(times, ends)
    np.testing.assert_array_equal(found.times, [0, 6, 7, 10, 13, 16, 22, 23])
    np.testing.assert_allclose(found.value[1:], [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482], atol=5e-5)
    np.testing.assert_allclose(found.error[1:], [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], atol=5e-5)
    np.testing.assert_array_equal(found.at_risk[1:], [21, 17, 15, 12, 11, 7, 6])
    with pytest.raises(ValueError, match="until 35 at most"):
        survival_curve(times, ends, at=[36.0])
    with pytest.raises(ValueError, match="until 5 at most"):  # the one that could have been watched longer arrived
        survival_curve([3.0, NAN, NAN, NAN], [10.0, 5.0, 5.0, 5.0], at=[8.0])


def test_survival_where_nobody_or_everybody_arrived():
    nobody = survival_curve([NAN, NAN, np.inf], 2.0, at=[0.0, 2.0])
    np.testing.assert_array_equal(nobody.value, [1.0, 1.0])
    np.testing.assert_allclose(nobody.low, beta(3, 1).ppf(0.025))
    everybody = survival_curve([1.0, 1.0], 2.0, at=[0.5, 1.0, 9.0])
    np.testing.assert_array_equal(everybody.value, [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(everybody.high, 1.0)


# ------------------------------------------------------------------------------------------------------------ mean time


def test_mean_time_where_all_arrive():
    times = drifting()
    found = [mean_first_passage_time(one, 1e3) for one in times]
    # skewness biases z by half of itself over sqrt(n); more than a tenth would be seen
    assert calibrated([one.z(DISTANCE / DRIFT) for one in found])
    assert mean_first_passage_time(times[0], 1e3, tail="exponential") == found[0]


@pytest.mark.parametrize("end", [0.9, 2.5])
def test_mean_time_with_an_exponential_tail(end):
    found = [mean_first_passage_time(censored(one, end), end, tail="exponential") for one in lifetimes()]
    assert calibrated([one.z(LIFE) for one in found])
    # to take the end for the time, or to leave out who has not arrived, would be seen
    assert not calibrated([mean(np.minimum(one, end)).z(LIFE) for one in lifetimes()])
    assert not calibrated([mean(one[one <= end]).z(LIFE) for one in lifetimes()])


def test_mean_time_with_ends_of_their_own():
    ends = np.random.default_rng(6).uniform(0.8, 4.0, size=(REPLICAS, PARTICLES))
    found = [
        mean_first_passage_time(censored(one, end), end, tail="exponential")
        for one, end in zip(lifetimes(), ends, strict=True)
    ]
    assert calibrated([one.z(LIFE) for one in found])
    # all ends count, not only the shortest
    short = [mean_first_passage_time(censored(one, 0.8), 0.8, tail="exponential").error for one in lifetimes()]
    assert np.mean([one.error for one in found]) < 0.7 * np.mean(short)


def test_transient_is_left_out():
    """Two steps: e^(-FAST after) is left of the transient; with all of it, the rate is too low."""
    times, exact = two_steps(), 1.0 / FAST + 1.0 / SLOW
    found = [mean_first_passage_time(censored(one, 2.0), 2.0, tail="exponential", after=1.0) for one in times]
    assert calibrated([one.z(exact) for one in found])
    rates = [escape_rate(censored(one, 2.0), 2.0, after=1.0) for one in times]
    assert calibrated([one.z(SLOW) for one in rates])
    early = [mean_first_passage_time(censored(one, 2.0), 2.0, tail="exponential", after=0.0).z(exact) for one in times]
    assert not calibrated(early)
    assert not calibrated([escape_rate(censored(one, 2.0), 2.0).z(SLOW) for one in times])


def test_wrong_assumption_of_the_tail_is_what_the_documentation_warns_of():
    """Free diffusion without drift has no mean time: the rate falls with the time that is left out."""
    times = (1.0 / np.random.default_rng(7).normal(size=100_000)) ** 2
    early, late = (escape_rate(censored(times, 20.0), 20.0, after=after) for after in (2.0, 8.0))
    assert early.value - late.value > STANDARD_ERRORS * np.hypot(early.error, late.error)


def test_refusal_says_how_many_and_what_would_do():
    times = censored(lifetimes()[0], 2.5)
    missing = np.isnan(times).sum()
    with pytest.raises(
        TooFewData, match=rf"^{missing} of 300 particles have not arrived by end = 2.5: an end of about"
    ):
        mean_first_passage_time(times, 2.5)
    with pytest.raises(TooFewData) as refusal:
        mean_first_passage_time(times, 2.5)
    end = float(str(refusal.value).split("about ")[1].split(" ")[0])
    # a tenth of a particle is left: of 400 replicas, e^-0.1 see all arrive, up to the error of the rate that is advised
    share = (lifetimes().max(axis=1) <= end).mean()
    rate = escape_rate(times, 2.5, after=1.25)
    relative = np.log(10 * missing) * rate.error / rate.value
    expected = np.exp(-0.1 * np.exp(STANDARD_ERRORS * np.array([relative, -relative])))
    assert expected[0] - STANDARD_ERRORS / 40 < share <= expected[1] + STANDARD_ERRORS / 40
    assert mean_first_passage_time(lifetimes()[0], 1e3).samples == 300
    with pytest.raises(TooFewData, match=r"3 of 3 particles.*no end can be advised"):
        mean_first_passage_time([NAN] * 3, 2.0)
    with pytest.raises(TooFewData, match=r"1 of 3 particles.*nobody has after 1.5"):
        mean_first_passage_time([1.0, 1.2, NAN], 2.0, tail="exponential", after=1.5)


# ------------------------------------------------------------------------------------------------------ rates and sides


@pytest.mark.parametrize("particles", [10, 300])
def test_escape_rate_is_calibrated_and_covers(particles):
    found = [escape_rate(censored(one[:particles], 1.5), 1.5, after=0.3) for one in lifetimes()]
    if particles == 300:
        assert calibrated([one.z(1.0 / LIFE) for one in found])
    share, error = coverage([one.low for one in found], [one.high for one in found], 1.0 / LIFE)
    assert share > 0.95 - STANDARD_ERRORS * error  # exact for Poisson numbers; discrete, so more often than stated
    one = found[0]
    np.testing.assert_allclose(one.low, chi2.ppf(0.025, 2 * one.samples) / (2 * one.exposure), rtol=1e-9)
    np.testing.assert_allclose(one.high, chi2.ppf(0.975, 2 * one.samples + 2) / (2 * one.exposure), rtol=1e-9)


def test_escape_rate_without_events():
    found = escape_rate([NAN, NAN], 5.0, after=1.0)
    assert found[0] == found.low == 0.0
    assert np.isnan(found.error)
    assert found.high == pytest.approx(-np.log(0.025) / 8.0)


@pytest.mark.parametrize("probability", [0.5, 0.83])
def test_splitting_probability(probability):
    rng = np.random.default_rng(8)
    sides = np.where(rng.random((REPLICAS, PARTICLES)) < probability, 1, -1)
    sides[:, ::7] = 0
    found = [splitting_probability(one) for one in sides]
    assert calibrated([one.z(probability) for one in found])
    share, error = coverage([one.low for one in found], [one.high for one in found], probability)
    assert share > 0.95 - STANDARD_ERRORS * error
    assert found[0].left_out == len(range(0, PARTICLES, 7))
    if probability != 0.5:  # left for right
        assert abs(splitting_probability(-sides.ravel()).z(probability)) > STANDARD_ERRORS
    one, right, left = found[0], (sides[0] == 1).sum(), (sides[0] == -1).sum()
    np.testing.assert_allclose(
        [one.low, one.high], [beta(right, left + 1).ppf(0.025), beta(right + 1, left).ppf(0.975)]
    )


def test_splitting_to_one_side_only():
    found = splitting_probability([1.0, 1.0, NAN, 1.0])
    assert (found.value, found.high, found.samples, found.left_out) == (1.0, 1.0, 3, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 3))
    assert np.isnan(found.error)
    assert splitting_probability([-1, -1]).low == 0.0


# ---------------------------------------------------------------------------------------------------------- two states

LEAVE_LEFT, LEAVE_RIGHT, INTERVAL = 0.23, 0.41, 0.2
LAMBDA = LEAVE_LEFT + LEAVE_RIGHT
SHARE = LEAVE_LEFT / LAMBDA  # of time on the right


@pytest.fixture(scope="module")
def jumps():
    """Markov jumps between -1 and 1, seen every 0.2, with noise that doesn't change the side."""
    rng, particles, frames = np.random.default_rng(9), 32 * REPLICAS, 200
    sides = np.empty((frames, particles), dtype=bool)
    sides[0] = rng.random(particles) < SHARE
    left = 1.0 - np.exp(-LAMBDA * INTERVAL)  # share of the way back to equilibrium
    for k in range(1, frames):
        sides[k] = rng.random(particles) < SHARE * left + (1.0 - left) * sides[k - 1]
    return np.where(sides, 1.0, -1.0) * rng.uniform(0.3, 1.9, size=sides.shape) + 0.5, INTERVAL * np.arange(frames)


def parts(jumps, particles=32):
    return [jumps[0][:, k : k + particles] for k in range(0, particles * REPLICAS, particles)]


def test_relaxation_of_two_states(jumps):
    found = [population_relaxation(one, jumps[1], lags=[1, 6], boundary=0.5) for one in parts(jumps)]
    assert calibrated([one.z(LAMBDA) for one in found], samples=32)
    with_mean = [
        population_relaxation(one, jumps[1], lags=[1, 6], boundary=0.5, average=2 * SHARE - 1) for one in parts(jumps)
    ]
    assert calibrated([one.z(LAMBDA) for one in with_mean], samples=32)
    # all particles at once: a mean that is forgotten, or times in frames, would be seen
    whole = population_relaxation(*jumps, lags=[1, 6], boundary=0.5)
    assert abs(whole.z(LAMBDA)) < STANDARD_ERRORS
    assert abs(population_relaxation(*jumps, lags=[1, 6], boundary=0.5, average=0.0).z(LAMBDA)) > STANDARD_ERRORS
    assert abs(population_relaxation(jumps[0], np.arange(200), lags=[1, 6], boundary=0.5).z(LAMBDA)) > STANDARD_ERRORS
    # a boundary beside the barrier takes some of a state to the other side, which changes C(t), but not its rate
    assert abs(population_relaxation(*jumps, lags=[1, 6], boundary=-0.6).z(LAMBDA)) < STANDARD_ERRORS


@pytest.mark.parametrize(("leave", "rate"), [(-1, LEAVE_LEFT), (1, LEAVE_RIGHT)])
def test_reactive_flux_of_two_states(jumps, leave, rate):
    """K(t) = k e^(-Lambda t), averaged over each interval between lags."""
    options = {"plateau": [1, 4], "lags": [0, 1, 2, 4, 8], "boundary": 0.5, "leave": leave}

    def exact(first, last):
        first, last = np.asarray(first) * INTERVAL, np.asarray(last) * INTERVAL
        return rate * (np.exp(-LAMBDA * first) - np.exp(-LAMBDA * last)) / (LAMBDA * (last - first))

    found = [reactive_flux(one, jumps[1], **options) for one in parts(jumps)]
    assert calibrated([(one.value - exact(1, 4)) / one.error for one in found], samples=32)
    assert calibrated([one.curve.z(exact([0, 1, 2, 4], [1, 2, 4, 8])) for one in found], samples=32)
    np.testing.assert_allclose(found[0].times, INTERVAL * np.array([0.5, 1.5, 3.0, 6.0]))
    whole = reactive_flux(*jumps, **options)
    assert abs(whole.curve.z(exact([0, 1, 2, 4], [1, 2, 4, 8]))).max() < STANDARD_ERRORS
    # the decay over the plateau counts, and so does the side
    assert abs(whole.value - rate) > STANDARD_ERRORS * whole.error
    other = reactive_flux(*jumps, **options | {"leave": -leave})
    assert abs(other.value - exact(1, 4)) > STANDARD_ERRORS * other.error
    by_default, given = (reactive_flux(*jumps, plateau=[2, 12], lags=lags, boundary=0.5) for lags in (None, [2, 12]))
    # the jackknife multiplies the rounding of sums by the number of particles
    rounding = by_default.samples * 2.0**-52 * np.sqrt(by_default.samples)
    assert by_default.value == pytest.approx(given.value, rel=rounding)
    np.testing.assert_allclose(by_default.times[[0, -1]], INTERVAL * np.array([0.5, 11.0]))


def test_populations(jumps):
    found = [well_populations(one, [0.5]) for one in parts(jumps)]
    z = np.array([one.z([1.0 - SHARE, SHARE]) for one in found])
    assert calibrated(z, samples=32)
    three = well_populations(jumps[0], [0.5, 1.6])
    inside = (1.1 - 0.3) / 1.6
    assert abs(three.z([1.0 - SHARE, SHARE * inside, SHARE * (1.0 - inside)])).max() < STANDARD_ERRORS
    assert three.value.sum() == pytest.approx(1.0)
    assert three.samples == 32 * REPLICAS
    one_frame = well_populations(jumps[0][-1:], [0.5])
    assert abs(one_frame.z([1.0 - SHARE, SHARE])).max() < STANDARD_ERRORS
    assert well_populations(np.array([0.5] * 16)[np.newaxis], [0.5]).value.tolist() == [0.0, 1.0]  # it belongs above
    # frames are not independent: their number would make errors too small
    naive = np.sqrt(SHARE * (1.0 - SHARE) / (200 * 32))
    assert not calibrated([(one.value[1] - SHARE) / naive for one in found], samples=32)


def test_few_particles_are_cut_into_segments(jumps):
    x = jumps[0][:, :1600].T.reshape(4, -1).T[:, :3]  # pieces of the same law, one after the other
    times = INTERVAL * np.arange(len(x))
    assert 32 <= well_populations(x, [0.5]).samples < 200
    assert abs(well_populations(x, [0.5]).z([1.0 - SHARE, SHARE])).max() < STANDARD_ERRORS
    assert population_relaxation(x, times, lags=[1, 6], boundary=0.5).samples >= 32


def test_trajectories_are_read_as_arrays_are(jumps):
    x = jumps[0][:, :40]
    trajectory = record(np.stack([np.zeros_like(x), x], axis=2), dt=INTERVAL)
    options = {"component": 1, "boundary": 0.5}
    np.testing.assert_allclose(
        population_relaxation(trajectory, lags=[1, 6], **options),
        population_relaxation(x, jumps[1][:200], lags=[1, 6], boundary=0.5), rtol=1e-9,
    )  # fmt: skip
    flux, same = (
        reactive_flux(trajectory, plateau=[1, 4], **options),
        reactive_flux(x, jumps[1], plateau=[1, 4], boundary=0.5),
    )
    assert flux.value == pytest.approx(same.value, rel=1e-9)
    np.testing.assert_array_equal(
        well_populations(trajectory, [0.5], component=1, start=9).value, well_populations(x[9:], [0.5]).value
    )


# ------------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize("function", [survival_curve, escape_rate, mean_first_passage_time])
@pytest.mark.parametrize(
    ("times", "end", "word"),
    [
        ([1.0], 2.0, "1 values of times"),
        ([], 2.0, "0 values of times"),
        ([1.0, -0.1], 2.0, r"times\[1\] = -0.1"),
        ([1.0, 2.5], 2.0, r"times\[1\] = 2.5, but 0 to end = 2.0"),
        ([1.0, -np.inf], 2.0, r"times\[1\] = -inf"),
        ([1.0, 1.5], 0.0, "end = 0.0"),
        ([1.0, 1.5], NAN, "end = nan"),
        ([1.0, 1.5], [2.0, 2.0, 2.0], r"shapes \(2,\) and \(3,\)"),
        ([[1.0, 1.5]], 2.0, r"shapes \(1, 2\)"),
    ],
)
def test_passage_refuses_bad_data(function, times, end, word):
    with pytest.raises(ValueError, match=word):
        function(times, end)


def test_passage_refuses_bad_options():
    good = [0.5, 1.0, NAN]
    for options in ({"at": [-1.0]}, {"at": [NAN]}, {"at": 1.0}, {"at": [2.5]}, {"confidence": 1.0}):
        with pytest.raises(ValueError, match=next(iter(options))):
            survival_curve(good, 2.0, **options)
    for options in ({"after": -1.0}, {"after": NAN}, {"after": [0.1]}, {"confidence": 0.0}, {"after": 2.0}):
        with pytest.raises(ValueError, match=next(iter(options))):
            escape_rate(good, 2.0, **options)
    for options in ({"tail": "guess"}, {"tail": "exponential", "after": -1.0}):
        with pytest.raises(ValueError, match=list(options)[-1]):
            mean_first_passage_time(good, 2.0, **options)
    for sides, word in (
        ([1, 2], "1, -1"),
        ([[1, -1]], r"shape \(1, 2\)"),
        ([1, 0, NAN], "1 of 3 sides"),
        ([], "0 of 0"),
    ):
        with pytest.raises(ValueError, match=word):
            splitting_probability(sides)
    with pytest.raises(ValueError, match="confidence"):
        splitting_probability([1, -1], confidence=2.0)


def test_rates_refuse(jumps):
    x, times = jumps[0][:, :20], jumps[1]
    for function, options in ((population_relaxation, {"lags": [1, 6]}), (reactive_flux, {"plateau": [1, 6]})):
        for positions, t, more, word in (
            (x, None, {}, "times of shape"),
            (x, times[:-1], {}, r"times of shape \(199,\), but 200"),
            (x, times[::-1], {}, "ascend"),
            (x, times**2, {}, "equally spaced"),
            (x[:, 0], times, {}, "positions of shape"),
            (np.where(x > 2.3, np.nan, x), times, {}, "must be finite"),
            (x, times, {"boundary": NAN}, "boundary must be finite, got nan"),
            (x, times, {"boundary": 9.0}, "no particle crosses boundary = 9"),
            (x, times, {"component": 1}, "component = 1"),
            (x[:1], times[:1], {}, "1 frame"),
            (x, times, {next(iter(options)): [6, 1]}, "two lags"),
            (x, times, {next(iter(options)): [1, 200]}, "lag = 200"),
            (x, times, {next(iter(options)): [0.5, 2]}, "whole numbers"),
            (record(x[..., np.newaxis]), times, {}, "its own"),
        ):
            with pytest.raises(ValueError, match=word):
                function(positions, t, **options | more)
    with pytest.raises(ValueError, match="leave = 0"):
        reactive_flux(x, times, plateau=[1, 4], leave=0)
    with pytest.raises(TooFewData, match="its logarithm needs > 0"):
        population_relaxation(x, times, lags=[1, 199], boundary=0.5)
    for boundaries in ([], [1.0, 0.0], [NAN], 0.5):
        with pytest.raises(ValueError, match="boundaries"):
            well_populations(x, boundaries)
    with pytest.raises(ValueError, match="must be finite"):
        well_populations(np.where(x > 2.3, np.nan, x))

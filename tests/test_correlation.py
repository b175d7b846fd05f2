"""Correlations in time and diffusion: against exact answers for the step taken, direct sums, and planted mistakes."""

import tracemalloc

import numpy as np
import pytest
from recorded import calibrated, part, record, replicas

import brownian as bn
from brownian import theory
from brownian.analysis.correlation import msd, position_autocorrelation, vacf
from brownian.analysis.lagged import FEW, lagged_products, squared_displacements
from brownian.analysis.reading import logarithmic_lags
from brownian.analysis.statistics import TooFewData
from brownian.analysis.transport import diffusion, einstein_diffusion, green_kubo

MASS, FRICTION, KT, STIFFNESS, DT = 1.3, 0.7, 0.9, 2.1, 0.5
PARTICLES, REPLICAS = 32, 150
FREE = {"mass": MASS, "friction": FRICTION, "kT": KT}
TRAP = {"friction": FRICTION, "kT": KT, "stiffness": STIFFNESS}
A = FRICTION / MASS * DT
DECAY = (1.0 - A / 2.0) / (1.0 + A / 2.0)  # the velocity of GJF decays by this factor per step


@pytest.fixture(scope="module")
def free():
    """A free particle by GJF, every step kept."""
    simulation = bn.Simulation(
        potential=bn.Free(), dynamics=bn.Langevin(**FREE), dt=DT, particles=PARTICLES * REPLICAS, dimension=1, seed=21
    )
    return simulation.run(steps=300, every=DT)


@pytest.fixture(scope="module")
def trap():
    """A trap, overdamped, the exact step, in two dimensions."""
    simulation = bn.Simulation(
        potential=bn.Harmonic(STIFFNESS), dynamics=bn.Overdamped(friction=FRICTION, kT=KT), integrator=bn.ExactOU(),
        dt=0.1, particles=PARTICLES * REPLICAS // 2, dimension=2, seed=22,
    )  # fmt: skip
    return simulation.run(steps=199, every=0.1)


def agree(estimate, expected, errors=5.0):
    """Assert agreement within standard errors."""
    z = estimate.z(expected)
    assert np.all(np.abs(z) < errors), z


# ---------------------------------------------------------------------------------------------------------- direct sums


@pytest.mark.parametrize("frames", [FEW + 10, 97, 128])
def test_transform_is_the_direct_sum(frames):
    x = np.random.default_rng(3).normal(size=(frames, 4, 2)).cumsum(axis=0)
    lags = np.arange(frames)
    assert len(lags) > FEW
    products = np.array([np.mean(x[: frames - lag] * x[lag:], axis=0) for lag in lags])
    squares = np.array([np.mean((x[lag:] - x[: frames - lag]) ** 2, axis=0) for lag in lags])
    scale = np.abs(x).max() ** 2
    np.testing.assert_allclose(lagged_products(x, lags), products, atol=1e-13 * scale)
    np.testing.assert_allclose(squared_displacements(x, lags), squares, atol=1e-13 * scale)
    chosen = [0, 3, frames - 1]  # few lags: summed directly
    np.testing.assert_allclose(lagged_products(x, chosen), products[chosen], rtol=1e-12, atol=1e-13 * scale)
    np.testing.assert_allclose(squared_displacements(x, chosen), squares[chosen], rtol=1e-12)


def test_an_offset_does_not_matter():
    """S1 - 2 S2 without subtracting the mean has lost all digits at an offset of 1e6."""
    rng = np.random.default_rng(4)
    x = np.round(rng.normal(size=(400, 20, 1)).cumsum(axis=0) * 2**20) / 2**20  # exact with and without the offset
    near, far = record(x), record(x + 1e6)
    lags = np.arange(1, 100)
    (_, a), (_, b) = msd(near, lags=lags), msd(far, lags=lags)
    np.testing.assert_allclose(a.value, b.value, rtol=1e-10)
    np.testing.assert_allclose(a.error, b.error, rtol=1e-9)
    (_, a), (_, b) = (position_autocorrelation(one, lags=np.r_[0, lags]) for one in (near, far))
    np.testing.assert_allclose(a.value, b.value, rtol=1e-9, atol=1e-9 * a.value[0])
    (_, a), (_, b) = position_autocorrelation(near, mean=0.0), position_autocorrelation(far, mean=1e6)
    np.testing.assert_allclose(a.value, b.value, rtol=1e-10)
    y = (x + 1e6)[:, 0, 0]
    np.testing.assert_allclose(squared_displacements(y, lags), squared_displacements(x[:, 0, 0], lags), rtol=1e-9)
    # the mistake itself
    total = np.r_[0.0, np.cumsum(y * y)]
    power = np.abs(np.fft.rfft(y, 1024)) ** 2
    naive = (total[400 - lags] + total[-1] - total[lags] - 2.0 * np.fft.irfft(power, 1024)[lags]) / (400 - lags)
    assert np.abs(naive / squared_displacements(y, lags) - 1.0).max() > 1e-4


# --------------------------------------------------------------------------------------------------- exact for the step


def test_msd_is_the_scheme_s(free):
    times, estimate = msd(free)
    n = np.rint(times / DT).astype(int)
    np.testing.assert_array_equal(n, logarithmic_lags(75))
    assert estimate.samples == PARTICLES * REPLICAS
    agree(estimate, theory.discrete_msd(n, "gjf", dt=DT, **FREE))
    # continuous time differs at this dt, and 5000 particles see it
    assert np.abs(estimate.z(theory.free_msd(times, **FREE))).max() > 5


def test_vacf_is_the_scheme_s(free):
    lags = np.r_[0 : FEW + 5]
    times, estimate = vacf(free, lags=lags)
    agree(estimate, KT / MASS * DECAY**lags)
    np.testing.assert_allclose(times, lags * DT)
    _, normalised = vacf(free, lags=lags, normalised=True)
    assert normalised.value[0] == 1.0
    assert normalised.error[0] == 0.0
    agree(normalised._replace(value=normalised.value[1:], error=normalised.error[1:]), DECAY ** lags[1:])


def test_position_autocorrelation_in_a_trap(trap):
    lags = np.r_[0:5, 10, 20, 40]
    times, estimate = position_autocorrelation(trap, lags=lags, mean=0.0)
    exact = theory.harmonic_acf(times, **TRAP)
    agree(estimate, exact)
    _, by_component = position_autocorrelation(trap, lags=lags, mean=[0.0, 0.0], each="component")
    assert by_component.value.shape == (len(lags), 2)
    np.testing.assert_allclose(by_component.value.mean(axis=1), estimate.value, rtol=1e-12)
    agree(by_component, exact[:, np.newaxis])
    _, centred = position_autocorrelation(trap, lags=lags)  # the pooled mean of all particles: the same
    agree(centred, exact)


def test_planted_mistakes_in_the_autocorrelation_are_seen(trap):
    short = part(trap, slice(None), slice(0, 20))
    lags = np.arange(8)
    times, estimate = position_autocorrelation(short, lags=lags, mean=0.0)
    exact = theory.harmonic_acf(times, **TRAP)
    agree(estimate, exact)
    biased = estimate._replace(value=estimate.value * (1.0 - lags / 20.0))  # divided by T, not T - l
    assert biased.z(exact).min() < -5
    # the mean of each short series subtracted, though the true one is known
    centred = part(trap, slice(None), slice(0, 20), change=lambda x: x - x.mean(axis=0))
    _, estimate = position_autocorrelation(centred, lags=lags, mean=0.0)
    assert np.all(estimate.z(exact) < -5)
    # each particle normalised by its own C(0), then averaged
    _, pooled = position_autocorrelation(short, lags=[0, 3], mean=0.0, normalised=True)
    agree(pooled._replace(value=pooled.value[1], error=pooled.error[1]), exact[3] / exact[0])
    x = np.asarray(short.positions[:, :, 0])
    own = (lagged_products(x, [0, 3])[1] / lagged_products(x, [0, 3])[0]).mean()
    assert (own - exact[3] / exact[0]) / pooled.error[1] < -5


# ------------------------------------------------------------------------------------------------------------ diffusion


def test_three_routes_to_one_number(free):
    expected = einstein_diffusion(free)
    assert expected == pytest.approx(KT / FRICTION, rel=1e-14)  # GJF: exact at any step
    agree(diffusion(free), expected)
    found = green_kubo(free)
    agree(diffusion(free, lags=[40, 60, 80]), expected)
    assert abs(found.value - expected) < 5 * found.error
    agree(found.tail, 0.0)
    assert found.cut == pytest.approx(10 * MASS / FRICTION, abs=DT)
    # BAOAB with the same parameters would be off by (a/2) coth(a/2)
    assert einstein_diffusion(free, scheme="baoab") == pytest.approx(KT / FRICTION * 1.006033, rel=1e-6)


def test_diffusion_is_half_the_weighted_slope(free):
    some = part(free, slice(0, 20))
    times, estimate = msd(some, lags=[40, 50, 70])
    slope = np.polyfit(times, estimate.value, 1, w=times**-1.5)[0]
    assert diffusion(some, lags=[40, 50, 70]).value == pytest.approx(slope / 2.0, rel=1e-10)


def test_planted_mistakes_in_diffusion_are_seen(free):
    times, estimate = msd(free, lags=[38])  # 10 m / lambda: MSD / 2t is 10 % low
    assert estimate.z(2.0 * KT / FRICTION * times)[0] < -5
    short = green_kubo(free, cut_time=2.0 * MASS / FRICTION)
    assert (short.value - KT / FRICTION) / short.error < -5
    assert short.tail.z(0.0) > 5  # and the tail says so
    ballistic = diffusion(free, lags=[1, 2, 3])
    assert ballistic.z(KT / FRICTION) < -5


def test_diffusion_knows_the_noise_memory_of_leimkuhler_matthews():
    """MSD = 2 D dt (n - 1/2): the slope is right at any lag, MSD / 2t is half of it at lag 1."""
    xi = np.random.default_rng(5).normal(size=(301, 400, 1))
    step = np.sqrt(2.0 * KT / FRICTION * 0.05) / 2.0 * (xi[1:] + xi[:-1])
    description = {"dynamics": {"class": "Overdamped", "friction": FRICTION, "kT": KT}, "dt": 0.05,
                   "integrator": {"class": "LeimkuhlerMatthews"}}  # fmt: skip
    walk = record(step.cumsum(axis=0), dt=0.05, description=description)
    agree(diffusion(walk), einstein_diffusion(walk))
    times, estimate = msd(walk, lags=[1, 5])
    agree(estimate, theory.discrete_msd(np.array([1, 5]), "leimkuhler_matthews", friction=FRICTION, kT=KT, dt=0.05))
    assert np.all(estimate.z(2.0 * KT / FRICTION * times) < -5)


# ----------------------------------------------------------------------------------------------------------- error bars


def test_errors_of_msd_vacf_and_diffusion_are_calibrated(free):
    parts = replicas(free, REPLICAS, PARTICLES)
    lags = [1, 5, 20, 60]
    exact = theory.discrete_msd(np.array(lags), "gjf", dt=DT, **FREE)
    assert calibrated([msd(one, lags=lags)[1].z(exact) for one in parts], PARTICLES)
    exact = KT / MASS * DECAY ** np.array(lags)
    assert calibrated([vacf(one, lags=lags)[1].z(exact) for one in parts], PARTICLES)
    assert calibrated([diffusion(one).z(KT / FRICTION) for one in parts], PARTICLES)
    found = [green_kubo(one) for one in parts]
    assert calibrated([(one.value - KT / FRICTION) / one.error for one in found], PARTICLES)
    # what is known of the size of the errors: relative variance 4 t / 3 T of the MSD, 4 cut / T of Green-Kubo
    relative = np.mean([one.error for one in found]) * FRICTION / KT
    assert relative == pytest.approx(np.sqrt(4 * found[0].cut / (300 * DT) / PARTICLES), rel=0.15)


def test_errors_of_a_few_particles_are_calibrated(trap, free):
    lags = [0, 1, 5]
    exact = theory.harmonic_acf(0.1 * np.array(lags), **TRAP)
    few = replicas(trap, REPLICAS, 6, stride=PARTICLES // 2)
    found = [position_autocorrelation(one, lags=lags, mean=0.0)[1] for one in few]
    assert found[0].samples == 36  # six particles in six segments
    assert calibrated([one.z(exact) for one in found], 36)
    single = replicas(free, REPLICAS, 1, stride=PARTICLES)
    found = [diffusion(one, lags=[3, 5]) for one in single]
    assert found[0].samples == 32
    slope = np.diff(theory.discrete_msd(np.array([3, 5]), "gjf", dt=DT, **FREE))[0] / (4 * DT)
    z = np.array([one.z(slope) for one in found])
    # segments of 9 frames are hardly independent with a memory of 4: the spread is off by less than two
    assert 0.5 < z.std() < 2.0


def test_each_particle_has_its_own_curve(trap):
    some = part(trap, slice(0, 20))
    times, estimate = position_autocorrelation(some, lags=[0, 2], mean=0.0, each="particle")
    assert estimate.value.shape == estimate.error.shape == (2, 20)
    assert estimate.samples == 32
    x = np.asarray(trap.positions[200 - 32 * 6 :, 7])  # what 32 segments of 6 frames hold
    own = lagged_products(x.reshape(32, 6, 2).transpose(1, 0, 2), [0, 2]).mean(axis=(1, 2))
    np.testing.assert_allclose(estimate.value[:, 7], own, rtol=1e-6)
    assert np.mean(np.abs(estimate.z(theory.harmonic_acf(times, **TRAP)[:, np.newaxis])) < 3) > 0.9


# ----------------------------------------------------------------------------------------------------- files and memory


def test_chunks_are_the_whole(free, trap):
    few = part(free, slice(0, 100))
    small = 64 * 301 * 7  # bytes: seven particles at a time
    for function in (msd, vacf, position_autocorrelation):
        (_, whole), (_, chunked) = function(few), function(few, memory=small)
        np.testing.assert_allclose(chunked.value, whole.value, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(chunked.error, whole.error, rtol=1e-9)
        assert chunked.samples == whole.samples == 100
    for function in (diffusion, green_kubo):
        np.testing.assert_allclose(function(few, memory=small)[:2], function(few)[:2], rtol=1e-10)
    few = part(trap, slice(0, 5))
    (_, whole), (_, chunked) = (msd(few, lags=[1, 4], each="particle", memory=m) for m in (2**28, 1000))
    np.testing.assert_allclose(chunked.value, whole.value, rtol=1e-12)
    (_, whole), (_, chunked) = (msd(few, lags=[1, 4], each="component", memory=m) for m in (2**28, 1000))
    np.testing.assert_allclose(chunked.error, whole.error, rtol=1e-9)
    _, estimate = position_autocorrelation(few, lags=[0, 1], normalised=True, memory=1000)
    np.testing.assert_allclose(estimate.error, position_autocorrelation(few, lags=[0, 1], normalised=True)[1].error)


def test_a_file_is_read_in_parts_within_the_memory_stated(tmp_path):
    """40 MB of positions, analysed in 16 MB."""
    simulation = bn.Simulation(potential=bn.Free(), dynamics=bn.Langevin(**FREE), dt=DT, particles=1000, seed=5)
    with simulation.run(steps=9999, every=DT, velocities=False, dtype=np.float32, out=tmp_path / "free.h5md") as file:
        assert file.positions.nbytes == 4 * 10**7
        memory = 2**24
        lags = logarithmic_lags(1000, per_decade=20)
        assert len(lags) > FEW
        tracemalloc.start()
        _, estimate = msd(file, lags=lags, memory=memory)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < memory
        agree(estimate, theory.discrete_msd(lags, "gjf", dt=DT, **FREE))


def test_long_records_of_one_particle_are_cut_to_fit_into_memory():
    x = np.random.default_rng(6).normal(size=(2**17, 1, 1)).cumsum(axis=0)
    _, estimate = msd(record(x), lags=[1, 10], memory=64 * 2**15)
    assert estimate.samples == 32
    _, estimate = msd(record(np.repeat(x, 16, axis=1)), lags=[1, 10], memory=64 * 2**15)
    assert estimate.samples == 16 * 4


def test_the_start_is_left_out():
    x = np.random.default_rng(7).normal(size=(200, 16, 1))
    x[:100] += 50.0
    _, estimate = position_autocorrelation(record(x), lags=[0, 5], start=100)
    agree(estimate, [1.0, 0.0])


def test_progress_speaks_on_stderr_only(free, capsys):
    msd(part(free, slice(0, 20)), progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("brownian: reading positions of 301 frames")


# ------------------------------------------------------------------------------------------------------------ bad input


def test_bad_input_is_named(free):
    few = part(free, slice(0, 20))
    for function in (msd, position_autocorrelation, vacf):
        with pytest.raises(ValueError, match="lag = 301 frames, but at most 300 are allowed: there are 301 frames"):
            function(few, lags=[1, 301])
        with pytest.raises(ValueError, match="1 frame from frame 0 on, but at least 2"):
            function(record(np.zeros((1, 20, 1)), v=np.zeros((1, 20, 1))))
        with pytest.raises(ValueError, match="ascend"):
            function(few, lags=[3, 2])
        with pytest.raises(ValueError, match="whole numbers"):
            function(few, lags=[-1, 2])
        with pytest.raises(ValueError, match="whole numbers"):
            function(few, lags=[0.5])
        with pytest.raises(ValueError, match="each = 'axis'"):
            function(few, each="axis")
        with pytest.raises(ValueError, match=r"start = 301, but there are 301 frames"):
            function(few, start=301)
    with pytest.raises(ValueError, match=r"3 particles|cut into 11 segments of 27 frames"):
        msd(part(free, slice(0, 3)), lags=[30])
    with pytest.raises(TooFewData, match=r"20 frames of 1 particles are too few.*16 particles"):
        msd(part(free, slice(0, 1), slice(0, 20)))
    with pytest.raises(ValueError, match="lag 0 first"):
        vacf(few, lags=[1, 2], normalised=True)


def test_frames_that_are_not_finite_are_named(free):
    def spoil(x):
        x[17, 3] = np.nan
        return x

    broken = part(free, slice(0, 20), change=spoil)
    with pytest.raises(ValueError, match=r"positions of particle 3 in frame 17 are \[nan\]"):
        msd(broken)
    with pytest.raises(ValueError, match="particle 3 in frame 17"):
        position_autocorrelation(broken, memory=1000)
    _, estimate = msd(broken, start=18)
    assert np.isfinite(estimate.value).all()


def test_schedules_and_missing_velocities_are_named():
    rng = np.random.default_rng(8)
    uneven = record(rng.normal(size=(5, 20, 1)), steps=[0, 1, 3, 10, 30])
    for function in (msd, position_autocorrelation, diffusion):
        with pytest.raises(ValueError, match=r"schedule is 0, 0.5, 1.5, 5, 15, ..., with 0.5 to 10 between.*every"):
            function(uneven)
    still = record(rng.normal(size=(50, 20, 1)))
    for function in (vacf, green_kubo):
        with pytest.raises(ValueError, match="no velocities are stored"):
            function(still, **({"cut_time": 2.0} if function is green_kubo else {}))
    with pytest.raises(ValueError, match="mass is not known"):
        diffusion(still)
    with pytest.raises(ValueError, match="at least two lags"):
        diffusion(still, lags=[3])
    with pytest.raises(ValueError, match="friction, kT, mass, scheme not given"):
        einstein_diffusion(dt=0.5)


def test_a_cut_beyond_the_record_is_named(free):
    with pytest.raises(ValueError, match=r"cut_time = 100 is 200 frames, and twice that.*only 300"):
        green_kubo(part(free, slice(0, 20)), cut_time=100.0)


def test_float32_times_of_other_programs_are_equally_spaced():
    x = np.random.default_rng(9).normal(size=(2000, 16, 1))
    times = np.arange(2000, dtype=np.float32) * np.float32(0.1)
    file = record(x)
    file._source.times = times.astype(np.float64)
    found, _ = msd(file, lags=[1])
    assert found[0] == pytest.approx(0.1, rel=1e-6)


@pytest.mark.parametrize(
    ("dynamics", "dt", "every", "steps"),
    [
        (bn.ActiveForce(friction=FRICTION, kT=KT, force=2.0, time=5.0), 0.1, 1.0, 4000),
        (bn.ColoredNoise(friction=FRICTION, kT=KT, time=5.0), 0.1, 1.0, 4000),
        (bn.GeneralizedLangevin(mass=0.2, kT=KT, frictions=[FRICTION], times=[10.0]), 0.1, 2.0, 12_000),
    ],
    ids=["active", "colored", "memory"],
)
def test_default_lags_wait_for_what_the_dynamics_remembers(dynamics, dt, every, steps):
    """With the lags of a particle without memory D was off by 17 times."""
    run = bn.Simulation(potential=bn.Free(), dynamics=dynamics, dt=dt, particles=200, seed=5).run(
        steps=steps, every=every
    )
    found = {"slope": diffusion(run)} | ({} if run.velocities is None else {"Green-Kubo": green_kubo(run)})
    for estimate in found.values():
        assert abs((estimate.value - dynamics.diffusion) / estimate.error) < 5.0
        assert estimate.error < 0.2 * dynamics.diffusion
    rows = {row.name: row for row in bn.analysis.summarise(run).rows}
    assert rows["diffusion, slope"].expected == pytest.approx(dynamics.diffusion)

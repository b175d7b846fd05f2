"""The generator, the transform to normals, and the independence of what must be independent."""

import math

import numpy as np
import pytest
from conftest import STANDARD_ERRORS

from brownian import noise
from brownian.caching import compiled_for
from brownian.noise import Given, Philox, PhiloxFloat32, normals_at, philox

KINDS = [Philox, PhiloxFloat32]

# Published known answers of philox4x32-10 (Random123, tests/kat_vectors): counter, key, result.
KNOWN = [
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_generator_gives_its_published_answers(counter, key, result):
    words = philox(*(np.uint64(word) for word in counter + key))
    assert [int(word) for word in words] == result


def test_counter_layout():
    """(step group, particle, component and purpose) in the words that the module states."""
    seed, step, particle, component, purpose = 0x1234567_89ABCDEF, (2**35 + 3) * 4, 77, 5, 18
    words = philox(
        *(np.uint64(w) for w in [(2**35 + 3) & 0xFFFFFFFF, (2**35 + 3) >> 32, particle, component << 8 | purpose]),
        np.uint64(seed & 0xFFFFFFFF),
        np.uint64(seed >> 32),
    )
    expected = [*noise.normal_pair(words[0], words[1]), *noise.normal_pair(words[2], words[3])]
    drawn = normals_at(
        Philox(np.uint64(seed)), step, 4, first_particle=particle, particles=1, dimension=component + 1, purpose=purpose
    )
    assert drawn[:, 0, 0, component].tolist() == expected


@pytest.mark.parametrize("kind", KINDS)
def test_interpreted_is_compiled(kind):
    values = kind(np.uint64(987654321987654321))
    shape = (12, 2, 3, 40)
    arrays = []
    for run in (kind.draw, compiled_for(kind.draw, values)):
        for lanes in (40, 5):  # wide: along particles; narrow: along steps
            z = values.buffer(12, 2, 3, lanes)
            run(values, z, values.buffer(1, 1, 2, 3)[0, 0], np.empty((4, 40), np.uint32), 8, 1000, 0)
            arrays.append(z)
    assert arrays[0].shape == shape
    assert np.array_equal(arrays[0], arrays[2])
    assert np.array_equal(arrays[1], arrays[3])
    assert np.array_equal(arrays[0][..., :5], arrays[1])


@pytest.mark.parametrize("kind", KINDS)
def test_any_stretch_gives_the_same_normals(kind):
    source = kind(np.uint64(5))
    whole = normals_at(source, 0, 37, first_particle=10, particles=50, dimension=2, kinds=2)
    part = normals_at(source, 13, 9, first_particle=31, particles=7, dimension=2, kinds=2)
    assert np.array_equal(whole[13:22, :, 21:28], part)
    far = normals_at(source, 2**40 + 6, 3, first_particle=2**32 - 2, particles=2, dimension=1)
    assert np.isfinite(far).all()


def _draws(kind, count=2_000_000, seed=11):
    return normals_at(kind(np.uint64(seed)), 0, 40, first_particle=0, particles=count // 40, dimension=1).ravel()


@pytest.mark.parametrize("kind", KINDS)
def test_moments(kind):
    x = _draws(kind)
    for power, mean, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10395 - 225)]:
        z = (np.mean(x**power) - mean) / math.sqrt(variance / x.size)
        assert abs(z) < STANDARD_ERRORS, (power, z)


@pytest.mark.parametrize("kind", KINDS)
def test_distribution_and_tails(kind):
    from scipy.stats import chi2, norm

    x = _draws(kind)
    edges = norm.ppf(np.linspace(0.0, 1.0, 513))
    counts = np.histogram(x, edges)[0]
    statistic = ((counts - x.size / 512) ** 2).sum() / (x.size / 512)
    assert chi2.sf(statistic, 511) > 1e-6
    for threshold in (3.0, 4.0):
        expected = x.size * 2.0 * norm.sf(threshold)
        assert abs((np.abs(x) > threshold).sum() - expected) < STANDARD_ERRORS * math.sqrt(expected)


def test_extreme_words_reach_far_enough():
    """The smallest uniform, along either axis: beyond 7.5 in float64 mode, 6.6 in float32 mode; all corners finite."""
    for axis, (angle, angle32) in enumerate([(0, 2**29), (2**21 - 1, 2**29 - 1)]):
        assert abs(noise.normal_pair(np.uint64(0), np.uint64(angle))[axis]) > 7.5
        assert abs(noise.normal_pair32(np.uint32(0), np.uint32(angle32))[axis]) > 6.6
    for a in (0, 1, 2**31, 2**32 - 1):
        for b in (0, 2**21 - 1, 2**22 - 1, 2**29, 2**31, 2**32 - 1):
            assert np.isfinite(noise.normal_pair(np.uint64(a), np.uint64(b))).all()
            assert np.isfinite(noise.normal_pair32(np.uint32(a), np.uint32(b))).all()


def test_transform_against_exact_box_muller():
    rng = np.random.default_rng(3)
    for a, b in [*rng.integers(0, 2**32, size=(300, 2)).tolist(), [2**32 - 1, 2**32 - 1], [0, 12345]]:
        radius = ((a << 9 | b >> 23) + 0.5) / 2**41
        r = math.sqrt(-2.0 * math.log(radius)) if radius < 0.9 else math.sqrt(-2.0 * math.log1p(radius - 1.0))
        quadrant_angle = ((b & 0x1FFFFF) + 0.5) / 2**21 * math.pi / 2.0
        signs = [-1.0 if b >> 22 & 1 else 1.0, -1.0 if b >> 21 & 1 else 1.0]
        x, y = noise.normal_pair(np.uint64(a), np.uint64(b))
        assert abs(x - signs[0] * r * math.cos(quadrant_angle)) < 8e-16 * r
        assert abs(y - signs[1] * r * math.sin(quadrant_angle)) < 8e-16 * r
        single = math.sqrt(-2.0 * math.log((a + 0.5) / 2**32))
        p, q = noise.normal_pair32(np.uint32(a), np.uint32(b))
        assert abs(math.hypot(p, q) - single) < 2.0**-21 * single + 2.0**-24 / single  # u has 24 bits


def _correlation_z(x, y):
    return float(np.mean(x * y) * math.sqrt(x.size))


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_are_independent(kind):
    """Seeds, steps, particles, components, kinds and purposes one apart, also at a lag; of values and of squares."""

    def draw(seed=3, step=0, first=0, purpose=0):
        return normals_at(
            kind(np.uint64(seed)),
            step,
            8,
            first_particle=first,
            particles=20_000,
            dimension=2,
            kinds=2,
            purpose=purpose,
        )

    base = draw()
    pairs = {
        "seed + 1": (base, draw(seed=4)),
        "seed + 1, lagged": (base[:-1], draw(seed=4)[1:]),
        "seed + 2^32": (base, draw(seed=3 + 2**32)),
        "next step": (base[:-1], base[1:]),
        "steps 4 apart": (base[:4], base[4:]),
        "next particle": (base[:, :, :-1], base[:, :, 1:]),
        "other component": (base[..., 0], base[..., 1]),
        "other kind": (base[:, 0], base[:, 1]),
        "purpose start": (base, draw(purpose=noise.START_POSITION)),
        "start, velocity": (draw(purpose=noise.START_POSITION), draw(purpose=noise.START_VELOCITY)),
    }
    for name, (x, y) in pairs.items():
        assert abs(_correlation_z(x, y)) < STANDARD_ERRORS, name
        assert abs(_correlation_z((x * x - 1) / math.sqrt(2), (y * y - 1) / math.sqrt(2))) < STANDARD_ERRORS, name


def test_shared_noise_is_seen():
    """The check above can fail: the same particle twice is found."""
    x = normals_at(Philox(np.uint64(3)), 0, 8, first_particle=0, particles=2000, dimension=1)
    assert _correlation_z(x[:, :, :-1], x[:, :, :-1]) > STANDARD_ERRORS
    shifted = normals_at(Philox(np.uint64(3)), 1, 8, first_particle=0, particles=2000, dimension=1)
    assert _correlation_z(x[1:], shifted[:-1]) > STANDARD_ERRORS


def test_given_is_what_was_given():
    values = np.arange(24.0).reshape(4, 1, 3, 2)
    drawn = normals_at(Given(values, 5), 4, 6, first_particle=1, particles=2, dimension=2)
    assert np.array_equal(drawn[1:5], values[:, :, 1:])
    assert not drawn[0].any()
    assert not drawn[5].any()


def test_generator_agrees_with_another_library():
    """Word by word with randomgen's Philox of the same variant (4 words of 32 bits; it counts before it draws)."""
    other = pytest.importorskip("randomgen").Philox(number=4, width=32, key=0x0123456789ABCDEF, counter=2**40 - 1)
    words = [int(word) for word in other.random_raw(12)]
    ours = []
    for count in range(2**40, 2**40 + 3):
        counter = (count & 0xFFFFFFFF, count >> 32, 0, 0)
        ours += [int(w) for w in philox(*(np.uint64(c) for c in counter), np.uint64(0x89ABCDEF), np.uint64(0x01234567))]
    assert ours == words

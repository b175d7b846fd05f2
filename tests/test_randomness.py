"""The generator beyond 32 bits, purposes of the noise, places one bit apart, tails, and the tools that try them."""

import itertools
import math
import pathlib

import numpy as np
import pytest
from conftest import STANDARD_ERRORS
from scipy.stats import norm, poisson

from brownian import noise
from brownian.colored import MOST_MODES
from brownian.integrators import REGISTRY
from brownian.noise import Philox, PhiloxFloat32, normal_pair, normals_at, philox, uniforms_at

MASK = 2**32 - 1


def _other_words(counter, key, count):
    """Words of randomgen's Philox of the same variant, which adds 1 to its 128-bit counter before it draws."""
    library = pytest.importorskip("randomgen")
    before = (counter - 1) % 2**128
    return [int(w) for w in library.Philox(number=4, width=32, key=key, counter=before).random_raw(count)]


@pytest.mark.parametrize("counter", [2**32 - 2, 2**64 - 2, 2**96 - 1, 2**127 + 2**70 + 2**33 + 5, 2**128 - 3])
@pytest.mark.parametrize("key", [2**32, 2**64 - 1, 0x0123456789ABCDEF])
def test_generator_beyond_32_bits_agrees_with_another_library(counter, key):
    """Over the carries from word to word, in every word of the counter."""
    ours = []
    for c in range(counter, counter + 3):
        words = [np.uint64(c >> shift & MASK) for shift in (0, 32, 64, 96)]
        ours += [int(w) for w in philox(*words, np.uint64(key & MASK), np.uint64(key >> 32))]
    assert ours == _other_words(counter, key, 12)


@pytest.mark.parametrize("particles", [1, 20])  # one: along steps; twenty: along particles
def test_normals_over_step_2_to_34_agree_with_another_library(particles):
    """The step group, 64 bits, carries into its upper word; particle and component stay where they are."""
    key, group, particle, component, purpose = 2**63 + 12345, 2**32 - 2, 2**32 - 21, 1, noise.START_VELOCITY
    drawn = normals_at(
        Philox(np.uint64(key)), 4 * group, 16, first_particle=particle, particles=particles, dimension=2,
        purpose=purpose,
    )  # fmt: skip
    for p in {0, particles - 1}:
        words = _other_words(group | (particle + p) << 64 | (component << 8 | purpose) << 96, key, 16)
        pairs = [normal_pair(np.uint64(words[i]), np.uint64(words[i + 1])) for i in range(0, 16, 2)]
        assert drawn[:, 0, p, component].tolist() == np.ravel(pairs).tolist()


def _claims():
    """Purposes in use: the first of each, and how many from there on."""
    most = max(facts.normals for scheme in REGISTRY.values() for facts in scheme.facts.values())
    several = {"STEP": max(most, 1 + MOST_MODES), "START_MEMORY": MOST_MODES, "VISIBLE": 2, "HIDDEN": 2}
    other = {"STEPS_PER_CALL", "MAX_PARTICLES", "MAX_COMPONENTS"}
    names = [name for name in vars(noise) if name.isupper() and not name.startswith("_") and name not in other]
    return [(getattr(noise, name), several.get(name, 1), name) for name in names]


def _overlaps():
    claims = sorted(_claims())
    return [(a[2], b[2]) for a, b in itertools.pairwise(claims) if a[0] + a[1] > b[0]]


def test_no_two_purposes_meet(monkeypatch):
    assert len(_claims()) >= 17
    assert not _overlaps()
    assert max(first + count for first, count, _ in _claims()) <= 2**8
    monkeypatch.setattr(noise, "LEVEL", noise.START_MEMORY + MOST_MODES - 1)
    assert _overlaps() == [("START_MEMORY", "LEVEL")]


@pytest.mark.parametrize("kind", [Philox, PhiloxFloat32])
def test_neighbouring_purposes_are_independent(kind):
    """Every purpose and the next one, of values and of squares; and the same one is found."""
    source, last = kind(np.uint64(0)), max(first + count for first, count, _ in _claims())
    z = normals_at(source, 0, 4, first_particle=0, particles=5000, dimension=1, kinds=last)[..., 0]
    powers = [z, (z * z - 1.0) / math.sqrt(2.0)]
    for x in powers:
        correlations = (x[:, :-1] * x[:, 1:]).mean(axis=(0, 2)) * math.sqrt(4 * 5000)
        assert np.abs(correlations).max() < STANDARD_ERRORS
        assert (x[:, 0] * x[:, 0]).mean() * math.sqrt(4 * 5000) > STANDARD_ERRORS


def test_places_one_bit_apart_are_independent():
    """Every bit of seed, step group and particle."""
    base = {"seed": 0x9E3779B97F4A7C15, "step": 3 * 2**33 + 1232, "first_particle": 2**29 + 98304}

    def block(seed, **place):
        return normals_at(Philox(np.uint64(seed)), place.pop("step"), 8, particles=4096, dimension=1, **place).ravel()

    here = block(**base)
    assert here @ here / math.sqrt(here.size) > STANDARD_ERRORS
    for part, bits in {"seed": range(64), "step": range(3, 62), "first_particle": range(12, 32)}.items():
        for bit in bits:
            there = block(**(base | {part: base[part] ^ (1 << bit)}))
            assert abs(here @ there) / math.sqrt(here.size) < STANDARD_ERRORS, (part, bit)


@pytest.fixture
def tool(monkeypatch):
    """A module of benchmarks/trust."""
    import importlib

    folder = pathlib.Path(__file__).resolve().parent.parent / "benchmarks"
    monkeypatch.syspath_prepend(folder)
    monkeypatch.syspath_prepend(folder / "trust")
    return importlib.import_module


@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_tails_and_moments(tool, kind):
    """As benchmarks/trust/tails.py does with 10^10 draws, here with 2 10^7; normals 0.2 % too large are found."""
    tails = tool("tails")
    source, draws = tails.KINDS[kind][0](np.uint64(1)), 20_000_000
    for scale, passes in ((1.0, True), (1.002, False)):
        sums, counts, extremes = tails.counted(source, draws, scale)
        moments, counted = tails.verdicts(sums, counts, draws)
        assert (max(abs(entry["z"]) for entry in moments + counted) < STANDARD_ERRORS) == passes
        assert 4.9 < min(-extremes[0], extremes[1]) < max(-extremes[0], extremes[1]) < tails.largest_possible(kind)


def test_own_tail_of_the_transform(tool):
    """By its two halves: exact where u is fine enough, and at the far end the one value that is left."""
    tails = tool("tails")
    assert tails.own_tail(5.0, 41) == pytest.approx(norm.sf(5.0), rel=1e-7)
    end = math.sqrt(66.0 * math.log(2.0))
    assert tails.largest_possible("float32") == pytest.approx(end, rel=1e-6)
    assert tails.own_tail(6.7, 32) == pytest.approx(math.acos(6.7 / end) / math.pi * 2.0**-32, rel=1e-12)
    assert tails.surprise(0, 60.0) == pytest.approx(norm.ppf(poisson.cdf(0, 60.0)), rel=1e-9)


def test_streams_are_the_noise_of_a_simulation(tool):
    """In the order that they state; words as a start draws them; u = the leading 24 bits of Phi."""
    streams = tool("streams")
    source = streams.Source("simulation", start=8)
    drawn = normals_at(Philox(np.uint64(0)), 8, 4, first_particle=0, particles=16384, dimension=3)
    assert np.array_equal(source.numbers().reshape(4, 16384, 3), drawn[:, 0])
    words = streams.Source("purposes words").numbers().reshape(4, 1024, 64)
    uniforms = uniforms_at(0, first_particle=0, particles=1024, component=0, purpose=noise.EXCHANGE)
    assert np.array_equal((words[:, :, noise.EXCHANGE].T + 0.5) * 2.0**-32, uniforms)

    x = 1.3 * drawn.ravel()
    u, packed = np.empty(x.size, np.uint32), np.empty(x.size // 4 * 3, np.uint32)
    streams.leading_bits(x, u)
    assert np.abs(u - np.floor(norm.cdf(x) * 2.0**24)).max() <= 1.0  # an edge within 1e-12
    assert np.mean(u != np.floor(norm.cdf(x) * 2.0**24)) < 1e-3
    streams.packed(u, packed)
    first_bits = np.frombuffer(packed.astype(">u4").tobytes(), np.uint8).reshape(-1, 3).astype(np.uint32)
    assert np.array_equal(first_bits @ np.array([2**16, 2**8, 1], np.uint32), u)


def test_weakened_generator_differs_only_in_its_rounds(tool):
    weakened, counter = tool("streams").weakened, [np.uint64(w) for w in (1, 2, 3, 4, 5, 6)]
    assert weakened(10)(*counter) == philox(*counter)
    product = 0xCD9E8D57 * 3
    assert int(weakened(1)(*counter)[0]) == product >> 32 ^ 2 ^ 5

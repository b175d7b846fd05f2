"""Files and formulas that fill memory, never end, or are nonsense: refused in our words, in bounded time and memory.

The thorough form of the last tests is ``python benchmarks/trust/fuzz.py``.
"""

import gzip
import os
import signal
import sys
import zlib

import h5py
import hostile_files
import hostile_formulas
import limits
import numpy as np
import pytest
from hostile import POSITION, claims, copied, describe, replace, whole_files

import brownian as bn
from brownian.description import Undescribed
from brownian.expressions import Expression
from brownian.trajectory import TrajectoryError
from brownian.trajectory import description as plain

corpus = pytest.fixture(scope="module")(whole_files)
file = pytest.fixture(copied)
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs fork and /proc")

# ---- sizes


@pytest.mark.parametrize("shape", [(10**18, 5, 2), (13, 10**18, 2), (10**9, 5, 2)])
@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}])
def test_sizes_that_are_only_claimed(file, shape, options):
    replace(file, POSITION, claims(shape, (13, 5, 2), **options))
    with pytest.raises(TrajectoryError, match=r"sent\.h5md: .*claims the shape .*, more than the file can hold"):
        bn.open(file)


def test_a_compression_bomb(tmp_path):
    path = tmp_path / "sent.h5md"
    with h5py.File(path, "w") as opened:
        position = opened.create_group("particles/all/position")
        bomb = position.create_dataset("value", (2**27, 1, 1), "f4", chunks=(2**26, 1, 1), compression="gzip")
        bomb.id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(2**28)))
        position["step"] = 1
    assert path.stat().st_size < 2**20
    with pytest.raises(TrajectoryError, match="more than the file can hold"):
        bn.open(path)


NONE = "[" * 10**5 + "]" * 10**5, '{"a":' * 900 + "0" + "}" * 900, "NaN", "[]", "9" * 5000, "{", "\udcff"


@pytest.mark.parametrize("text", NONE, ids=range(len(NONE)))
def test_descriptions_that_are_none(file, text):
    bytes_of = f'{{"a": {text}}}'.encode("utf-8", "surrogateescape") if text != "[]" else b"[]"
    replace(
        file, "parameters/description", lambda opened, place: opened.create_dataset(place, data=np.bytes_(bytes_of))
    )
    with pytest.raises(TrajectoryError, match=r"sent\.h5md: .*damaged"):
        bn.open(file)
    with pytest.raises(ValueError, match="description"):
        plain.to_json({"a": "x" * plain.LARGEST})


@pytest.mark.parametrize("change", [
    {"particles": 10**9}, {"dimension": 10**6}, {"particles": -1}, {"dt": "0.1"}, {"seed": []}, {"noise": []},
    {"start": {"arrays": []}}, {"units": {}}, {"first_step": -1}, {"annealing": 3}, {"tempering": {"kT": []}},
    {"dynamics": {"class": "Langevin", "mass": [], "kT": {}}},
    {"potential": {"class": "Sum", "parameters": {"first": 1, "second": []}}},
    {"potential": {"class": "Harmonic", "parameters": {"stiffness": {"empty": [10**18, 0]}}}},
])  # fmt: skip
def test_descriptions_of_no_run(file, change):
    describe(file, lambda data: data.update(change))
    with bn.open(file) as read, pytest.raises(ValueError) as caught:  # noqa: PT011
        read.simulation()
    assert isinstance(caught.value, Undescribed | TrajectoryError)


# ---- nonsense


def _filtered(opened, place):
    packing = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    packing.set_chunk((13, 5, 2))
    packing.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (1,))
    space = h5py.h5s.create_simple((13, 5, 2))
    h5py.h5d.create(opened.id, place.encode(), h5py.h5t.IEEE_F32LE, space, packing)


@pytest.mark.parametrize(("place", "make", "message"), [
    (POSITION, _filtered, "filter that is not installed here, number 32015"),
    (POSITION, claims((13, 5, 2), kind=h5py.ref_dtype), "type"), (POSITION, claims((13, 5, 2), kind="c16"), "type"),
    (POSITION, claims((13, 5, 2), kind=h5py.string_dtype()), "type"), (POSITION, claims((13, 5)), "dimensions"),
    (POSITION, claims((13, 5, 2), kind=[("a", "f4")]), "type"), (POSITION, np.dtype("f4"), ""),
    (POSITION, lambda opened, place: opened.create_dataset(place, data=h5py.Empty("f4")), "dimensions"),
    ("particles/trajectory/position/step", lambda o, p: o.create_dataset(p, data=-np.arange(13)), "steps"),
    ("particles/trajectory/position/time", lambda o, p: o.create_dataset(p, data=[0.0, np.nan]), "times|as they were"),
    ("parameters/description", lambda o, p: o.create_dataset(p, data="{}", dtype=h5py.string_dtype()), "type"),
    ("brownian/checkpoint/state", claims((2, 2, 5, 3), (1, 1, 5, 3), "f8"), "checkpoints"),
])  # fmt: skip
def test_wrong_types_and_shapes(file, place, make, message):
    replace(file, place, make)
    with pytest.raises(TrajectoryError, match=rf"sent\.h5md: .*({message})"):
        bn.open(file)


@pytest.mark.parametrize(
    "value",
    [3, np.zeros(0), np.arange(9000.0), h5py.Empty("f8"), b"\xff\x1b[2J", "a\x1b]0;b\x07", np.array(["a"], "O")],
)
def test_attributes_of_any_kind(file, value):
    with h5py.File(file, "r+") as opened:
        opened[POSITION].attrs["unit"] = value
        opened["particles"].create_group(b"\xff\x1b[2J")
    describe(file, lambda data: data.update({"seed\x1b": "\x1b[2J\ud800\u202e"}))
    with bn.open(file) as read:
        assert len(read) == 13
        text = repr(read)
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("name", ["dcd", "xyz", "gro", "lammpsdump"])
def test_more_particles_than_bytes(corpus, tmp_path, name):
    content = (corpus / f"run.{name}").read_bytes()
    number, large = (
        ((5).to_bytes(4, "little"), (2**30).to_bytes(4, "little")) if name == "dcd" else (b"5\n", b"1073741824\n")
    )
    at = content.index(number, 180 if name == "dcd" else 0)
    path = tmp_path / f"sent.{name}"
    path.write_bytes(content[:at] + large + content[at + len(number) :])
    [(_, outcome, _, megabytes)] = limits.outcomes(lambda _: hostile_files.look(path), [0])
    assert outcome == "refused"
    assert megabytes < 100


def test_packed_text_is_refused(corpus, tmp_path):
    path = tmp_path / "sent.xyz"
    path.write_bytes(gzip.compress((corpus / "run.xyz").read_bytes()))
    with pytest.raises(TrajectoryError, match=r"sent\.xyz: is packed by gzip"):
        bn.open(path)


# ---- at random


@linux
def test_failures_are_seen(monkeypatch):
    """Every way in which an input can fail is told, and the next ones are looked at."""
    monkeypatch.setattr(limits, "SECONDS", 0.3)

    def look(number):
        if number == 2:
            os.kill(os.getpid(), signal.SIGSEGV)
        while number == 3:
            pass
        if number == 4:
            np.ones(2**31)
        return {5: lambda: [][1], 6: lambda: Expression("("), 7: lambda: int("x")}.get(number, lambda: "read")()

    told = {number: outcome for number, outcome, _, _ in limits.outcomes(look, range(9))}
    assert [told[k] for k in (0, 1, 6, 8)] == ["read", "read", "refused", "read"]
    for k, word in ((2, "SIGSEGV"), (3, "too slow"), (4, "MemoryError"), (5, "IndexError"), (7, "ValueError")):
        assert told[k].startswith("FAILED")
        assert word in told[k]


# Inputs on which something was wrong once: kinds and numbers.
AGAIN = {"restructured": [800, 1000, 1100]}


@linux
@pytest.mark.parametrize("kind", hostile_files.WEIGHTS)
def test_broken_files(corpus, tmp_path, kind):
    look = hostile_files.looks(corpus)[kind]
    found = limits.outcomes(look, [*range(1, 150), *AGAIN.get(kind, [])])
    assert not [(number, outcome) for number, outcome, _, _ in found if outcome.startswith("FAILED")]


@linux
@pytest.mark.parametrize("kind", ["pieces", "mutated", "grammar", "large"])
def test_formulas(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("BROWNIAN_CACHE_DIR", str(tmp_path))
    found = limits.outcomes(hostile_formulas.looks()[kind], range(1, 500))
    assert not [(number, outcome) for number, outcome, _, _ in found if outcome.startswith("FAILED")]


def test_another_meaning_of_a_formula_is_found(monkeypatch):
    """Were 2**-x*y read as 2**(-x*y), or the exponent's sign lost, it would be seen."""
    assert hostile_formulas.differs("2**-x*y", 2.0 ** (-0.73 * -1.37), 1.0)
    assert not hostile_formulas.differs("2**-x*y", 2.0**-0.73 * -1.37, 1.0)

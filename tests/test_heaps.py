"""Heaps of texts and sizes of packed chunks: damaged ones make HDF5 loop or crash, so that it must not get there."""

import struct
import subprocess
import sys

import h5py
import numpy as np
import pytest

import brownian as bn
from brownian.trajectory import TrajectoryError, heaps


@pytest.fixture
def path(tmp_path):
    """A file of another program, of the old format, whose unit is a text of varying length."""
    path = tmp_path / "sent.h5md"
    with h5py.File(path, "w") as file:
        position = file.create_group("particles/all/position")
        position["value"], position["step"] = np.arange(30.0).reshape(3, 5, 2), np.arange(3)
        position["value"].attrs["unit"] = "nm"
    return path


def damaged(path, offset, content):
    """Overwrite a part of the heap; offset from its beginning."""
    whole = bytearray(path.read_bytes())
    at = whole.find(heaps.HEAP) + offset
    whole[at : at + len(content)] = content
    path.write_bytes(whole)


def test_heaps_that_are_whole(path):
    with h5py.File(path, "r+") as file:  # one heap after the other, and one larger than others
        for k, length in enumerate((10, 3000, 3000, 50_000, 4064, 4072)):
            file.attrs[f"note {k}"] = "x" * length
        del file.attrs["note 1"]
    assert path.read_bytes().count(heaps.HEAP) > 2
    assert bn.open(path).unit["length"] == "nm"


@pytest.mark.parametrize(
    ("offset", "content"),
    [
        (8, struct.pack("<Q", 100)),  # the heap smaller than any is
        (8, struct.pack("<Q", 2**40)),  # or beyond the file
        (24, struct.pack("<Q", 2**64 - 1)),  # the size of its first object: beyond the heap
        (24, struct.pack("<Q", 80)),  # or on to where no object is
        (40, struct.pack("<HHIQ", 0, 0, 0, 0)),  # what is free, of no size: HDF5 would stay there
    ],
)
def test_heaps_that_lead_nowhere(path, offset, content):
    damaged(path, offset, content)
    with pytest.raises(TrajectoryError, match=r"sent\.h5md: cannot be read, the file is damaged \(heap at \d+\)"):
        bn.open(path)


@pytest.mark.parametrize("end", ["first", "last"])
def test_both_ends_of_a_large_file_are_searched(path, monkeypatch, end):
    damaged(path, 24, struct.pack("<Q", 2**64 - 1))
    whole = path.read_bytes()
    at = whole.find(heaps.HEAP)
    path.write_bytes(whole + bytes(2 * len(whole)) if end == "first" else bytes(2 * len(whole)) + whole)
    monkeypatch.setattr(heaps, "PIECE", at + len(heaps.HEAP) if end == "first" else len(whole) - at)
    with pytest.raises(TrajectoryError, match="heap"):
        heaps.check_heaps(path)


@pytest.mark.parametrize(("size", "offset"), [(0, None), (4, None), (2**31, None), (None, 2**40)])
def test_packed_chunks_that_cannot_be(path, size, offset):
    """In a child: the crash that is asked for would be that of the tests."""
    x = np.random.default_rng(5).normal(size=(12, 5, 3))
    with h5py.File(path, "w") as file:
        position = file.create_group("particles/all/position")
        packed = {"chunks": (4, 5, 3), "compression": "gzip", "shuffle": True, "fletcher32": True}
        value = position.create_dataset("value", data=x, **packed)
        position["step"] = np.arange(12)
        held = value.id.get_chunk_info(1)
    assert np.array_equal(bn.open(path).positions[:], x)
    entry = struct.pack("<IIQQQQQ", held.size, 0, 4, 0, 0, 0, held.byte_offset)
    whole = path.read_bytes()
    assert whole.count(entry) == 1
    changed = struct.pack("<IIQQQQQ", held.size if size is None else size, 0, 4, 0, 0, 0, offset or held.byte_offset)
    path.write_bytes(whole.replace(entry, changed))
    code = f"import brownian as bn; bn.open({str(path)!r}).positions[:]"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1, "it crashed"
    assert "TrajectoryError" in done.stderr
    assert "cannot be read, the file is damaged" in done.stderr

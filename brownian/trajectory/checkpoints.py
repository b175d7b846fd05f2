"""Restart states: two rows that are written in turn, each with a checksum, so that one is always whole.

Row `number % 2` of /brownian/checkpoint/state holds the state, the same row of /brownian/checkpoint/record says to
which step it belongs and how many frames were in the file by then.  A row that a killed writer left half written has
a checksum that does not fit, and the other row counts.
"""

import hashlib
import struct
from typing import NamedTuple

import numpy as np

RECORD = np.dtype([("number", "<i8"), ("step", "<i8"), ("frames", "<i8"), ("digest", "u1", (16,))])


class Checkpoint(NamedTuple):
    """A restart state: its running number from 1, its step, the frames there were, and (S, N, D) float64."""

    number: int
    step: int
    frames: int
    state: np.ndarray


def digest(number, step, frames, state):
    """Return the 16-byte BLAKE2b digest of a row, as uint8."""
    hashed = hashlib.blake2b(struct.pack("<3q", number, step, frames), digest_size=16)
    hashed.update(np.ascontiguousarray(state, "<f8").data.cast("B"))
    return np.frombuffer(hashed.digest(), np.uint8)


def write(handles, checkpoint):
    """Write a checkpoint over the older of the two rows.

    Parameters
    ----------
    handles : layout.Handles
    checkpoint : Checkpoint
    """
    row = checkpoint.number % 2
    # The state first: until its record follows, the digest of the old record disowns the row.
    handles.state[row] = checkpoint.state
    handles.state.flush()
    record = np.zeros((), RECORD)
    record["number"], record["step"], record["frames"] = checkpoint[:3]
    record["digest"] = digest(*checkpoint)
    handles.record[row] = record
    handles.record.flush()


def read(state, record, frames):
    """Yield the valid checkpoints, the newest first.

    Parameters
    ----------
    state, record : h5py.Dataset
    frames : int
        Number of frames that can be read; a checkpoint that speaks of more is not valid.

    Yields
    ------
    Checkpoint
    """
    if state.id.get_storage_size() < state.nbytes // 2:
        return
    rows = sorted(((int(row["number"]), index, row) for index, row in enumerate(record[:])), key=lambda row: -row[0])
    for number, index, row in rows:
        step, there = int(row["step"]), int(row["frames"])
        if number > 0 and number % 2 == index and 0 < there <= frames:
            kept = state[index]
            if np.array_equal(row["digest"], digest(number, step, there, kept)):
                yield Checkpoint(number, step, there, kept)

"""Errors of a writer that the tool is there to catch."""

import os
from types import SimpleNamespace

import h5py
import numpy as np

from brownian.trajectory import checkpoints, file_recorder, layout
from brownian.trajectory.sources import release


def _counter_first():
    def append(self, first, steps, times, *frames):
        datasets = (*self.frames, self.time, self.step)
        for dataset in datasets:
            dataset.resize(first + len(steps), axis=0)
            dataset.flush()
        for dataset, rows in zip(datasets, (*frames, times, steps), strict=True):
            dataset[first:] = rows
            dataset.flush()

    layout.Handles.append = append


def _no_flush():
    flush = h5py.Dataset.flush

    def sometimes(self):
        if not self.name.endswith("step"):
            flush(self)

    h5py.Dataset.flush = sometimes


def _unchecked():
    def write(handles, checkpoint):
        row, record = checkpoint.number % 2, np.zeros((), checkpoints.RECORD)
        record["number"], record["step"], record["frames"] = checkpoint[:3]
        record["digest"] = checkpoints.digest(*checkpoint)
        handles.record[row] = record
        handles.record.flush()
        handles.state[row] = checkpoint.state
        handles.state.flush()

    checkpoints.write = write
    checkpoints.np = SimpleNamespace(**vars(np) | {"array_equal": lambda *_: True})


def _in_place():
    def truncated(source, path, frames):
        source.close()
        release(path)
        with h5py.File(path, "r+", libver=layout.FORMAT, locking=False) as file:
            handles = layout.handles(file)
            for dataset in (*handles.frames, handles.time, handles.step):
                dataset.resize(frames, axis=0)

    file_recorder.rewrite = truncated


def _last_bit():
    resumed = file_recorder.FileRecorder._rewind

    def rewind(self, source, checkpoint):
        state = checkpoint.state.copy()
        state[0, 0, 0] = np.nextafter(state[0, 0, 0], np.inf)
        resumed(self, source, checkpoint._replace(state=state))

    file_recorder.FileRecorder._rewind = rewind


def _replaced_early():
    created = layout.create

    def create(path, *arguments):
        os.replace(path.with_suffix(""), path) if path.with_suffix("").exists() else None
        path.unlink(missing_ok=True)
        return created(path, *arguments)

    layout.create = create


PLANTS = {
    "counter-first": _counter_first,  # the number of frames is committed before the frames are there
    "no-flush": _no_flush,  # only the counter is flushed
    "unchecked": _unchecked,  # a checkpoint says that it is there before it is, and is believed
    "in-place": _in_place,  # a killed file is truncated where it is
    "last-bit": _last_bit,  # a run goes on from a state of which one bit is wrong
    "replaced-early": _replaced_early,  # the old file goes before the new one is there
}

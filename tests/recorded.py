"""Trajectories made of arrays, or of a part of another trajectory; and how well error bars are calibrated."""

import os
import signal

import numpy as np
import pytest

import brownian as bn
from brownian import running
from brownian.trajectory import MemoryRecorder


def interrupted(monkeypatch, simulation, path, *, interrupts=5, steps_each=13, **run):
    """Run into a file until Ctrl-C comes, at the given interrupt of a run that is cut into calls of some steps."""
    done = []

    def stop_soon(self, step, final=False):
        done.append(step)
        if len(done) == interrupts:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(running._Run, "_target", lambda self, step, last: min(last, step + steps_each))
        patch.setattr(running.Progress, "update", stop_soon)
        with pytest.raises(KeyboardInterrupt):
            simulation.run(out=path, **run)


def record(x, dt=0.5, v=None, description=None, steps=None):
    """Return a trajectory in memory with positions x of shape (frames, particles, dimension)."""
    x = np.asarray(x)
    recorder = MemoryRecorder(
        description or {}, particles=x.shape[1], dimension=x.shape[2], velocities=v is not None,
        dtype=np.float64 if x.dtype == np.float64 else np.float32, planned_frames=len(x),
        build=bn.Simulation.from_description,
    )  # fmt: skip
    steps = np.arange(len(x)) if steps is None else np.asarray(steps)
    recorder.append(steps, steps * dt, x, v)
    return recorder.finish()


def part(trajectory, particles, frames=slice(None), change=None):
    """Return some particles and frames of a trajectory, the positions changed."""
    x = np.asarray(trajectory.positions[frames, particles])
    v = None if trajectory.velocities is None else np.asarray(trajectory.velocities[frames, particles])
    dt = float(trajectory.times[1] - trajectory.times[0]) / int(trajectory.steps[1] - trajectory.steps[0])
    x = x if change is None else change(x.astype(float))
    return record(x, dt, v, trajectory.description, trajectory.steps[frames])


def replicas(trajectory, number, particles, stride=None):
    """Return independent small trajectories: the first particles of each ``stride`` particles."""
    stride = stride or particles
    return [part(trajectory, slice(k * stride, k * stride + particles)) for k in range(number)]


def calibrated(z, samples=np.inf):
    """Whether z-scores have mean 0 and the variance of Student's t, within 4 standard errors of both.

    Means of a finite sample and their error are correlated through the skewness of what is averaged (a square, say), so
    the mean of z is allowed a tenth.
    """
    z = np.asarray(z, dtype=float)
    freedom = samples - 1.0
    expected = freedom / (freedom - 2.0) if np.isfinite(freedom) else 1.0
    spread = 2.0 + (6.0 / (freedom - 4.0) if np.isfinite(freedom) else 0.0)
    off = np.abs(z.mean(axis=0)) - 0.1 - 4.0 * np.sqrt(expected / len(z))
    wide = np.abs(z.var(axis=0, ddof=1) / expected - 1.0) - 4.0 * np.sqrt(spread / len(z))
    return bool(np.all(off < 0.0) and np.all(wide < 0.0))

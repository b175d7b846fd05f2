"""The learning loop: gradient, step of the optimiser, notes, checkpoints; it stops where a number is not finite."""

import json
import math
import time

import numpy as np

from ..arguments import a_learner, a_path, an_optimiser, checked
from ..progress import Progress
from ..running import SECONDS_PER_CHECKPOINT, signals
from ..schedule import MOST_STEPS, whole_number
from ..trajectory.destination import destination
from .history import Notebook, checked_path, read_checkpoint, write_checkpoint


class LearningDiverged(FloatingPointError):
    """A gradient, a parameter or a chain ceased to be finite; the message says where, when, and what to do."""


@checked(learner=a_learner, optimiser=an_optimiser, out=a_path)
def train(learner, *, steps, optimiser, out=None, resume=False, overwrite=False, log_every=None, progress=False):
    """Take a learner through learning steps.

    Parameters
    ----------
    learner
        It has ``parameters`` (dict of float64 arrays, replaced at each step), ``gradient(step)`` (for step 0, 1, ...:
        a dict of the gradients to *descend*, by the same names, and a dict of numbers to be noted), ``state()`` and
        ``restore(state)`` (a dict of arrays: all that its next gradient depends on beside the parameters and the
        step), and, optionally, ``describe()`` (a dict for JSON: what must be the same when a file is resumed).
    steps
        Learning steps of the whole run.
    optimiser
        ``Adam(...)`` or ``GradientDescent(...)``.
    out
        Path of a checkpoint, .npz; None keeps none.  It is written every 10 seconds, at the end, and when the run is
        interrupted; always whole.
    resume
        Go on from the file ``out``, to the same bits as a run that was not interrupted.
    overwrite
        Replace the file ``out``.
    log_every
        Note the numbers of every so many steps, and of the last; None: of each.
    progress
        Show progress on stderr.

    Returns
    -------
    History
        What was noted, with the norm of the gradient as "gradient".  The parameters are in the learner.

    Raises
    ------
    LearningDiverged
        where a gradient, a parameter or a noted number is not finite.
    """
    steps = whole_number("steps", steps, 1)
    log_every = 1 if log_every is None else whole_number("log_every", log_every, 1)
    if steps >= MOST_STEPS:
        raise ValueError(f"steps = {steps}, but steps must stay below 2**53")
    path = destination(out, resume, overwrite, checked_path)
    description = _describe(learner, optimiser, steps)
    if resume:
        first, memory, notebook = _resumed(learner, path, description, steps)
    else:
        first, memory, notebook = 0, optimiser.start(learner.parameters), Notebook()

    def save(step):
        groups = {"parameters": learner.parameters, "memory": memory, "state": learner.state()}
        write_checkpoint(path, description, step, groups, notebook.history())

    report, saved_at = Progress(steps, "goes on with the file" if resume else "", progress), time.monotonic()
    report.begin(first)
    with signals() as stop:
        for step in range(first, steps):
            gradient, numbers = learner.gradient(step)
            _check(learner, gradient, numbers, step, optimiser)
            parameters, memory = optimiser.move(learner.parameters, gradient, memory, step, steps)
            _finite("parameter", parameters, step, optimiser)
            learner.parameters = parameters
            if (step + 1) % log_every == 0 or step + 1 == steps:
                norm = math.sqrt(sum(float(np.sum(g * g)) for g in gradient.values()))
                notebook.note(step + 1, {name: float(x) for name, x in numbers.items()} | {"gradient": norm})
            report.update(step + 1, final=step + 1 == steps)
            due = step + 1 == steps or stop.signal is not None
            if path is not None and (due or time.monotonic() - saved_at > SECONDS_PER_CHECKPOINT):
                save(step + 1)
                saved_at = time.monotonic()
            stop.obey()  # after the last step too
    return notebook.history()


def _describe(learner, optimiser, steps):
    description = {"optimiser": repr(optimiser), "learner": learner.describe() if hasattr(learner, "describe") else {}}
    if optimiser.final_rate is not None:  # the rate of a step then depends on how many there will be
        description["steps"] = steps
    return json.loads(json.dumps(description))


def _resumed(learner, path, description, steps):
    first, groups, history = read_checkpoint(path, description)
    if first > steps:
        raise ValueError(f"{path} is at step {first}, beyond the {steps} steps asked for")
    shapes = {name: value.shape for name, value in learner.parameters.items()}
    if {name: value.shape for name, value in groups["parameters"].items()} != shapes:
        raise ValueError(f"{path} holds parameters of other names or shapes than {shapes}")
    learner.parameters = groups["parameters"]
    learner.restore(groups["state"])
    return first, groups["memory"], Notebook(history)


def _check(learner, gradient, numbers, step, optimiser):
    if set(gradient) != set(learner.parameters):
        raise ValueError(f"gradient of {sorted(gradient)}, but of {sorted(learner.parameters)} is needed")
    for name, value in learner.parameters.items():
        if np.shape(gradient[name]) != value.shape:
            raise ValueError(f"gradient of {name} of shape {np.shape(gradient[name])}, but {value.shape} is needed")
    _finite("gradient of", gradient, step, optimiser)
    _finite("noted number", numbers, step, optimiser)


def _finite(what, values, step, optimiser):
    for name, value in values.items():
        bad = np.argwhere(~np.isfinite(value))
        if len(bad):
            place = f"[{', '.join(map(str, bad[0]))}]" if bad.shape[1] else ""
            raise LearningDiverged(
                f"{what} {name}{place} is {np.asarray(value)[tuple(bad[0])]} in learning step {step + 1} ({len(bad)} "
                f"of {np.size(value)} are not finite): learn more slowly, e.g. rate = {optimiser.rate / 10.0:.3g} in "
                f"place of {optimiser.rate:.3g}, and, with chains, take a shorter step tau or more sweeps"
            )

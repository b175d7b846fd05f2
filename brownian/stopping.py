"""A simulation's stop condition: checked, compiled, and none met at the start."""

import numpy as np

from .potentials.definition import depends_on_time
from .stops import StopCondition
from .stops.kernels import NoStop


def stopping_for(simulation):
    """The value that the compiled loop stops particles by."""
    stop = simulation.stop
    if stop is None:
        return NoStop()
    if not isinstance(stop, StopCondition):
        raise TypeError(
            f"stop = {stop!r}, but a stop condition is needed: LeaveInterval, CrossLevel, EnterBall or EnterBox"
        )
    if simulation.bookkeeping and depends_on_time(simulation.potential):
        raise ValueError(
            "bookkeeping and stop together need a potential that does not depend on time: the parameters would go on doing "
            "work on particles at rest"
        )
    return stop.compiled(simulation)


def refuse_stopped(simulation, state):
    """Raise where a particle meets the condition before it has moved."""
    if simulation.stop is None:
        return
    met = np.flatnonzero(simulation.stop.met_at(state[0]))
    if met.size:
        k = int(met[0])
        raise ValueError(
            f"stop = {simulation.stop}: {met.size} of {simulation.particles} particles meet it at the start, e.g. particle "
            f"{simulation.first_particle + k} at x = {state[0, k].tolist()}"
        )

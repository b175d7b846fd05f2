"""Arrays in memory as the place where a trajectory's frames come from."""


class MemorySource:
    """Steps, times, positions and more, as `FileSource` has them."""

    path, complete, ours, box = None, True, False, None

    def __init__(self, steps, times, positions, velocities, unit, description, kept, tallies=None, columns=()):
        self.steps, self.times = fixed(steps), fixed(times)
        self.positions, self.velocities = fixed(positions), None if velocities is None else fixed(velocities)
        self.tallies, self.columns = None if tallies is None else fixed(tallies), tuple(columns)
        self.unit, self.description, self._kept = unit, description, kept
        self.frames = len(steps)

    def checkpoints(self):
        """Return the checkpoints, the newest first."""
        return list(self._kept)

    def close(self):
        """Do nothing: there is nothing open."""


def fixed(array):
    """A view that nobody can write to."""
    array = array.view()
    array.flags.writeable = False
    return array

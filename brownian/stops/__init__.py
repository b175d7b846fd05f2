"""When a particle stops: crossing a level, leaving an interval, entering a region."""

from .conditions import CrossLevel, EnterBall, EnterBox, LeaveInterval, StopCondition

__all__ = ["CrossLevel", "EnterBall", "EnterBox", "LeaveInterval", "StopCondition"]

"""The description of a run: a dict that survives JSON, so that nothing in a file is ever unpickled."""

import json
import reprlib
from contextlib import contextmanager

import numpy as np

from ..description import Undescribed
from ..outside import printable
from .errors import TrajectoryError

ABSENT = "(absent)"
MADE = "made"
LARGEST, DEEPEST = 2**26, 200  # bytes; lists and dicts within each other


def _plain(value):
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} of type {type(value).__name__}")


def to_json(description):
    """JSON text of a description (numbers of NumPy become plain ones, tuples become lists).

    Parameters
    ----------
    description : dict

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If a value is no string, finite number, boolean, None, list or dict.
    """
    if not isinstance(description, dict):
        raise ValueError(f"description must be a dict, not {type(description).__name__}")
    try:
        text = json.dumps(description, allow_nan=False, default=_plain)
        from_json(text)  # what is written must be readable: neither too long nor too deep
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"description must hold only dicts, lists, strings, finite numbers, booleans and None: {error}"
        ) from error


def from_json(text):
    """Read a description back.

    Parameters
    ----------
    text : str or bytes

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If the text is no JSON object, or is nested too deeply.
    """
    if len(text) > LARGEST:
        raise ValueError(f"{len(text)} bytes, {LARGEST} are allowed")
    try:
        description = json.loads(text, parse_constant=_refused)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(description, dict):
        raise ValueError(f"a JSON object was expected, not {reprlib.repr(description)}")
    level: list = [description]
    for _ in range(DEEPEST):
        inner = [list(one.values()) if isinstance(one, dict) else one for one in level]
        level = [value for values in inner for value in values if isinstance(value, dict | list)]
    if level:
        raise ValueError(f"nested too deeply, {DEEPEST} levels are allowed")
    return description


@contextmanager
def following(name, path, given=False):
    """Say which file it is whose description cannot be followed; with `given`, errors may come from what was given."""
    try:
        yield
    except (TrajectoryError, Undescribed):
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        if given and isinstance(error, ValueError | TypeError):
            raise
        why = printable(f"{type(error).__name__}: {error}")[:500]
        raise TrajectoryError(f"{name}: what it says of its run cannot be followed ({why})", path) from error


def word_on_start(description):
    """What a run said of its start; "" where it said nothing."""
    made = description.get("made")
    return str(made.get("start", "")) if isinstance(made, dict) else ""


def _refused(word):
    raise ValueError(f"{word} is no number")


def _compare(stored, given, key, found):
    if isinstance(stored, dict) and isinstance(given, dict):
        for name in [*stored, *(name for name in given if name not in stored)]:
            _compare(stored.get(name, ABSENT), given.get(name, ABSENT), f"{key}.{name}" if key else name, found)
    elif isinstance(stored, list) and isinstance(given, list) and len(stored) == len(given):
        for i, pair in enumerate(zip(stored, given, strict=True)):
            _compare(*pair, f"{key}[{i}]", found)
    elif stored != given:
        found[key] = (stored, given)


def differences(stored, given):
    """All keys in which two descriptions differ, without what says only who made them when and where ("made").

    Parameters
    ----------
    stored, given : dict
        Both as they come out of JSON.

    Returns
    -------
    dict
        Dotted key to (stored value, given value).

    Examples
    --------
    >>> differences({"dt": 0.1, "seed": 7, "made": 1}, {"dt": 0.2, "seed": 7})
    {'dt': (0.1, 0.2)}
    """
    found: dict[str, tuple] = {}
    _compare(
        {name: value for name, value in stored.items() if name != MADE},
        {name: value for name, value in given.items() if name != MADE},
        "",
        found,
    )
    return found


def summary(description, lines=8, width=96):
    """Return the first entries of a description as short lines, for printing; of the others, the names.

    Parameters
    ----------
    description : dict
    lines, width : int
        At most so many lines of so many characters.

    Returns
    -------
    list of str
    """
    text = [f"{name}: {value if isinstance(value, str) else json.dumps(value)}" for name, value in description.items()]
    if len(text) > lines:
        text[lines - 1 :] = [f"also: {', '.join(list(description)[lines - 1 :])}"]
    text = [printable(line[: 2 * width]) for line in text]
    return [line if len(line) <= width else line[: width - 3] + "..." for line in text]


def provenance(description):
    """By what, with what, where and when a file says that it was made, in two lines; nothing in it is trusted."""

    def told(parts, name):
        return parts.get(name) if isinstance(parts, dict) else None

    def word(value):
        return "?" if value is None else printable(str(value))

    made = told(description, MADE)
    version = word(told(told(made, "versions"), "brownian"))
    command, machine, date = (word(told(made, name)) for name in ("command", "machine", "date"))
    return f"made by: {command}\n         brownian {version}, {machine}, {date}"


def again(trajectory, file):
    """How the run of a file is made again, or why that takes more than the file; its length where the file says it."""
    try:
        trajectory.simulation()
    except (ValueError, TypeError) as error:
        return f"not from the file alone: {error}"
    steps, frames, dt = (trajectory.description.get(name) for name in ("steps", "frames", "dt"))
    every = frames.get("every") if isinstance(frames, dict) else None
    length = "..."
    if isinstance(steps, int) and isinstance(every, int) and isinstance(dt, float):
        length = f"steps={steps}, every={every * dt:.12g}"
    return f"brownian.open({str(file)!r}).simulation().run({length})"

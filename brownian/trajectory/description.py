"""The description of a run: a dict that survives JSON, so that nothing in a file is ever unpickled."""

import json
import reprlib

import numpy as np

ABSENT = "(absent)"
MADE = "made"


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
        return json.dumps(description, allow_nan=False, default=_plain)
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
    try:
        description = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(description, dict):
        raise ValueError(f"a JSON object was expected, not {reprlib.repr(description)}")
    return description


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
    """Return the first entries of a description as short lines, for printing.

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
    text = [line if len(line) <= width else line[: width - 3] + "..." for line in text]
    return text if len(text) <= lines else [*text[: lines - 1], f"... and {len(text) - lines + 1} more"]

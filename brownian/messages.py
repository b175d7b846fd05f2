"""What a user of the command line reads where something is wrong: our own words, one line, no traceback."""

import os
import pathlib
import traceback

from .outside import is_ours

REFUSALS = ValueError, TypeError, OSError, LookupError  # what was given is wrong; anything else: the run failed
LONGEST = 2000  # characters of a message


def warning(message, category, filename, lineno, line=None):
    """A warning as it is printed: who said it, or where it is from if it is not meant for the user."""
    where = "" if issubclass(category, UserWarning) else f"{category.__name__}: "
    return f"brownian: {where}{message}{f' ({filename}, line {lineno})' if where else ''}\n"


def message(error, scenario=None):
    """What is wrong, on a line or some, however long the value is that was given."""
    text = _message(error, scenario)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... (--debug shows more)"


def _message(error, scenario):
    """What is wrong, in our own words; with the kind of error and its place where the words are somebody else's."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if scenario and os.path.abspath(scenario) == frame.filename]
    place, ours = theirs[-1] if theirs else frames[-1], is_ours(frames[-1].filename)
    if ours and isinstance(error, (*REFUSALS, ArithmeticError)) and not isinstance(error, LookupError):
        return f"{str(error) or type(error).__name__}{f' ({_where(place)})' * bool(theirs)}"
    text = next((line for line in str(error).splitlines() if line.strip()), "")
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return f"{type(error).__name__}{': ' * bool(text)}{text} ({_where(place)}; --debug shows more)"


def _where(frame):
    return f"{pathlib.Path(frame.filename).name}, line {frame.lineno}"

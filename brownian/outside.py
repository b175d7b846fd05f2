"""What is outside of the package: the user's own lines, and texts that somebody sent."""

import os
import pathlib
import sys
import warnings

HERE = f"{pathlib.Path(__file__).parent}{os.sep}"


def is_ours(filename):
    """Whether a file is one of this package."""
    return filename.startswith(HERE)


def warn(text, category=UserWarning):
    """Issue a warning at the innermost line that does not belong to this package."""
    frame, depth = sys._getframe(1), 2
    while frame is not None and is_ours(frame.f_code.co_filename):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(text, category, stacklevel=depth)


def printable(text):
    r"""Return a text of somebody else's that does nothing to a terminal: what is not printable is written out.

    Examples
    --------
    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)

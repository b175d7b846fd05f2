"""Warnings that point at the line of the user's own which led to them."""

import pathlib
import sys
import warnings

HERE = str(pathlib.Path(__file__).parent)


def warn(text, category=UserWarning):
    """Issue a warning at the innermost line that does not belong to this package."""
    frame, depth = sys._getframe(1), 2
    while frame is not None and frame.f_code.co_filename.startswith(HERE):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(text, category, stacklevel=depth)

"""What a job measured, as plain data: a row for each quantity."""

from .values import real


def quantities_of(returned):
    """Rows of what a function or scenario returned.

    Parameters
    ----------
    returned
        A number; something with ``value`` and ``error`` (an ``Estimate``); something with ``measured``, ``expected``
        and ``standard_error`` (a ``Check``); a dictionary of such by name; or something with ``checks`` (a ``Result``).

    Returns
    -------
    list of dict
        name, value, error (None: not known), expected (None: not known), unit, agrees.

    Raises
    ------
    TypeError
        For anything else.
    ValueError
        For numbers that are not finite, and for nothing measured at all.

    Examples
    --------
    >>> from brownian.sweeps.quantities import quantities_of
    >>> quantities_of({"D": 1.3})
    [{'name': 'D', 'value': 1.3, 'error': None, 'expected': None, 'unit': '', 'agrees': True}]
    """
    if hasattr(returned, "checks"):
        rows = [_row(check.name, check) for check in returned.checks]
    elif isinstance(returned, dict):
        rows = [_row(str(name), value) for name, value in returned.items()]
    else:
        rows = [_row(getattr(returned, "name", "value"), returned)]
    if not rows:
        raise ValueError("nothing was measured: return a number, a dictionary of numbers, an Estimate or a Result")
    return rows


def _row(name, value):
    if hasattr(value, "measured"):
        return {
            "name": name,
            "value": real(name, value.measured),
            "error": real(f"standard error of {name}", value.standard_error),
            "expected": real(f"expectation of {name}", value.expected),
            "unit": value.unit,
            "agrees": bool(value.agrees),
        }
    error = None
    if hasattr(value, "value") and hasattr(value, "error"):
        value, error = value.value, real(f"error of {name}", value.error)
    return {"name": name, "value": real(name, value), "error": error, "expected": None, "unit": "", "agrees": True}

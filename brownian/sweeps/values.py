"""Values of parameters: from text, of the type of the default, and as the one text that names and seeds are made of."""

import ast
import json
import math
import numbers


def kind_of(default):
    """What turns the text of an option into a value: by the type of its default.

    Examples
    --------
    >>> from brownian.sweeps.values import kind_of
    >>> kind_of(7)("1e6"), kind_of(0.7)("2"), kind_of("x")("2"), kind_of(None)("[1, 2]")
    (1000000, 2.0, '2', [1, 2])
    """
    if isinstance(default, bool):
        return _truth
    if isinstance(default, int):
        return _whole
    return type(default) if isinstance(default, float | str) else _literal


def _truth(text):
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _whole(text):
    number = float(text)  # 1e6 is a whole number too
    if text.lstrip("+-").isdigit():
        return int(text)
    if not math.isfinite(number) or number != int(number):
        raise ValueError(text)
    return int(number)


def _literal(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def values_of(text, default):
    """The values of ``0.1,1,10``, of the type of the default.

    Examples
    --------
    >>> from brownian.sweeps.values import values_of
    >>> values_of("0.1,1,10", 0.7), values_of("[1,2],[3,4]", None)
    ([0.1, 1.0, 10.0], [[1, 2], [3, 4]])
    """
    kind = kind_of(default)
    if kind is _literal:
        several = _literal(f"[{text}]")
        if isinstance(several, list):
            return several
    return [kind(part) for part in text.split(",")]


def typed(name, value, default):
    """The value as it is kept: plain data, of the type of the default where that is a number.

    Raises
    ------
    TypeError
        For what is no number, text, None or sequence of such.
    ValueError
        For what is not finite, or no whole number where the default is one.
    """
    if isinstance(value, list | tuple):
        return type(value)(typed(name, part, None) for part in value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if value is None or isinstance(value, bool | str):
        return value
    if not isinstance(value, int | float):
        raise TypeError(f"{name} = {value!r}, but a number, text, None or a list of such is needed")
    if not math.isfinite(value):
        raise ValueError(f"{name} = {value!r}, but it must be finite")
    if isinstance(default, float):
        return float(value)
    if isinstance(default, int) and not isinstance(default, bool) and isinstance(value, float):
        if value != int(value):
            raise ValueError(f"{name} = {value!r}, but a whole number is needed (the default is {default!r})")
        return int(value)
    return value


def canonical(data):
    """Plain data as one text: keys in order, no spaces, numbers as Python writes them.

    Examples
    --------
    >>> from brownian.sweeps.values import canonical
    >>> canonical({"kT": 0.9, "friction": (0.1, 2)})
    '{"friction":[0.1,2],"kT":0.9}'
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def real(name, value):
    """A finite float; ValueError or TypeError that names what was measured otherwise."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if not isinstance(value, numbers.Real):
        raise TypeError(f"{name} = {value!r}, but a number is needed")
    if not math.isfinite(value):
        raise ValueError(f"{name} = {value!r}, but it must be finite")
    return float(value)

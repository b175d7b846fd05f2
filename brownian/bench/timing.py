"""Timing on a machine that others use too: in turns, many times, and compared pair by pair."""

import time

import numpy as np


def seconds(function):
    """Wall-clock time of one call."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def in_turns(functions, rounds, between=lambda: None):
    """Time functions in turns: each once per round, the round's order turned by one each time.

    Parameters
    ----------
    functions
        Name to function without arguments; each is called once before, untimed.
    rounds
        Number of rounds.
    between
        Called after each of them, untimed: to remove files.

    Returns
    -------
    dict
        Name to array of seconds, one per round; what has the same index ran within one round.
    """
    names = list(functions)
    taken = {name: np.empty(rounds) for name in names}
    for function in functions.values():
        function()
        between()
    for k in range(rounds):
        turn = k % len(names)
        for name in names[turn:] + names[:turn]:
            taken[name][k] = seconds(functions[name])
            between()
    return taken


def ratio(numerator, denominator):
    """Median of the ratios within a round, and their quartiles."""
    low, median, high = np.percentile(numerator / denominator, [25, 50, 75])
    return {"median": float(median), "quartiles": [float(low), float(high)]}

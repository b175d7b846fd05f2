"""Draws of Markov chains handed to ArviZ, which has the plots and the comparison of models."""

import operator

import numpy as np

from ..arguments import checked, draws_or_trajectory, index, plain_data
from ..version import __version__


@checked(trajectory=draws_or_trajectory, discard=index, sample_stats=plain_data)
def to_arviz(trajectory, names=None, discard=0, *, sample_stats=None):
    """Draws as the tree of labelled arrays that ArviZ reads: chains are particles, draws are frames.

    Parameters
    ----------
    trajectory : Trajectory, or array_like of shape (draws, chains, dimension) or (draws, chains)
        Of a trajectory the positions [L]; a file's are read into memory.
    names : sequence of str, optional
        One variable per component; by default one variable "x" with all of them.
    discard : int
        Frames before the stationary state, left out; 0 <= discard < draws.
    sample_stats : dict, optional
        What is known of each draw, name -> array of shape (draws, chains), all frames (energy, acceptance, ...).

    Returns
    -------
    xarray.DataTree
        Group ``posterior``: x with dimensions (chain, draw, component), or the named variables with (chain, draw);
        group ``sample_stats`` where there are any.  ``draw`` is labelled by the number of the frame.  ArviZ from 1.0 on
        takes it as it is, earlier ones as ``arviz.InferenceData.from_datatree(tree)``.

    Raises
    ------
    ImportError
        Without the package arviz-base.
    ValueError
        For other shapes, a number of names that is not the dimension, or nothing left after ``discard``.

    Notes
    -----
    Source: the InferenceData schema of R. Kumar et al., J. Open Source Softw. 4, 1143 (2019).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.arviz import to_arviz
    >>> tree = to_arviz(np.random.default_rng(7).normal(size=(100, 4, 2)), discard=20)
    >>> dict(tree["posterior"].sizes)
    {'chain': 4, 'draw': 80, 'component': 2}
    """
    try:
        from arviz_base import from_dict
    except ImportError as error:
        raise ImportError("to_arviz needs arviz-base: pip install 'brownian-langevin[arviz]'") from error

    draws = trajectory.positions if hasattr(trajectory, "positions") else np.asarray(trajectory)
    shape = np.shape(draws)
    if len(shape) not in (2, 3) or 0 in shape:
        raise ValueError(f"draws of shape {shape}, but (draws, chains, dimension) or (draws, chains) is needed")
    discard = operator.index(discard)
    if not 0 <= discard < shape[0]:
        raise ValueError(f"discard = {discard}, but 0 <= discard < {shape[0]}, the number of draws, is needed")
    groups = {"posterior": _variables(np.asarray(draws[discard:]), names)}
    if sample_stats:
        groups["sample_stats"] = {
            name: _stat(name, stat, shape[:2])[:, discard:] for name, stat in sample_stats.items()
        }
    about = {"inference_library": "brownian-langevin", "inference_library_version": __version__}
    return from_dict(
        groups,
        coords={"draw": np.arange(discard, shape[0])},
        dims={"x": ["component"]} if names is None and len(shape) == 3 else None,
        check_conventions=False,  # it takes more chains than draws for a mistake
        attrs=dict.fromkeys(groups, about),
    )


def _variables(draws, names):
    """The variables by name, chains first."""
    values = np.swapaxes(draws, 0, 1)
    if names is None:
        return {"x": values}
    names, dimension = list(names), values.shape[2] if values.ndim == 3 else 1
    if len(names) != dimension or len(set(names)) != dimension:
        raise ValueError(f"names = {names!r}, but {dimension} different ones are needed, one per component")
    return {name: values.reshape(*values.shape[:2], dimension)[..., k] for k, name in enumerate(names)}


def _stat(name, values, shape):
    """Numbers of each draw, chains first."""
    values = np.asarray(values)
    if values.shape != shape:
        raise ValueError(f"sample_stats[{name!r}] has shape {values.shape}, but {shape} (draws, chains) is needed")
    return values.T

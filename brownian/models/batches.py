"""Many points at once: energies, forces and gradients in the parameters, in blocks that threads share.

A batch is cut into blocks of ``LANES`` points and these into at most ``PIECES`` pieces, whatever the number of threads;
each piece adds up a gradient of its own, and the pieces are added in order.  So threads change no bit.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..arguments import a_model, checked, values
from ..caching import compiled_for
from ..potentials.potential import add_energy, add_force
from ..schedule import whole_number
from .definition import add_gradient

LANES, PIECES = 64, 16


def run_forces(first, last, model, x, u, f):
    """Energies and forces of blocks [first, last)."""
    for block in range(first, last):
        add_energy(model, x[block], 0.0, u[block])
        add_force(model, x[block], 0.0, f[block])


def run_gradient(first, last, model, x, v, w, jet, out):
    """The jets of blocks [first, last), and the sum of their gradients."""
    for block in range(first, last):
        add_gradient(model, x[block], v[block], w[block], jet[block], out)


def _blocks(rows, fill):
    """(n, d) as (blocks, d, LANES): blocks of lanes; the last is filled up with ``fill``, or with the last point."""
    number = -(-len(rows) // LANES)
    padded = np.empty((number * LANES, rows.shape[1]))
    padded[: len(rows)] = rows
    padded[len(rows) :] = rows[-1:] if fill is None else fill
    return np.ascontiguousarray(padded.reshape(number, LANES, -1).transpose(0, 2, 1))


def _rows(blocks, number):
    return blocks.transpose(0, 2, 1).reshape(-1, blocks.shape[1])[:number]


def _shared(run, blocks, pool):
    """Call run(k, first, last) for each piece k of the blocks."""
    edges = np.linspace(0, blocks, min(PIECES, blocks) + 1).astype(int)
    pieces = [(k, int(edges[k]), int(edges[k + 1])) for k in range(len(edges) - 1)]
    if pool is None:
        for piece in pieces:
            run(*piece)
        return
    for future in [pool.submit(run, *piece) for piece in pieces]:
        future.result()


class Batches:
    """Evaluates one class of model, with threads of its own.

    Parameters
    ----------
    model
        Any of the class.
    threads
        Number of threads.
    """

    def __init__(self, model, threads=1):
        """Compile (or load) when first asked."""
        self._forces, self._gradient = compiled_for(run_forces, model), compiled_for(run_gradient, model)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="brownian") if threads > 1 else None

    def energies_and_forces(self, model, x):
        """U and F at x of shape (n, dimension): shapes (n,) and (n, dimension)."""
        blocks = _blocks(x, None)
        u, f = np.zeros((len(blocks), LANES)), np.zeros(blocks.shape)
        _shared(lambda k, a, b: self._forces(a, b, model, blocks, u, f), len(blocks), self._pool)
        return u.ravel()[: len(x)], _rows(f, len(x))

    def gradient(self, model, x, w, v=None):
        """(gradient, jets): of sum_i sum_k w[i, k] u_k(x_i; v_i) in the parameters, and the u_k themselves.

        x, v: (n, dimension); w: (n, orders); the gradient is a dict like ``model.parameters()``, the jets (n, orders).
        """
        blocks, weights = _blocks(x, None), _blocks(w, 0.0)
        directions = blocks if v is None else _blocks(v, 0.0)
        parameters, jet = model.parameters(), np.zeros(weights.shape)
        sizes = [value.size for value in parameters.values()]
        out = np.zeros((min(PIECES, len(blocks)), sum(sizes)))
        _shared(
            lambda k, a, b: self._gradient(a, b, model, blocks, directions, weights, jet, out[k]),
            len(blocks),
            self._pool,
        )
        total = out[0].copy()
        for k in range(1, len(out)):
            total += out[k]
        parts = np.split(total, np.cumsum(sizes)[:-1])
        named = {name: part.reshape(np.shape(parameters[name])) for name, part in zip(parameters, parts, strict=True)}
        return named, _rows(jet, len(x))

    def close(self):
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


@checked(model=a_model, x=values, weights=values)
def parameter_gradient(model, x, weights=None, threads=1):
    """Gradient of the mean energy in the parameters, <dU/dtheta>, over points x.

    Parameters
    ----------
    model
        An energy model.
    x
        Points [L], shape (points, dimension), or (points,) in one dimension.
    weights
        sum_i w_i dU(x_i)/dtheta in place of the mean, shape (points,).
    threads
        Number of threads; it changes no bit.

    Returns
    -------
    dict
        Arrays like ``model.parameters()``.

    Examples
    --------
    >>> from brownian.models import PolynomialEnergy, parameter_gradient
    >>> model = PolynomialEnergy.up_to(degree=4, dimension=1)
    >>> parameter_gradient(model, [1.0, 2.0])["coefficients"]                       # <x>, <x^2>, <x^3>
    array([1.5, 2.5, 4.5])
    """
    x = np.asarray(x, dtype=np.float64)
    x = x[:, np.newaxis] if x.ndim == 1 else x
    if x.ndim != 2 or x.size == 0 or x.shape[1] != model.dimension:
        raise ValueError(f"x of shape {x.shape}, but (points, dimension) = (n, {model.dimension}) is needed")
    weights = np.full(len(x), 1.0 / len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weights.shape != (len(x),):
        raise ValueError(f"weights of shape {weights.shape}, but ({len(x)},) is needed")
    batches = Batches(model, whole_number("threads", threads, 1))
    try:
        return batches.gradient(model, x, weights[:, np.newaxis])[0]
    finally:
        batches.close()

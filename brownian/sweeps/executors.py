"""Executors of others: Dask's, or any that keeps to ``concurrent.futures``."""

import contextlib
from concurrent.futures import BrokenExecutor, CancelledError

from .processes import stream
from .records import failure

AT_ONCE = 10_000  # jobs given to an executor before the first ends: more than any cluster has workers


class Elsewhere:
    """An executor that is not ours to start again."""

    def __init__(self, executor):
        self.executor = executor

    def outcomes(self, jobs):
        """Yield (job, record) as jobs end.

        Raises
        ------
        RuntimeError
            If the executor breaks or gives jobs back.
        """
        left = len(jobs)
        for job, future in stream(self.executor, jobs, AT_ONCE):
            if future.cancelled():
                raise RuntimeError(f"the executor gave back {job}")
            error = future.exception()
            if isinstance(error, BrokenExecutor | CancelledError):
                raise RuntimeError(f"the executor broke at {job}: {error}") from error
            left -= 1
            yield job, future.result() if error is None else failure(job, type(error).__name__, str(error))
        if left:
            raise RuntimeError(f"the executor broke, and takes no more jobs; {left:,} are left")


@contextlib.contextmanager
def dask(address):
    """The executor of a Dask cluster.

    Parameters
    ----------
    address
        Of its scheduler, e.g. ``"tcp://127.0.0.1:8786"``.

    Raises
    ------
    ModuleNotFoundError
        Without the package distributed.
    OSError
        If no scheduler answers there.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"a sweep on a Dask cluster needs {error.name}: pip install 'brownian-langevin[distributed]'",
            name=error.name,
        ) from error
    with Client(address, timeout=10) as client:
        yield client.get_executor(pure=False)

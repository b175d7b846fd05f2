"""Our own package.  Forms: float64, float32 (the noise; the state is float64); for W2 "GJF float64" and so on."""

import worker

workload, form, threads = worker.arguments()

from brownian.bench.workloads import moving, simulation  # noqa: E402  the number of threads is set before

*scheme, noise = form.split()
advance = moving(simulation(" ".join([workload, *scheme]), noise=noise), threads)
worker.serve(advance, lambda: (advance.engine.unload()[0] ** 2).mean(), ["brownian-langevin", "numba", "numpy"])

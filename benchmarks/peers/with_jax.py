"""JAX on the processor: one jitted loop over steps, state and noise as flat arrays.  Forms: float32, float64."""

import worker

workload, form, threads = worker.arguments()
import jax  # noqa: E402  the number of threads is set before
import jax.numpy as jnp  # noqa: E402

jax.config.update("jax_enable_x64", form == "float64")
n, kind = worker.PARTICLES[workload], jnp.dtype(form)
half = worker.DT / 2.0


def normals(key, like):
    """New normals."""
    return jax.random.normal(key, like.shape, kind)


def trap(key, state):
    """Euler-Maruyama."""
    (x,) = state
    return (x - worker.DT * x + worker.SPREAD * normals(key, x),)


def baoab(key, state):
    """BAOAB."""
    x, v = state
    v = v - half * x
    x = x + half * v
    v = worker.DECAY * v + worker.KICK * normals(key, x)
    x = x + half * v
    return x, v - half * x


def double_well(key, state):
    """Euler-Maruyama."""
    (x,) = state
    return (x - 4.0 * worker.DT * x * (x * x - 1.0) + worker.SPREAD * normals(key, x),)


def gaussians(key, state):
    """Euler-Maruyama; x and y one after the other in one array, the sum over centres written out."""
    (both,) = state
    x, y = both[:n], both[n:]
    narrow = 1.0 / worker.SIGMA**2
    exponents = [(a * x + b * y - 0.5 * (a * a + b * b)) * narrow for a, b in worker.MEANS]
    top = exponents[0]
    for exponent in exponents[1:]:
        top = jnp.maximum(top, exponent)
    weights = [jnp.exp(exponent - top) for exponent in exponents]
    total = sum(weights)
    pull = [sum(w * mean[d] for w, mean in zip(weights, worker.MEANS, strict=True)) / total for d in range(2)]
    drift = jnp.concatenate([pull[0] - x, pull[1] - y])
    return (both + worker.DT * narrow * drift + worker.SPREAD * normals(key, both),)


step = {"W1": trap, "W2": baoab, "W3": double_well, "W4": gaussians}[workload]


@jax.jit
def loop(key, state, steps):
    """Many steps, with one key each."""

    def body(_, carried):
        key, state = carried
        key, now = jax.random.split(key)
        return key, step(now, state)

    return jax.lax.fori_loop(0, steps, body, (key, state))


start = {
    "W1": (jax.random.normal(jax.random.key(2), 3 * n, kind),),
    "W2": tuple(jax.random.normal(jax.random.key(2), (2, 3 * n), kind)),
    "W3": (jnp.where(jnp.arange(n) % 2, 1.0, -1.0).astype(kind),),
    "W4": (jnp.array(worker.MEANS, kind)[jnp.arange(n) % worker.CENTRES].T.ravel(),),
}[workload]
carried = [jax.random.key(1), start]


def run(steps):
    """Take all particles on, and wait for it."""
    carried[:] = loop(*carried, steps)
    jax.block_until_ready(carried[1])


worker.serve(run, lambda: jnp.mean(carried[1][0].astype(float) ** 2), ["jax", "jaxlib"])

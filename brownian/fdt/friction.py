"""Friction: from the response to a force under the same noise (no statistical error), and from a file alone.

The two runs of the response differ by a constant force only, so that the noise cancels to rounding.  What is measured
is compared with the scheme's own mobility, mu lambda = 1 for GJF and GJ2, (a/2) coth(a/2) for BAOAB, a = gamma dt.
"""

import math

import numpy as np
from scipy import stats

from ..integrators.moves import work_rows
from ..integrators.scheme import begin, step
from ..noise import normals_at
from ..potentials import ConstantForce, Free
from ..theory import drift_ratio, linear_scheme
from ..theory.linear import SCHEME_OF
from .verdict import Line, rounding_line

STEPS, LANES = 32, 4


def response_under_same_noise(simulation, claim):
    """Lines of the response of the simulation's own scheme to a constant force, per component.

    The scheme's step is taken with and without the force, with the normals of the simulation itself, and the difference
    of positions and velocities is compared with the same difference of `theory.linear_scheme` for the claimed friction.
    """
    dimension = claim.dimension
    lines: list[Line] = []
    name = SCHEME_OF.get(type(claim.integrator).__name__)
    if name is None:
        return lines
    push, nothing = ConstantForce(1.0), Free()  # type: ignore[arg-type, call-arg]
    pushed, still = (_end(simulation, potential, dimension) for potential in (push, nothing))
    measured = (pushed - still).mean(axis=-1)  # (slots, components); all lanes agree to rounding
    seen: dict[tuple[float, float], tuple[float, float]] = {}
    for d in range(dimension):
        friction, kT = float(claim.friction[d]), float(claim.kT[d])
        if friction <= 0.0:
            continue
        M, _, b = linear_scheme(
            name, friction=friction, kT=max(kT, 1e-300), stiffness=0.0, dt=claim.dt, mass=claim.mass
        )
        response, power = np.zeros(len(b)), np.eye(len(b))
        for _ in range(STEPS):
            response, power = response + power @ b, M @ power
        size = float(max(np.abs(pushed[0, d]).max(), np.abs(still[0, d]).max(), abs(response[0])))
        error = abs(measured[0, d] - response[0]) / abs(response[0])
        bound = 4.0 * STEPS * np.finfo(np.float64).eps * size / abs(response[0])
        seen[(friction, kT)] = max(seen.get((friction, kT), (0.0, 0.0)), (error, bound))
    for (friction, _), (error, bound) in seen.items():
        ratio = drift_ratio(name, friction=friction, dt=claim.dt, mass=claim.mass)
        word = f"mobility {float(ratio):.9g} / lambda, lambda = {friction:g}, by common random numbers"
        lines.append(rounding_line("friction of the scheme", "friction", error, bound, word=word))
    return lines


def _end(simulation, potential, dimension):
    """State after STEPS of the kernel, run in the interpreter (the same bits as compiled)."""
    kernel = simulation.integrator.kernel(simulation.dynamics, simulation.dt, dimension, potential)
    slots, kept = len(simulation.dynamics.slots), int(kernel.keeps_noise)
    z = normals_at(
        simulation.noise, simulation.first_step, STEPS + kept, first_particle=simulation.first_particle,
        particles=LANES, dimension=dimension, kinds=simulation.facts.normals,
    ).transpose(0, 1, 3, 2)  # fmt: skip
    z = np.ascontiguousarray(z)
    s, work = np.zeros((slots, dimension, LANES)), np.zeros((work_rows(kernel), dimension, LANES))
    begin(kernel, potential, s, work, z, 0, 0.0)
    for n in range(STEPS):
        step(kernel, potential, s, work, z, n + kept, n * simulation.dt, (n + 1) * simulation.dt)
    return s


def decay_to_friction(integrator, decay, mass, dt):
    """Friction lambda [M/T] from the velocity factor c of a step; nan where c is out of reach."""
    if type(integrator).__name__ == "GJF":
        gamma = 2.0 * (1.0 - decay) / (1.0 + decay) / dt
    elif type(integrator).__name__ == "EulerMaruyama":
        gamma = (1.0 - decay) / dt
    elif type(integrator).__name__ == "OBABO":
        gamma = -2.0 * math.log(decay) / dt if decay > 0.0 else math.nan
    else:
        gamma = -math.log(decay) / dt if decay > 0.0 else math.nan
    return gamma * mass


def decay_of(kernel):
    """Velocity factor of the noise step, per component, or None."""
    if hasattr(kernel, "decay") and hasattr(kernel, "kick"):
        return kernel.decay
    return 1.0 - kernel.drag if hasattr(kernel, "drag") else None


def friction_from_file(battery, claim, error):
    """Lines of the friction that the trajectory shows: v after the noise against v before it.

    With signs s = sign(v_B), c = sum s v_O / sum |v_B| has an error that is exactly normal (Student's t with the
    measured noise), whatever the velocities do: the Cauchy estimator.  Its standard error is sqrt(pi/2) times that of
    least squares.
    Source: So and Shin, Statistica Sinica 9, 839 (1999).
    """
    decay = decay_of(claim.kernel)
    if decay is None or battery.state is None or "v" not in battery.state.signed or battery.count < 50:
        return []
    per_component = battery.count // battery.channels
    moments, lines = battery.moments, []
    frictions = np.unique(claim.friction) if np.ptp(claim.friction) > 0.0 else claim.friction[:1]
    for friction in frictions:
        chosen = np.flatnonzero(claim.friction == friction)
        n = per_component * chosen.size
        # per channel of the first kind: xi = (v_O - c v_B) / spread; a second kind of noise has the same form
        signed = float(battery.state.signed["v"][chosen].sum())
        squares = float(moments.per_particle[:, chosen].sum())
        sigma = math.sqrt(max(squares / n - (signed / n) ** 2, 0.0) * n / (n - 1))
        spread = float(np.mean(claim.kernel.spread[chosen]))
        speed = float(battery.state.speed[chosen].sum())
        c, unit = float(decay[chosen[0]]), spread * math.sqrt(n) / speed
        t = signed / math.sqrt(n) / sigma if sigma > 0.0 else 0.0
        p = float(2.0 * stats.t.sf(abs(t), n - 1))
        estimate, half = c + signed / math.sqrt(n) * unit, stats.t.isf(error / 2.0, n - 1) * sigma * unit
        values = [decay_to_friction(claim.integrator, k, claim.mass, claim.dt) for k in
                  (estimate, estimate + half, estimate - half)]  # fmt: skip
        slope = abs(
            decay_to_friction(claim.integrator, c * (1.0 + 1e-6), claim.mass, claim.dt)
            - decay_to_friction(claim.integrator, c * (1.0 - 1e-6), claim.mass, claim.dt)
        ) / (2e-6 * abs(c))  # fmt: skip
        word = f"[{values[1]:.5g}, {values[2]:.5g}]"
        lines.append(
            Line("friction from the file", "friction", values[0], float(friction), slope * sigma * unit, t, p,
                 interval=(values[1], values[2]), word=word)
        )  # fmt: skip
    return lines

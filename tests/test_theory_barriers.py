"""Barriers: rates at any friction, committors, walls, tilted periodic potentials; against known answers and limits.

Bounds: a known answer holds to the digits that it states (`check_rel_diff`) and never better than 1e-12 (rounding), or
than the accuracy that a converging basis was asked for.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from brownian import theory

EXACT = 1e-12
ENTRIES = json.loads((Path(__file__).parent / "known_answers.json").read_text())["known_answers"]
KNOWN = {entry["id"]: entry for entry in ENTRIES}
KLEIN_KRAMERS = [name for name in KNOWN if "_kk_" in name]
MASS, FRICTION, KT = 1.3, 0.7, 0.9
OVERDAMPED = {"friction": FRICTION, "kT": KT}


def close(actual, desired, bound=EXACT):
    """Assert equality to a relative bound."""
    np.testing.assert_allclose(actual, desired, rtol=bound, atol=0.0)


def double_well(barrier, width, tilt=0.0):
    """U = E_b ((x/x0)^2 - 1)^2 - h x."""
    return lambda x: barrier * ((x / width) ** 2 - 1.0) ** 2 - tilt * x


def well_of(name):
    """Energy and parameters of an entry of the Klein-Kramers table."""
    given = KNOWN[name]["params"]
    words = {"mass": given["m"], "friction": given["lam"], "kT": given["kT"]}
    return double_well(given["Eb"], given["x0"]), given, words


# ---------------------------------------------------------------------------------------------------------- eigenvalues


@pytest.mark.parametrize("name", KLEIN_KRAMERS)
def test_klein_kramers_known_answers(name):
    """To 1e-8, or to the digits of the entry; a temperature of 1e-6 more is seen."""
    U, given, words = well_of(name)
    bound = max(1e-8, KNOWN[name]["check_rel_diff"])
    rate = theory.klein_kramers_rate(U, accuracy=bound, **words)
    close(rate, KNOWN[name]["value"]["Lambda1"], bound)
    if given["lam"] > 1.0:
        words["kT"] *= 1.0 + 1e-6
        assert abs(theory.klein_kramers_rate(U, **words) / rate - 1.0) > 10.0 * bound


@pytest.mark.parametrize("name", ["dw1_mfpt_od", "dw2_mfpt_od"])
def test_smoluchowski_known_answers(name):
    """To the digits of the entry; exactly proportional to 1/friction."""
    given = KNOWN[name]["params"]
    U = double_well(given["Eb"], given["x0"])
    rate = theory.smoluchowski_rate(U, friction=given["lam"], kT=given["kT"])
    close(rate, KNOWN[name]["value"]["Lambda1"], KNOWN[name]["check_rel_diff"])
    close(theory.smoluchowski_rate(U, friction=3.0 * given["lam"], kT=given["kT"]), rate / 3.0, 4e-16)


def test_smoluchowski_in_closed_form():
    """A trap off the origin, a box, a slope in a box; barriers of 22, 111 and 333 kT against the passage time."""
    close(theory.smoluchowski_rate(lambda x: 2.1 * (x - 3.0) ** 2 / 2.0, **OVERDAMPED), 2.1 / FRICTION)
    box = {"support": (-1.0, 1.6), **OVERDAMPED}
    level = (np.pi / 2.6) ** 2 * KT / FRICTION
    close(theory.smoluchowski_rate(lambda x: 0.0 * x, **box), level)
    close(theory.smoluchowski_rate(lambda x: 1.7 * x, **box), level + (1.7 / KT) ** 2 / 4.0 * KT / FRICTION)
    # a well of weight e^-32: its current is summed from its own side
    deep = theory.smoluchowski_rate(double_well(20.0, 1.2, 12.0), **OVERDAMPED)
    close(theory.smoluchowski_rate(double_well(20.0, 1.2, -12.0), **OVERDAMPED), deep)
    for barrier in (20.0, 100.0, 300.0):
        U = double_well(barrier, 1.2)
        product = theory.smoluchowski_rate(U, **OVERDAMPED) * theory.mfpt(U, -1.2, 1.2, **OVERDAMPED) / 2.0
        # they differ by Lambda_1 times the descent from the top: E_b/kT times of relaxation lambda x0^2 / 8 E_b
        bound = theory.smoluchowski_rate(U, **OVERDAMPED) * FRICTION * 1.44 / (8.0 * KT)
        close(product, 1.0, bound + EXACT)


@pytest.mark.parametrize("tilt", [0.0, 0.8])
def test_light_particles_relax_as_the_smoluchowski_equation_says(tilt):
    """Lambda_1(m) = Lambda_1(0) + O(m): extrapolated from two masses, to O(m^2); without, to O(m) only."""
    U = double_well(2.0, 1.2, tilt)
    limit = theory.smoluchowski_rate(U, **OVERDAMPED)
    masses = np.array([4e-4, 2e-4])
    rates = [theory.klein_kramers_rate(U, mass=mass, **OVERDAMPED) for mass in masses]
    # the expansion's parameter is m U''/lambda^2, with U'' = 11 at the minima
    small = masses[0] * 11.0 / FRICTION**2
    assert abs((2.0 * rates[1] - rates[0]) / limit - 1.0) < small**2
    assert small / 10.0 < abs(rates[0] / limit - 1.0) < small


@pytest.mark.parametrize("centre", [0.0, 4.0])
def test_klein_kramers_of_a_trap(centre):
    """The slow root of m r^2 - lambda r + k = 0; with little damping the motion rings, and is refused."""

    def trap(x):
        return 2.1 * (x - centre) ** 2 / 2.0

    for friction in (3.4, 7.0, 70.0):
        rate = theory.klein_kramers_rate(trap, mass=MASS, friction=friction, kT=KT)
        # near critical damping (3.30) the root is steep in the matrix elements: 1e-10 asked, 1e-9 got
        close(rate, 1.0 / theory.harmonic_relaxation_time(mass=MASS, friction=friction, stiffness=2.1), 1e-9)
    with pytest.raises(ValueError, match=r"barrier.*friction/\(2 mass\)"):
        theory.klein_kramers_rate(trap, mass=MASS, friction=3.2, kT=KT)
    # half a kT of barrier, moderate friction: the slowest mode decays at 0.60 friction/mass, above the bound
    with pytest.raises(ValueError, match=r"friction/\(2 mass\) = 0.269"):
        theory.klein_kramers_rate(double_well(0.5, 1.2), mass=MASS, friction=0.7, kT=KT)


def test_klein_kramers_symmetries():
    """Mirror and shift; energies, masses and frictions in another unit."""
    words = {"mass": MASS, "friction": 1.9, "kT": KT}
    rate = theory.klein_kramers_rate(double_well(2.0, 1.2, 0.8), **words)
    close(theory.klein_kramers_rate(lambda x: double_well(2.0, 1.2, -0.8)(x - 0.7), **words), rate, 1e-10)
    tripled = {name: 3.0 * value for name, value in words.items()}
    close(theory.klein_kramers_rate(lambda x: 3.0 * double_well(2.0, 1.2, 0.8)(x), **tripled), rate, 1e-10)


def test_klein_kramers_says_when_it_does_not_converge(monkeypatch):
    """A kinked barrier: not in so few polynomials to 1e-8; what they give can be had."""
    kink = lambda x: 2.5 * (np.abs(x) - 1.2) ** 2  # noqa: E731
    monkeypatch.setattr("brownian.theory.klein_kramers.MOST", (100, 60))
    with pytest.raises(ValueError, match=r"smoother.*accuracy above"):
        theory.klein_kramers_rate(kink, mass=1e-4, friction=0.7, kT=KT)
    coarse = theory.klein_kramers_rate(kink, mass=1e-4, friction=0.7, kT=KT, accuracy=0.05)
    assert abs(coarse / theory.smoluchowski_rate(kink, **OVERDAMPED) - 1.0) < 0.2


# --------------------------------------------------------------------------------------------------- Mel'nikov, Meshkov


@pytest.mark.parametrize("name", KLEIN_KRAMERS)
def test_melnikov_meshkov_known_answers(name):
    """Rate and energy loss of the table; with one well only it is no longer the table's."""
    U, given, words = well_of(name)
    value, x0 = KNOWN[name]["value"], given["x0"]
    close(theory.energy_loss(U, well=-x0, top=0.0, **words), value["Delta"])
    rate = theory.melnikov_meshkov_rate(U, well=-x0, top=0.0, other_well=x0, **words)
    close(rate, value["mm"])
    close(theory.melnikov_meshkov_rate(U, well=x0, top=0.0, other_well=-x0, **words), rate)
    alone = theory.melnikov_meshkov_rate(U, well=-x0, top=0.0, **words)
    assert rate < alone < value["kramers"]
    # the approximation is good to kT/E_b, here 0.45 and 0.2; the exact rate is half the eigenvalue
    assert abs(rate / (value["Lambda1"] / 2.0) - 1.0) < given["kT"] / given["Eb"]


def test_melnikov_meshkov_of_a_cubic_well():
    """S = 36 E_b / 5 w_0 for a cubic; little friction: k -> Delta (w_0/2 pi) e^{-E_b/kT}; much: Kramers."""
    a, b = 3.0, 1.1
    words = {"well": 0.4, "top": 0.4 + a / b, "mass": MASS, "kT": KT}
    barrier, omega = a**3 / (6.0 * b**2), np.sqrt(a / MASS)

    def cubic(x):
        return a * (x - 0.4) ** 2 / 2.0 - b * (x - 0.4) ** 3 / 3.0

    loss = theory.energy_loss(cubic, friction=0.7, **words)
    close(loss, 0.7 / MASS * 36.0 / 5.0 * barrier / omega / KT)
    weak = 1e-8
    loss *= weak / 0.7
    transition = omega / (2.0 * np.pi) * np.exp(-barrier / KT)
    # Y(D) = D [1 + zeta(1/2) sqrt(D/pi) ...], and Kramers' factor is 1 - gamma / 2 w_b
    ratio = theory.melnikov_meshkov_rate(cubic, friction=weak, **words) / (loss * transition)
    close(ratio, 1.0 - 1.4603545088 * np.sqrt(loss / np.pi), 4.0 * loss)
    strong = theory.kramers_rate(
        barrier=barrier, well_curvature=a, barrier_curvature=a, friction=20.0, kT=KT, mass=MASS
    )
    close(theory.melnikov_meshkov_rate(cubic, friction=20.0, **words), strong, 1e-11)


# -------------------------------------------------------------------------------------------- committor, flux and walls


def test_committor():
    """Flat: linear; symmetric: 1/2; mirrored: 1 - q; small values keep their digits behind 600 kT."""
    x = np.linspace(-1.0, 2.0, 7)
    words = {"left": -0.7, "right": 1.5, "kT": KT}
    close(theory.committor(x, lambda x: 0.0 * x, **words), np.clip((x + 0.7) / 2.2, 0.0, 1.0))
    U = double_well(4.5, 1.2, 0.35)
    forward = theory.committor(x, U, **words)
    back = theory.committor(-x, lambda x: U(-x), left=-1.5, right=0.7, kT=KT)
    np.testing.assert_allclose(forward + back, 1.0, rtol=0.0, atol=1e-14)
    assert np.all(np.diff(forward) >= 0.0)
    assert theory.committor(0.0, double_well(300.0, 1.2), left=-1.2, right=1.2, kT=KT) == pytest.approx(0.5, abs=1e-14)
    # a slope of 600 kT: q = (e^{s x} - 1) / (e^{600} - 1)
    steep = theory.committor([0.01, 0.5, 0.99], lambda x: 600.0 * KT * x, left=0.0, right=1.0, kT=KT)
    close(steep, np.expm1([6.0, 300.0, 594.0]) / np.expm1(600.0), 4e-13)  # rounding of 600 in the exponent
    assert np.ndim(theory.committor(0.3, U, **words)) == 0


@pytest.mark.parametrize("barrier", [2.0, 4.5, 250.0])
def test_reactive_flux_is_one_over_the_round_trip(barrier):
    """1/flux = mfpt there + mfpt back, also between places that are no minima."""
    U = double_well(barrier, 1.2, 0.35)
    for a, b in ((-1.2, 1.2), (-1.2, 0.1)):
        there, back = theory.mfpt(U, a, b, **OVERDAMPED), theory.mfpt(U, b, a, **OVERDAMPED)
        close(theory.reactive_flux(U, left=a, right=b, **OVERDAMPED) * (there + back), 1.0)


def survival_between_looks(distance, dt, looks):
    """Survival of a wall at `distance` that is looked for `looks` times: the density, step by step, by quadrature."""
    width = np.sqrt(2.0 * KT / FRICTION * dt)
    span = 10.0 * width * np.sqrt(looks)
    edges = np.linspace(distance - span, distance, int(span / width) + 1)
    nodes, weights = np.polynomial.legendre.leggauss(8)
    half = np.diff(edges)[:, None] / 2.0
    x = (edges[:-1, None] + half * (1.0 + nodes)).ravel()
    weights = (half * weights).ravel()
    spread = np.sqrt(2.0 * np.pi) * width
    kernel = np.exp(-0.5 * ((x[:, None] - x) / width) ** 2) / spread * weights
    density = np.exp(-0.5 * (x / width) ** 2) / spread
    for _ in range(looks - 1):
        density = kernel @ density
    return np.sum(weights * density)


def test_absorbing_wall():
    """Known answer; a wall that is watched at intervals recedes by 0.5826 steps, with an error of order dt."""
    entry = KNOWN["absorbing_boundary"]
    given, diffusion = entry["params"], theory.diffusion(friction=FRICTION, kT=KT)
    words = {"distance": given["a"], "diffusion": diffusion}
    close(theory.absorbing_survival(given["t"], **words), entry["value"]["S"])
    close(theory.discrete_wall_shift(dt=0.3, diffusion=1.0 / 0.6), entry["value"]["beta"])
    start = theory.absorbing_survival(0.0, distance=[0.0, 1.0], diffusion=diffusion)
    assert start.tolist() == [0.0, 1.0]
    errors, unshifted = [], []
    for looks in (25, 100):
        dt = 1.0 / looks
        exact = survival_between_looks(1.0, dt, looks)
        shifted = 1.0 + theory.discrete_wall_shift(dt=dt, diffusion=diffusion)
        errors.append(abs(exact - theory.absorbing_survival(1.0, distance=shifted, diffusion=diffusion)))
        unshifted.append(abs(exact - theory.absorbing_survival(1.0, **words)))
    assert errors[1] < errors[0] / 3.0 < 0.01  # order dt: a factor of 4
    assert unshifted[0] / 3.0 < unshifted[1]  # order sqrt(dt): a factor of 2
    assert unshifted[1] > 20.0 * errors[1]


# ------------------------------------------------------------------------------------------------------------ washboard


def wave(x):
    """A cos(2 pi x/L) of the entries."""
    return 1.1 * np.cos(np.pi * x)


def test_washboard_known_answers():
    """Level and tilted; odd and even in the force; the shape of the force."""
    entry = KNOWN["washboard_ud"]
    given, value = entry["params"], entry["value"]
    words = {"period": given["L"], "mass": given["m"], "friction": given["lam"], "kT": given["kT"]}
    v, D = theory.washboard_velocity_diffusion(wave, force=given["f"], **words)
    close(v, value["v"], 1e-8)
    close(D, value["Deff"], 1e-8)
    back = theory.washboard_velocity_diffusion(wave, force=-given["f"][0], **words)
    close(back, [-value["v"][0], value["Deff"][0]], 1e-8)
    v, D = theory.washboard_velocity_diffusion(wave, force=0.0, **words)
    assert v == 0.0
    close(D, value["D0"], 1e-8)
    close(D / words["kT"], value["mobility0"], 1e-8)
    # D = kT dv/df, to (f L/kT)^2; a factor of 2 in either would show
    v, _ = theory.washboard_velocity_diffusion(wave, force=1e-4, **words)
    close(v / 1e-4 * words["kT"], value["D0"], 1e-7)


def test_washboard_limits():
    """Flat, steep, and m -> 0, where Stratonovich and Reimann are approached as m (extrapolated: m^2)."""
    words = {"period": 2.0, "friction": 1.5, "kT": KT}
    flat = theory.washboard_velocity_diffusion(lambda x: 0.0 * x, force=2.0, mass=MASS, **words)
    close(flat, [2.0 / 1.5, KT / 1.5])
    sawtooth = lambda x: 0.8 * np.cos(np.pi * x) + 0.3 * np.sin(2.0 * np.pi * x)  # noqa: E731
    exact = [f(sawtooth, force=2.0, **words) for f in (theory.stratonovich_velocity, theory.reimann_diffusion)]
    light, lighter = (
        np.array(theory.washboard_velocity_diffusion(sawtooth, force=2.0, mass=mass, **words)) for mass in (2e-3, 1e-3)
    )
    small = 2e-3 * 1.1 * (2.0 * np.pi) ** 2 / 1.5**2  # m U''/lambda^2
    assert np.all(np.abs(light / exact - 1.0) > small / 100.0)
    assert np.all(np.abs((2.0 * lighter - light) / exact - 1.0) < small**2)


# ------------------------------------------------------------------------------------------------------------ bad input


def _bad_calls():
    U, t = double_well(2.0, 1.2), theory
    ends = {"left": -1.2, "right": 1.2}
    particle = {"mass": MASS, **OVERDAMPED}
    place = {"well": -1.2, "top": 0.0}
    washboard = {"force": 1.0, "period": 2.0, **particle}
    return [
        ("mass.*-1.3", lambda: t.klein_kramers_rate(U, **{**particle, "mass": -1.3})),
        ("friction must be one number", lambda: t.klein_kramers_rate(U, **{**particle, "friction": [0.7, 1.0]})),
        ("accuracy", lambda: t.klein_kramers_rate(U, accuracy=0.0, **particle)),
        ("must confine", lambda: t.klein_kramers_rate(lambda x: x, **particle)),
        ("friction.*0", lambda: t.smoluchowski_rate(U, friction=0.0, kT=KT)),
        ("kT must be one number", lambda: t.smoluchowski_rate(U, friction=0.7, kT=[0.9, 1.0])),
        (r"confine more strongly than \|x\|", lambda: t.smoluchowski_rate(lambda x: 2.1 * np.abs(x), **OVERDAMPED)),
        (r"got \+inf", lambda: t.smoluchowski_rate(lambda x: np.where(x > 1.0, np.inf, x**2), **OVERDAMPED)),
        ("support.*a < b", lambda: t.smoluchowski_rate(U, support=(1.0, 0.0), **OVERDAMPED)),
        ("top must be higher", lambda: t.energy_loss(U, well=0.0, top=1.2, **particle)),
        ("rise above", lambda: t.energy_loss(lambda x: np.exp(-(x**2)), well=-4.0, top=0.0, **particle)),
        ("highest point", lambda: t.energy_loss(U, well=-1.2, top=1.3, **particle)),
        ("well must be finite", lambda: t.energy_loss(U, well=np.nan, top=0.0, **particle)),
        ("well must be where", lambda: t.melnikov_meshkov_rate(U, well=-1.0, top=0.0, **particle)),
        ("other_well must lie behind", lambda: t.melnikov_meshkov_rate(U, other_well=-1.2, **place, **particle)),
        ("smooth at top", lambda: t.melnikov_meshkov_rate(lambda x: (np.abs(x) - 1.2) ** 2, **place, **particle)),
        ("left must be below", lambda: t.committor(0.0, U, left=1.2, right=-1.2, kT=KT)),
        ("x must be finite", lambda: t.committor(np.nan, U, kT=KT, **ends)),
        (r"got \+inf", lambda: t.committor(0.0, lambda x: np.where(x > 1.0, np.inf, x**2), kT=KT, **ends)),
        ("kT", lambda: t.reactive_flux(U, friction=0.7, kT=-0.9, **ends)),
        ("must confine", lambda: t.reactive_flux(np.cos, **OVERDAMPED, **ends)),
        ("t must", lambda: t.absorbing_survival(-1.0, distance=1.0, diffusion=1.3)),
        ("distance", lambda: t.absorbing_survival(1.0, distance=-1.0, diffusion=1.3)),
        ("diffusion", lambda: t.discrete_wall_shift(dt=0.1, diffusion=0.0)),
        ("period must be a period", lambda: t.washboard_velocity_diffusion(U, **washboard)),
        ("mass.*> 0", lambda: t.washboard_velocity_diffusion(wave, **{**washboard, "mass": 0.0})),
        ("force", lambda: t.washboard_velocity_diffusion(wave, **{**washboard, "force": np.inf})),
        (r"got \+inf", lambda: t.washboard_velocity_diffusion(lambda x: np.inf + 0.0 * x, **washboard)),
    ]


@pytest.mark.parametrize(("message", "call"), _bad_calls())
def test_bad_input_names_the_value_and_what_is_allowed(message, call):
    """ValueError, with the name of what was wrong."""
    with pytest.raises(ValueError, match=message):
        call()

"""Driven traps, two temperatures, active and coloured noise, memory; against known answers, second ways and limits.

Bounds: a known answer holds to the digits that it states (`check_rel_diff`), and never better than 1e-12 (rounding).
"""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import solve_continuous_lyapunov

from brownian import theory

EXACT = 1e-12
ENTRIES = json.loads((Path(__file__).parent / "known_answers.json").read_text())["known_answers"]
KNOWN = {entry["id"]: entry for entry in ENTRIES}
MASS, FRICTION, KT, STIFFNESS = 1.3, 0.7, 0.9, 2.1
MEMORY = {"mass": MASS, "friction": [0.4, 0.3], "memory": [0.6, 2.0], "kT": KT}


def close(actual, desired, bound=EXACT):
    """Assert equality to a relative bound."""
    np.testing.assert_allclose(actual, desired, rtol=bound, atol=0.0)


def stationary(A, *strengths):
    """Second way: the covariance C of dz = A z dt + noise, A C + C A^T = -Q with Q diagonal."""
    return solve_continuous_lyapunov(np.array(A), -np.diag(strengths))


# -------------------------------------------------------------------------------------------------------- driven traps


def test_quench():
    """Known answer; Gaussian quadrature over the start; the way back; Jarzynski's and Crooks's relations."""
    value = KNOWN["stiffness_quench"]["value"]
    k0, k1, kT = (KNOWN["stiffness_quench"]["params"][key] for key in ("k0", "k1", "kT"))
    work = theory.quench_work(k0=k0, k1=k1, kT=kT)
    close(work, [value[key] for key in ("meanW", "varW", "DF", "expavg", "meanW_rev")])
    close(theory.free_energy_difference(k0=k0, k1=k1, kT=kT), value["DF"])
    close(work.exponential_average, np.exp(-work.free_energy_difference / kT))
    back = theory.quench_work(k0=k1, k1=k0, kT=kT)
    close([back.mean, back.reverse_mean], [work.reverse_mean, work.mean])
    close(back.free_energy_difference, -work.free_energy_difference)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    W = (k1 - k0) * kT / k0 * nodes**2 / 2.0
    mean, square, exponential = (
        np.sum(weights * f) / np.sqrt(2.0 * np.pi) for f in (W, (W - work.mean) ** 2, np.exp(-W / kT))
    )
    close([mean, square, exponential], [work.mean, work.variance, work.exponential_average])
    assert theory.quench_work(k0=[2.1, 1.0], k1=4.4, kT=kT).mean.shape == (2,)


def test_ramp_known_answer():
    """To 1e-12 (the equations are integrated to 1e-13); the exponential average is Jarzynski's."""
    entry = KNOWN["stiffness_ramp_od"]
    given, value = entry["params"], entry["value"]
    words = {"k0": given["k0"], "k1": given["k1"], "friction": given["lam"], "kT": given["kT"]}
    work = theory.stiffness_ramp_work(duration=given["Tr"], **words)
    close([work.mean, work.variance, work.exponential_average, work.position_variance],
          [value[key] for key in ("meanW", "varW", "expavg", "x2_final")])  # fmt: skip
    close(work.exponential_average, np.sqrt(given["k0"] / given["k1"]))
    close(work.mean - work.free_energy_difference, work.dissipated)
    # what the entry would not forgive: a friction of half the value
    other = theory.stiffness_ramp_work(duration=given["Tr"], **{**words, "friction": given["lam"] / 2.0})
    assert abs(other.variance / work.variance - 1.0) > 0.1


@pytest.mark.parametrize("k1", [4.4, 0.5])
def test_ramp_limits(k1):
    """At once: the quench.  Slowly: var W = 2 kT <W_diss>, <W_diss> T = lambda kT int_0^1 (dk/ds)^2 / 4 k^3 ds."""
    words = {"k0": STIFFNESS, "k1": k1, "friction": FRICTION, "kT": KT}
    quench = theory.quench_work(k0=STIFFNESS, k1=k1, kT=KT)
    fast = theory.stiffness_ramp_work(duration=1e-9, **words)
    close([fast.mean, fast.variance], [quench.mean, quench.variance], 1e-8)  # 2 k T/lambda = 1.3e-8
    close(fast.position_variance, KT / STIFFNESS, 1e-7)
    slow = theory.stiffness_ramp_work(duration=1e7, **words)
    close(slow.variance, 2.0 * KT * slow.dissipated, 1e-6)  # the next order: lambda/(k T) = 1e-7
    expected = FRICTION * KT * (k1 - STIFFNESS) / 8.0 * (1.0 / STIFFNESS**2 - 1.0 / k1**2)
    close(slow.dissipated * 1e7, expected, 1e-6)
    for work in (fast, slow):
        close(work.exponential_average, np.sqrt(STIFFNESS / k1), 5e-12)  # 40 times the integration's 1e-13


# ---------------------------------------------------------------------------------------------------- two temperatures


@pytest.mark.parametrize("name", ["gyrator_od", "gyrator_ud"])
def test_gyrator_known_answers(name):
    """Covariances, rotation, heat and entropy of the entries."""
    entry = KNOWN[name]
    given, value = entry["params"], entry["value"]
    words = {"stiffness": given["k"], "coupling": given["u"], "friction": given["lam"], "mass": given.get("m", 0.0)}
    state = theory.gyrator(kT1=given["kT1"], kT2=given["kT2"], **words)
    named = {"heat12": "heat", "x_vy": None, "vxvy": None}
    for key, expected in value.items():
        if named.get(key, key) is not None:
            close(getattr(state, named.get(key, key)), expected)
    if "x_vy" in value:
        close(state.torque, 2.0 * value["x_vy"])
    close(state.entropy_production, value["heat12"] * (1.0 / given["kT2"] - 1.0 / given["kT1"]))


@pytest.mark.parametrize("mass", [0.0, 1e-12, MASS])
@pytest.mark.parametrize(("kT1", "kT2", "coupling"), [(1.4, 0.6, 0.9), (0.5, 1.1, -1.9), (0.8, 0.8, 0.9)])
def test_gyrator_second_way(mass, kT1, kT2, coupling):
    """Lyapunov's equation; equal temperatures carry no current and have the Boltzmann covariance."""
    k = np.array([[STIFFNESS, coupling], [coupling, STIFFNESS]])
    state = theory.gyrator(stiffness=STIFFNESS, coupling=coupling, friction=FRICTION, kT1=kT1, kT2=kT2, mass=mass)
    if mass == MASS:
        A = np.block([[np.zeros((2, 2)), np.eye(2)], [-k / mass, -FRICTION / mass * np.eye(2)]])
        C = stationary(A, 0.0, 0.0, 2.0 * FRICTION * kT1 / mass**2, 2.0 * FRICTION * kT2 / mass**2)
        close([state.vxvx, state.vyvy], [C[2, 2], C[3, 3]])
        np.testing.assert_allclose(state.torque, C[0, 3] - C[1, 2], rtol=0.0, atol=1e-14)
        np.testing.assert_allclose(state.heat, FRICTION / mass * (kT1 - mass * C[2, 2]), rtol=0.0, atol=1e-14)
    else:
        A = -k / FRICTION
        C = stationary(A, 2.0 * kT1 / FRICTION, 2.0 * kT2 / FRICTION)
        current = A @ C - C @ A.T  # twice the antisymmetric part of <z' z>, by Stratonovich's rule
        np.testing.assert_allclose(state.torque, (current[1, 0] - current[0, 1]) / 2.0, rtol=0.0, atol=1e-11)
        if mass == 0.0:
            assert state.vxvx == state.vyvy == np.inf
    close([state.xx, state.yy, state.xy], [C[0, 0], C[1, 1], C[0, 1]], 1e-11)  # 1e-12 of mass
    if kT1 == kT2:
        assert state.heat == state.torque == state.entropy_production == 0.0
        close([state.xx, state.xy], (kT1 * np.linalg.inv(k))[0])
    else:
        assert state.heat * (kT1 - kT2) > 0.0
        assert state.entropy_production > 0.0


@pytest.mark.parametrize("mass", [0.0, MASS])
def test_harada_sasa(mass):
    """lambda int dw/2 pi [S_v - 2 kT_1 Re chi_v] = -J: the entry, and the violation from susceptibilities."""
    entry = KNOWN["harada_sasa_gyrator"]
    given = entry["params"]
    words = {"stiffness": given["k"], "coupling": given["u"], "friction": given["lam"], "mass": mass}
    words |= {"kT1": given["kT1"], "kT2": given["kT2"]}

    def violation(omega):
        return theory.gyrator_violation(omega, **words)

    # quad gives 1e-10; the integrand falls as 1/w^2
    heat = given["lam"] / np.pi * quad(violation, 0.0, np.inf, epsabs=1e-12, epsrel=1e-12, limit=400)[0]
    close(heat, -theory.gyrator(**words).heat, 1e-10)
    if mass == 0.0:
        close(heat, entry["value"], 1e-10)
    omega = np.array([0.0, 0.3, 1.7, -4.0])
    for w, found in zip(omega, violation(omega), strict=True):
        inverse = given["k"] - mass * w**2 - 1j * given["lam"] * w
        chi = np.linalg.inv([[inverse, given["u"]], [given["u"], inverse]])
        spectrum = 2.0 * given["lam"] * w**2 * (given["kT1"] * abs(chi[0, 0]) ** 2 + given["kT2"] * abs(chi[0, 1]) ** 2)
        response = (-1j * w * chi[0, 0]).real
        np.testing.assert_allclose(found, spectrum - 2.0 * given["kT1"] * response, rtol=0.0, atol=1e-14)
    words["kT2"] = words["kT1"]
    assert np.all(violation(omega) == 0.0)


def test_rotating_force():
    """Known answer; Lyapunov's equation; the work of the force is the heat."""
    entry = KNOWN["curl_trap_heat"]
    k, eps, lam, kT = (entry["params"][key] for key in ("k", "eps", "lam", "kT"))
    state = theory.curl_trap_heat(stiffness=k, curl=eps, friction=lam, kT=kT)
    close([state.position_variance, state.heat], [entry["value"]["x2"], entry["value"]["heat"]])
    close(state.entropy_production, entry["value"]["heat"] / kT)
    A = np.array([[-k, -eps], [eps, -k]]) / lam
    C = stationary(A, 2.0 * kT / lam, 2.0 * kT / lam)
    close(np.diag(C), state.position_variance)
    close(eps * ((A @ C)[1, 0] - (A @ C)[0, 1]), state.heat)  # eps <x y' - y x'>
    assert theory.curl_trap_heat(stiffness=k, curl=0.0, friction=lam, kT=kT).heat == 0.0
    table = theory.curl_trap_heat(stiffness=k, curl=[[0.8], [1.0]], friction=lam, kT=[0.9, 1.0, 1.1])
    assert table.heat.shape == table.entropy_production.shape == table.position_variance.shape == (2, 3)


# ------------------------------------------------------------------------------------------- coloured and active noise


def test_coloured_noise():
    """Known answer; Lyapunov's equation; without memory the trap at kT."""
    entry = KNOWN["colored_noise_trap"]
    k, lam, kT, tau = (entry["params"][key] for key in ("k", "lam", "kT", "tau_c"))
    words = {"friction": lam, "kT": kT, "stiffness": k}
    variance = theory.colored_noise_trap(correlation_time=tau, **words)
    close(variance, entry["value"])
    close(stationary([[-k / lam, 1.0 / lam], [0.0, -1.0 / tau]], 0.0, 2.0 * lam * kT / tau**2)[0, 0], variance)
    close(theory.colored_noise_trap(correlation_time=[0.0, 1e-15], **words), kT / k)


def test_active_particle():
    """Known answers; Lyapunov's equation; digits at short times; no activity is free diffusion."""
    entry = KNOWN["aoup_msd"]
    given = entry["params"]
    words = {"friction": given["lam"], "active_force": given["f0"], "persistence_time": given["tau_a"]}
    close(theory.aoup_msd(given["t"], kT=given["kT"], **words), entry["value"])
    # f_0^2 t^2/lambda^2 (1 - t/3 tau): the closed form has no digit left of it at t = 1e-8 tau
    t = 1e-8 * given["tau_a"]
    close(theory.aoup_msd(t, kT=0.0, **words), (given["f0"] * t / given["lam"]) ** 2 * (1.0 - 1e-8 / 3.0), 1e-15)
    quiet = {**words, "active_force": 0.0}
    times = np.array([0.0, 0.3, 5.0])
    close(theory.aoup_msd(times, kT=KT, **quiet), theory.free_msd(times, friction=given["lam"], kT=KT))
    entry = KNOWN["aoup_trap"]
    k, lam, kT, f0, tau = (entry["params"][key] for key in ("k", "lam", "kT", "f0", "tau_a"))
    variance = theory.aoup_trap(friction=lam, kT=kT, stiffness=k, active_force=f0, persistence_time=tau)
    close(variance, entry["value"])
    A = [[-k / lam, 1.0 / lam], [0.0, -1.0 / tau]]
    close(stationary(A, 2.0 * kT / lam, 2.0 * f0**2 / tau)[0, 0], variance)


# -------------------------------------------------------------------------------------------------------------- memory


def test_memory_known_answers():
    """The entry; where the velocity correlation crosses zero, rounding is measured by kT/m."""
    entry = KNOWN["gle_exponential"]
    given, value = entry["params"], entry["value"]
    words = {"mass": given["m"], "friction": given["lam"], "memory": given["tau_k"], "kT": given["kT"]}
    np.testing.assert_allclose(theory.gle_vacf(given["t"], **words), value["vacf"], rtol=0.0, atol=1e-15)
    close(theory.gle_msd(given["t"], **words), value["msd"])
    # two halves of an exponential are the whole
    halves = {**words, "friction": [given["lam"] / 2.0] * 2, "memory": [given["tau_k"]] * 2}
    close(theory.gle_msd(given["t"], **halves), value["msd"])
    close(theory.gle_vacf(0.0, **words), given["kT"] / given["m"])
    assert theory.gle_msd(0.0, **words) == 0.0
    other = theory.gle_msd(given["t"], **{**words, "memory": 0.6001})
    assert np.all(np.abs(other / value["msd"] - 1.0) > 1e-8)


@pytest.mark.parametrize("memory", [1e-3, 0.6, 4.0 * MASS / FRICTION, 50.0])
def test_memory_keeps_its_digits(memory):
    """Against mpmath at 60 digits, from 1e-9 to 1e9 times; ringing, critical and overdamped."""
    mp = pytest.importorskip("mpmath")
    words = {"mass": MASS, "friction": FRICTION, "memory": memory, "kT": KT}
    with mp.workdps(60):
        m, lam, kT, tau = map(mp.mpf, (MASS, FRICTION, KT, memory))
        root = mp.sqrt(mp.mpc(1 / tau**2 - 4 * lam / (m * tau)))
        s1, s2 = (-1 / tau + root) / 2, (-1 / tau - root) / 2
        for t in (1e-9, 1e-5, 1e-2, 0.5, 3.0, 40.0, 1e4, 1e9):
            each = [(s + 1 / tau) * (mp.exp(s * t) - 1 - s * t) / s**2 for s in (s1, s2)]
            msd = (2 * kT / m * (each[0] - each[1]) / (s1 - s2)).real
            close(theory.gle_msd(t, **words), float(msd), 4e-14)  # 40 doublings of the time
            vacf = ((s1 + 1 / tau) * mp.exp(s1 * t) - (s2 + 1 / tau) * mp.exp(s2 * t)) / (s1 - s2)
            found = theory.gle_vacf(t, **words) * MASS / KT
            assert abs(found - float(vacf.real)) < 4e-14


@pytest.mark.parametrize("stiffness", [0.0, STIFFNESS])
def test_memory_from_the_spectrum(stiffness):
    """Two exponentials and white friction, free and trapped: <v v> = (1/pi) int 2 kT Re Y(w) cos(w t) dw, w > 0."""
    white = 0.2

    def spectrum(omega):
        if omega == 0.0 and stiffness > 0.0:
            return 0.0
        friction = white + sum(f / (1.0 - 1j * omega * tau) for f, tau in zip([0.4, 0.3], [0.6, 2.0], strict=True))
        trap = 1j * stiffness / omega if stiffness > 0.0 else 0.0
        return 2.0 * KT * (1.0 / (friction - 1j * MASS * omega + trap)).real

    words = {"white_friction": white, "stiffness": stiffness, **MEMORY}
    for t in (0.4, 2.0, 7.0):
        expected = quad(spectrum, 0.0, np.inf, weight="cos", wvar=t, epsabs=1e-11, limit=2000, limlst=500)[0] / np.pi
        np.testing.assert_allclose(theory.gle_vacf(t, **words), expected, rtol=0.0, atol=1e-9)  # quad's
        # d2 msd/dt2 = 2 <v v>, by a fourth-order difference: h^4 = 1e-8, rounding 1e-16/h^2
        h = 1e-2
        msd = theory.gle_msd(t + h * np.arange(-2, 3), **words)
        second = msd @ np.array([-1.0, 16.0, -30.0, 16.0, -1.0]) / (12.0 * h**2)
        np.testing.assert_allclose(second, 2.0 * theory.gle_vacf(t, **words), rtol=0.0, atol=1e-8)


def test_memory_limits():
    """No memory: free and trapped Langevin motion; long times: kT t/sum of frictions, or the trap; short: ballistic."""
    t = np.array([1e-6, 0.1, 2.0, 30.0])
    free = {"mass": MASS, "friction": FRICTION, "kT": KT}
    for memory in (1e-5, 1e-7):
        # memory adds tau lambda/m to 1, and up to as much in the exponent over 2 decays
        bound = 10.0 * memory * FRICTION / MASS
        vacf = theory.gle_vacf(t[1:3], memory=memory, **free)
        close(vacf, theory.free_vacf(t[1:3], **free), bound)
        assert np.any(np.abs(vacf / theory.free_vacf(t[1:3], **free) - 1.0) > bound / 100.0)
        close(theory.gle_msd(t[2:], memory=memory, **free), theory.free_msd(t[2:], **free), bound)
    nearly = {"mass": MASS, "friction": 1e-30, "memory": 0.6, "kT": KT, "white_friction": FRICTION}
    close(theory.gle_msd(t, **nearly), theory.free_msd(t, **free))
    for stiffness in (STIFFNESS, 1e-6):
        times = np.concatenate([t, [1e5, 1e8]])
        risen = theory.harmonic_step_response(times, force=stiffness, mass=MASS, friction=FRICTION, stiffness=stiffness)
        close(theory.gle_msd(times, stiffness=stiffness, **nearly), 2.0 * KT / stiffness * risen)
        vacf = theory.harmonic_vacf(t, mass=MASS, friction=FRICTION, kT=KT, stiffness=stiffness)
        np.testing.assert_allclose(theory.gle_vacf(t, stiffness=stiffness, **nearly), vacf, rtol=0.0, atol=1e-14)
    close(theory.gle_msd(1e6, stiffness=STIFFNESS, **MEMORY), 2.0 * KT / STIFFNESS)
    slope = np.diff(theory.gle_msd([1e4, 2e4], **MEMORY))[0] / 2e4
    close(slope, KT / 0.7, 1e-11)
    close(theory.gle_msd(1e-7, **MEMORY), KT / MASS * 1e-14)
    assert theory.gle_msd(np.ones((2, 3)), **MEMORY).shape == (2, 3)


# ----------------------------------------------------------------------------------------------------------- bad input


def _bad_calls():
    t = theory
    ramp = {"k0": 2.1, "k1": 4.4, "duration": 1.5, "friction": FRICTION, "kT": KT}
    gyrator = {"stiffness": 2.1, "coupling": 0.9, "friction": 0.7, "kT1": 1.4, "kT2": 0.6}
    active = {"friction": 0.7, "kT": 0.9, "active_force": 0.6, "persistence_time": 0.8}
    return [
        ("k1.*-4.4", lambda: t.free_energy_difference(k0=2.1, k1=-4.4, kT=KT)),
        ("k0.*0", lambda: t.quench_work(k0=0.0, k1=4.4, kT=KT)),
        ("duration.*> 0", lambda: t.stiffness_ramp_work(**{**ramp, "duration": 0.0})),
        ("k1 must be one number", lambda: t.stiffness_ramp_work(**{**ramp, "k1": [1.0, 2.0]})),
        ("coupling must be below stiffness", lambda: t.gyrator(**{**gyrator, "coupling": -2.1})),
        ("kT2", lambda: t.gyrator(**{**gyrator, "kT2": 0.0})),
        ("mass.*>= 0", lambda: t.gyrator(mass=-1.0, **gyrator)),
        ("omega", lambda: t.gyrator_violation(np.nan, **gyrator)),
        ("coupling", lambda: t.gyrator_violation(1.0, **{**gyrator, "coupling": 3.0})),
        ("curl", lambda: t.curl_trap_heat(stiffness=2.1, curl=np.inf, friction=0.7, kT=0.9)),
        ("correlation_time", lambda: t.colored_noise_trap(friction=0.7, kT=0.9, stiffness=2.1, correlation_time=-1)),
        ("t must", lambda: t.aoup_msd(-1.0, **active)),
        ("persistence_time", lambda: t.aoup_msd(1.0, **{**active, "persistence_time": 0.0})),
        ("stiffness", lambda: t.aoup_trap(stiffness=0.0, **active)),
        ("memory.*> 0", lambda: t.gle_vacf(1.0, **{**MEMORY, "memory": [0.6, 0.0]})),
        ("one length", lambda: t.gle_vacf(1.0, **{**MEMORY, "memory": 0.6})),
        ("white_friction", lambda: t.gle_msd(1.0, white_friction=-0.1, **MEMORY)),
        ("stiffness must be one number", lambda: t.gle_msd(1.0, stiffness=[1.0, 2.0], **MEMORY)),
        ("kT must be one number", lambda: t.gle_msd(1.0, **{**MEMORY, "kT": [1.0, 2.0]})),
        ("t must", lambda: t.gle_msd(-1.0, **MEMORY)),
    ]


@pytest.mark.parametrize(("message", "call"), _bad_calls())
def test_bad_input_names_the_value_and_what_is_allowed(message, call):
    """ValueError, with the name of what was wrong."""
    with pytest.raises(ValueError, match=message):
        call()


def test_slowest_mode_with_memory():
    """The root of s^2 + s/tau + lambda/(m tau) = 0 nearest to 0; m / lambda without memory; the decay that is seen."""
    m, lam, tau = 1.3, 0.7, 0.6
    roots = np.roots([1.0, 1.0 / tau, lam / (m * tau)])
    found = theory.gle_slowest_time(mass=m, friction=lam, memory=tau)
    close(found, float(-1.0 / roots.real.max()), 1e-12)
    close(theory.gle_slowest_time(mass=m, friction=lam, memory=1e-9), m / lam, 1e-6)
    words = {"mass": 0.1, "friction": [2.0, 1.0], "memory": [0.05, 0.1], "stiffness": 0.2}
    slow = theory.gle_slowest_time(**words)
    late = theory.gle_vacf(np.array([10.0, 11.0]) * slow, kT=KT, **words)
    close(float(np.log(late[0] / late[1])), 1.0, 1e-3)
    with pytest.raises(ValueError, match="one length"):
        theory.gle_slowest_time(mass=m, friction=[0.4, 0.3], memory=[0.6])

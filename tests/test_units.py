"""Units, a bead, whole steps."""

import math

import numpy as np
import pytest

import brownian as bn
from brownian import units


def test_bead_in_water_meets_the_reference(known):
    expected = known["stokes_si"]["value"]
    for chosen in (units.nano, units.micro):
        bead = bn.Bead(radius_um=0.5, viscosity_mPas=0.89, temperature_K=298.15, density_kg_m3=1050.0, units=chosen)
        factors = {"friction": chosen.friction_si, "mass": chosen.mass_si, "kT": chosen.energy_si,
                   "diffusion": chosen.length_si**2 / chosen.time_si, "relaxation_time": chosen.time_si}  # fmt: skip
        names = {"friction": "lam", "mass": "m", "kT": "kT", "diffusion": "D", "relaxation_time": "tau_p"}
        for name, factor in factors.items():
            assert getattr(bead, name) * factor == pytest.approx(expected[names[name]], rel=1e-6)
    assert bn.stokes_friction(0.89e-3, 0.5e-6) == pytest.approx(expected["lam"], rel=1e-6)


def test_nano_is_millipascal_seconds_and_attograms():
    assert units.nano.viscosity_si == units.micro.viscosity_si == pytest.approx(1e-3)
    assert units.nano.mass_si == pytest.approx(1e-21)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bn.Bead(0.0, 0.89, 298.0), "radius_um = 0.0"),
        (lambda: bn.Bead(0.5, math.nan, 298.0), "viscosity_mPas = nan"),
        (lambda: bn.Bead(0.5, 0.89, -3.0), "temperature_K = -3.0"),
        (lambda: bn.Bead(0.5, 0.89, 298.0, units=units.reduced), "reduced units have no size"),
        (lambda: bn.stokes_friction(-1.0, 2.0), "viscosity = -1.0"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_logarithmic_times_are_whole_steps():
    times = bn.logarithmic_times(0.05, 200.0, per_decade=8)
    assert np.allclose(times / 0.05, np.rint(times / 0.05), atol=1e-9)
    assert times[0] == 0.05
    assert times[-1] == pytest.approx(200.0)
    assert np.all(np.diff(times) > 0)
    with pytest.raises(ValueError, match=r"time = 0.12 is 2.4 steps"):
        bn.logarithmic_times(0.05, 0.12)


# A change of units by powers of two changes no bit of a step but its exponents.
WELLS = {
    "double well": lambda l, e: bn.DoubleWell(2.0 * e, 1.2 * l),
    "a sum": lambda l, e: bn.Harmonic(0.9 * e / l**2) + bn.DoubleWell(2.0 * e, 1.2 * l),
    "a formula": lambda l, e: bn.Expression("h*((x/w)**2 - 1)**2", h=2.0 * e, w=1.2 * l),
    "periodic": lambda l, e: bn.Cosine(2.0 * e, 1.5 * l),
    "a ring": lambda l, e: bn.Ring(stiffness=20.0 * e / l**2, radius=1.5 * l),
}


@pytest.mark.parametrize("name", WELLS)
@pytest.mark.parametrize(("length", "energy"), [(2.0**-23, 2.0**-67), (2.0**20, 2.0**30)], ids=["SI", "large"])
def test_any_coherent_units_give_the_same_run(name, length, energy):
    def end(l, e, integrator, kind, **mass):
        scale = e / l**2
        dynamics = kind(friction=0.7 * scale, kT=0.9 * e, **{name: value * scale for name, value in mass.items()})
        simulation = bn.Simulation(
            potential=WELLS[name](l, e), dynamics=dynamics, integrator=integrator, dt=0.02, particles=200,
            dimension=2 if name == "a ring" else 1, seed=3,
        )  # fmt: skip
        return simulation.run(steps=50, dtype=np.float64).positions[-1] / l

    for parts in ((bn.GJF(), bn.Langevin, 1.3), (bn.LeimkuhlerMatthews(), bn.Overdamped), (bn.MALA(), bn.Overdamped)):
        integrator, kind, *mass = parts
        mass = {"mass": mass[0]} if mass else {}
        here, there = end(1.0, 1.0, integrator, kind, **mass), end(length, energy, integrator, kind, **mass)
        assert np.abs(here - there).max() < 1e-6  # a start by a table of 16385 nodes errs by 1e-8, squared spacings


@pytest.mark.parametrize("length", [1e-7, 1e-4, 1.0, 1e5])
def test_draws_in_the_plane_and_curvatures_on_any_scale(length):
    """The variance of the quartic is the reference of the double well; of y it is kT / k."""
    U = bn.Expression("h*((x/w)**2 - 1)**2 + 0.5*k*y**2", h=2.0, w=1.2 * length, k=3.0 / length**2)
    squares = (bn.draw(U, 100_000, seed=3, kT=0.9) / length) ** 2
    for d, expected in enumerate((1.2393967489, 0.3)):
        assert abs(bn.analysis.mean(squares[:, d]).z(expected)) < 5.0
    matrix = bn.potentials.hessian(U, np.array([1.2, 0.0]) * length) * length**2
    assert np.allclose(matrix, np.diag([8.0 * 2.0 / 1.44, 3.0]), rtol=1e-6, atol=1e-6)

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

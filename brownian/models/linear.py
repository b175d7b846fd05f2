"""What energies have in common that are sums of features times parameters, and the trap that confines them."""

from ..compiled import allocating
from ..potentials.definition import require_positive


@allocating
def add_feature(factor, y, w, jet):
    """Add factor times a feature with the derivatives y (3, lanes) to jet; return sum_i sum_k w[k, i] y[k, i]."""
    total = 0.0
    for k in range(w.shape[0]):
        for i in range(w.shape[1]):
            jet[k, i] += factor * y[k, i]
            total += w[k, i] * y[k, i]
    return total


@allocating
def set_to_trap(stiffness, center, x, v, jet):
    """Jet = the derivatives 0, 1, ... of sum_d stiffness_d (x_d - center_d)^2 / 2 along v."""
    jet[:] = 0.0
    for d in range(x.shape[0]):
        middle, curvature = center[min(d, center.size - 1)], stiffness[min(d, stiffness.size - 1)]
        for i in range(x.shape[1]):
            y = x[d, i] - middle
            jet[0, i] += 0.5 * curvature * y * y
            if jet.shape[0] > 1:
                jet[1, i] += curvature * y * v[d, i]
            if jet.shape[0] > 2:
                jet[2, i] += curvature * v[d, i] * v[d, i]


def check_trap(self):
    """Raise where the trap is not of the model's dimension, or does not confine."""
    require_positive(self, "stiffness")
    for name in ("stiffness", "center"):
        if getattr(self, name).shape not in ((1,), (self.dimension,)):
            raise ValueError(
                f"{type(self).__name__}: {name} of shape {getattr(self, name).shape}, but 1 or {self.dimension} "
                "numbers are needed"
            )

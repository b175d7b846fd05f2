"""What sums over all states say of a machine."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class ExactMachine:
    """Exact averages of a machine at one temperature, from sums over all states.

    Parameters
    ----------
    kT
        Thermal energy [E].
    log_partition_function
        ln Z.
    means
        <s_i> or <v_i> of the visible units, shape (units,).
    hidden_means
        <h_j>, shape (hidden units,), or None.
    pairs
        <s_i s_j>, shape (units, units), or <v_i h_j>, shape (visible, hidden).
    mean_energy
        <E> [E].
    """

    kT: float
    log_partition_function: float
    means: np.ndarray
    hidden_means: np.ndarray | None
    pairs: np.ndarray
    mean_energy: float

    @property
    def free_energy(self):
        """F = -kT ln Z [E]."""
        return -self.kT * self.log_partition_function

    @property
    def entropy(self):
        """S / k_B = ln Z + <E> / kT (of visible and hidden units together)."""
        return self.log_partition_function + self.mean_energy / self.kT

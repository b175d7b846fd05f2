"""PyTorch on the processor: in place, without gradients, normals drawn into a buffer.  Forms: float32, float64."""

import worker

workload, form, threads = worker.arguments()
import torch  # noqa: E402  the number of threads is set before

torch.set_num_threads(threads)
torch.set_grad_enabled(False)
torch.set_default_dtype(getattr(torch, form))
n = worker.PARTICLES[workload]
x = torch.zeros({"W3": (n,), "W4": (2, n)}.get(workload, (n, 3)))  # centres and components in rows: 10 times faster
v, z, t = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
half = worker.DT / 2.0


def trap(steps):
    """Euler-Maruyama."""
    for _ in range(steps):
        x.mul_(1.0 - worker.DT).add_(z.normal_(), alpha=worker.SPREAD)


def baoab(steps):
    """BAOAB."""
    for _ in range(steps):
        v.add_(x, alpha=-half)
        x.add_(v, alpha=half)
        v.mul_(worker.DECAY).add_(z.normal_(), alpha=worker.KICK)
        x.add_(v, alpha=half)
        v.add_(x, alpha=-half)


def double_well(steps):
    """Euler-Maruyama."""
    for _ in range(steps):
        torch.mul(x, x, out=t).sub_(1.0)
        x.addcmul_(x, t, value=-4.0 * worker.DT).add_(z.normal_(), alpha=worker.SPREAD)


means = torch.tensor(worker.MEANS)
scaled, rows = means / worker.SIGMA**2, means.T.contiguous()
offset = -0.5 * (means * scaled).sum(1, keepdim=True)
e, total = torch.empty(len(means), n), torch.empty(1, n)


def gaussians(steps):
    """Euler-Maruyama; the force is (sum of responsibility * mean - x) / sigma^2."""
    factor = worker.DT / worker.SIGMA**2
    for _ in range(steps):
        torch.addmm(offset, scaled, x, out=e)
        torch.amax(e, 0, keepdim=True, out=total)
        e.sub_(total).exp_()
        torch.sum(e, 0, keepdim=True, out=total)
        torch.mm(rows, e, out=t).div_(total)
        x.mul_(1.0 - factor).add_(t, alpha=factor).add_(z.normal_(), alpha=worker.SPREAD)


if workload == "W3":
    x[:] = torch.where(torch.arange(n) % 2 == 1, 1.0, -1.0)
if workload == "W4":
    x[:] = rows[:, torch.arange(n) % len(means)]
if workload in ("W1", "W2"):
    x.normal_(), v.normal_()
run = {"W1": trap, "W2": baoab, "W3": double_well, "W4": gaussians}[workload]
worker.serve(run, lambda: x.double().square().mean(), ["torch"])

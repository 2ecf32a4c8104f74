"""The Muon optimiser (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon) for convolutions.

Every step has the momentum's direction, with all its singular values brought to about one: rare directions of a weight
matrix learn as fast as common ones. On these networks 500 iterations reach what Adam needs about 4,000 for. As every step is
of the same size, weights drift and grow without bound in directions that do not matter, unless they decay.
torch.optim.Muon takes matrices only, and works in bfloat16, which processors without it emulate.
"""

from collections.abc import Iterable

import torch

MOMENTUM = 0.95
WEIGHT_DECAY = 0.1  # times the learning rate, a step: as in torch.optim.Muon
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # coefficients of the quintic of the source
STEPS = 5


def orthogonalised(matrix: torch.Tensor) -> torch.Tensor:
    """`matrix` with singular values of about one (0.5 to 1.5), by Newton-Schulz iteration."""
    a, b, c = NEWTON_SCHULZ
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix) / (matrix.norm() + 1e-7)
    for _ in range(STEPS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """For weights of convolutions, [outputs, inputs, rows, columns], each taken as a matrix of `outputs` rows."""

    def __init__(self, parameters: Iterable[torch.Tensor], lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                momentum = state.setdefault("momentum", torch.zeros_like(parameter))
                momentum.mul_(MOMENTUM).add_(parameter.grad)
                direction = (parameter.grad + MOMENTUM * momentum).flatten(1)
                rows, columns = direction.shape
                step = orthogonalised(direction) * max(1.0, rows / columns) ** 0.5
                parameter.mul_(1 - group["lr"] * WEIGHT_DECAY)
                parameter.add_(step.view(parameter.shape), alpha=-group["lr"])

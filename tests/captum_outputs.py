"""What captum says of small random ReLU networks: ``make test-peers`` writes it to tests/data.

It runs in an environment of its own, which has torch and captum and not StratBench. For each network an .npz holds the
weights, inputs and everything that a method is given, and captum's attributions, computed in float64 and kept in
float32; ``tests/unit/test_captum.py`` builds the same networks in jax and compares. Inputs are dosages, so that the
baseline, the mean dosage, is not 0. What draws at random is given its draws: expected gradients is compared with the
mean of captum's saliency over the same donors and places on the path, SmoothGrad with its mean over the same noise.
"""

from pathlib import Path

import numpy as np
import torch
from captum.attr import DeepLift, IntegratedGradients, Occlusion, Saliency
from torch import Tensor, nn

HERE = Path(__file__).parent / "data"
B, M, DONORS, STEPS, NOISE = 20, 60, 10, 20, 0.1
Weights = dict[str, np.ndarray]


class Windows(nn.Module):
    """Windows of SNPs, each with weights of its own."""

    def __init__(self, weight_PIF: Tensor, bias_PF: Tensor) -> None:
        super().__init__()
        self.weight_PIF, self.bias_PF = weight_PIF, bias_PF

    def forward(self, x_BM: Tensor) -> Tensor:
        p, size, _ = self.weight_PIF.shape
        return torch.einsum("bpi,pif->bpf", x_BM.reshape(-1, p, size), self.weight_PIF) + self.bias_PF


class Last(nn.Module):
    """From (B, 1) to (B,)."""

    def forward(self, z: Tensor) -> Tensor:
        return z[:, 0]


class Swap(nn.Module):
    """From (B, length, channels) to (B, channels, length), or back."""

    def forward(self, z: Tensor) -> Tensor:
        return z.transpose(1, 2)


class Same(nn.Module):
    """What it is given, as another tensor.

    It stands between a ReLU and a maximum. Where a maximum follows a ReLU directly, captum 0.9's DeepLIFT is not
    complete: with these networks its sums miss f(x) - f(baseline) by up to 15% of the mean change, and with this layer,
    which changes nothing, by 1e-15.
    """

    def forward(self, z: Tensor) -> Tensor:
        return z * 1


class Column(nn.Module):
    """From (B, M) to (B, M, 1)."""

    def forward(self, z: Tensor) -> Tensor:
        return z[:, :, None]


def dense(w: Weights, name: str) -> nn.Linear:
    """z w + b, w being (inputs, units)."""
    weight = w[f"{name}_w"]
    made = nn.Linear(*weight.shape)
    made.weight.data, made.bias.data = torch.tensor(weight.T), torch.tensor(w[f"{name}_b"])
    return made


def convolution(w: Weights, name: str) -> nn.Conv1d:
    """Its weights are (kernel, channels, filters)."""
    size, channels, filters = w[f"{name}_w"].shape
    made = nn.Conv1d(channels, filters, size)
    made.weight.data = torch.tensor(w[f"{name}_w"].transpose(2, 1, 0).copy())
    made.bias.data = torch.tensor(w[f"{name}_b"])
    return made


def drawn(rng: np.random.Generator, **shapes: tuple[int, ...]) -> Weights:
    """Random weights and biases; biases, as they are, keep f from being linear along a path."""
    found = {}
    for name, shape in shapes.items():
        fan = int(np.prod(shape[:-1])) if len(shape) < 3 or name.startswith("conv") else shape[1]
        found[f"{name}_w"] = rounded(rng.normal(0, np.sqrt(2 / fan), shape))
        found[f"{name}_b"] = rounded(
            rng.normal(0, 0.5, (shape[0], shape[2]) if name == "local" else shape[-1:])
        )
    return found


def rounded(values: np.ndarray) -> np.ndarray:
    """Numbers that float32 holds, float64."""
    return values.astype(np.float32).astype(np.float64)


def networks() -> dict[str, tuple[nn.Module, Weights]]:
    """Each network and its weights, float64."""
    rng = np.random.default_rng(14)
    mlp = drawn(rng, first=(M, 16), second=(16, 8), last=(8, 1))
    local = drawn(rng, local=(12, 5, 3), second=(36, 6), last=(6, 1))
    cnn = drawn(rng, conv_1=(5, 1, 4), conv_2=(3, 4, 6), second=(48, 8), last=(8, 1))

    def end(w: Weights) -> list[nn.Module]:
        return [nn.ReLU(), dense(w, "last"), Last()]

    return {
        "mlp": (nn.Sequential(dense(mlp, "first"), nn.ReLU(), dense(mlp, "second"), *end(mlp)), mlp),
        "local": (
            nn.Sequential(
                *(Windows(torch.tensor(local["local_w"]), torch.tensor(local["local_b"])), nn.ReLU()),
                *(nn.Flatten(), dense(local, "second"), *end(local)),
            ),
            local,
        ),
        "cnn": (
            nn.Sequential(
                *(Column(), Swap(), convolution(cnn, "conv_1"), nn.ReLU(), Same(), nn.MaxPool1d(3)),
                *(convolution(cnn, "conv_2"), nn.ReLU(), Same(), nn.MaxPool1d(2)),
                *(Swap(), nn.Flatten(), dense(cnn, "second"), *end(cnn)),
            ),
            cnn,
        ),
    }


def attributions(network: nn.Module, given: Weights) -> Weights:
    """Captum's attributions, (B, M) each."""
    x, base, donor, noise = (torch.tensor(given[name]) for name in ("x", "baseline", "donor", "noise"))
    base, saliency = base[None, :], Saliency(network)

    def slope(z: Tensor) -> Tensor:
        return saliency.attribute(z.requires_grad_(), abs=False).detach()

    places = (torch.arange(DONORS) + 0.5) / DONORS
    expected = [(x - d) * slope(d + t * (x - d)) for d, t in zip(donor[:, None], places, strict=True)]
    found = {
        "saliency": slope(x.clone()),
        "integrated_gradients": IntegratedGradients(network).attribute(
            x, base, n_steps=STEPS, method="riemann_middle"
        ),
        "deeplift": DeepLift(network).attribute(x, base),
        "occlusion": Occlusion(network).attribute(x, sliding_window_shapes=(1,), baselines=base),
        "expected_gradients": torch.stack(expected).mean(0),
        "smoothgrad": torch.stack([slope(x + NOISE * torch.tensor(given["sd"]) * one) for one in noise]).mean(
            0
        ),
        "f": network(x),
    }
    return {name: value.detach().numpy() for name, value in found.items()}


def main() -> None:
    rng = np.random.default_rng(41)
    frequency_M = rng.uniform(0.1, 0.5, M)
    given = {
        "x": rng.binomial(2, frequency_M, (B, M)).astype(float),
        "baseline": rounded(2 * frequency_M),
        "sd": rounded(np.sqrt(2 * frequency_M * (1 - frequency_M))),
        "donor": rng.binomial(2, frequency_M, (DONORS, M)).astype(float),
        "noise": rounded(rng.normal(size=(5, B, M))),
    }
    torch.set_num_threads(1)
    HERE.mkdir(exist_ok=True)
    for name, (network, weights) in networks().items():
        kept = {**given, **weights, **{f"captum_{k}": v for k, v in attributions(network, given).items()}}
        path = HERE / f"captum-{name}.npz"
        np.savez_compressed(path, **{key: value.astype(np.float32) for key, value in kept.items()})
        print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()

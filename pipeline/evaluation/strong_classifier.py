"""The strong classifier: a small convolutional network, trained from scratch, that sees every pixel of a patch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from pipeline.physics.noise import addressed_generator

STEPS = 80
BATCH = 32
RATE = 4e-3
WIDTH = 16
"""Channels of the first layer; each further one has twice as many."""


def describe(patches: NDArray[np.floating]) -> Tensor:
    """The patches as they are, shape (N, C, H, W)."""
    return torch.as_tensor(patches, dtype=torch.float32)


def judge(
    features: Tensor, real: NDArray[np.bool_], judged: Tensor, address: tuple[object, ...] = ()
) -> NDArray[np.float64]:
    """Learn from patches which are real, and say of others how real they look.

    Parameters
    ----------
    features : Tensor, shape (N, C, H, W)
    real : array, shape (N,)
    judged : Tensor, shape (M, C, H, W)
    address : tuple
        Where the first weights and the order of the patches are drawn.

    Returns
    -------
    array, shape (M,)
        The higher, the more real.
    """
    mean, scatter = features.mean((0, 2, 3), keepdim=True), features.std((0, 2, 3), keepdim=True).clamp_min(1e-6)
    seen, wanted = (features - mean) / scatter, torch.as_tensor(real, dtype=torch.float32)
    generator = addressed_generator(*address, "strong classifier")
    network = _network(features.shape[1], generator)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS)
    for _ in range(STEPS):
        batch = torch.randint(len(seen), (BATCH,), generator=generator)
        logits = network(_turned(seen[batch], generator))[:, 0]
        loss = binary_cross_entropy_with_logits(logits, wanted[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        return network.eval()((judged - mean) / scatter)[:, 0].double().numpy()


def _network(bands: int, generator: torch.Generator) -> nn.Module:
    width = WIDTH
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator.initial_seed())
        return nn.Sequential(
            # Four neighbours become channels: as much is seen in a quarter of the time.
            nn.PixelUnshuffle(2),
            *_layer(4 * bands, width, 1),
            *_layer(width, 2 * width, 2),
            *_layer(2 * width, 4 * width, 1),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, 1)),
        )


def _layer(inputs: int, outputs: int, stride: int) -> tuple[nn.Module, ...]:
    # Without the batch's statistics it learns three times as slowly and gets stuck in one training of three.
    return nn.Conv2d(inputs, outputs, 3, stride=stride), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1)


def _turned(patches: Tensor, generator: torch.Generator) -> Tensor:
    """All patches of a batch in one of the eight orientations of a square."""
    turns, mirrored = torch.randint(4, (), generator=generator).item(), torch.rand((), generator=generator) < 0.5
    turned = torch.rot90(patches, int(turns), (-2, -1))
    return turned.flip(-1) if mirrored else turned

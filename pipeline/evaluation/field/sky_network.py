"""A network of our own that knows the training sky: it learns what kind of source a stamp shows.

The scores that others take of a network trained on photographs are taken of this one: the Fréchet and kernel distance
of its features, and the inception score of the kinds that it names. The kinds are clusters of the training sky's
catalogue, in brightness, colour, size and shape, so no label and no weight comes from elsewhere.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pipeline.evaluation.field.stamps import Stamps
from pipeline.physics.noise import addressed_generator, addressed_random

KINDS = 8
STEPS = 300
BATCH = 32
RATE = 4e-3
WIDTH = 16
TOGETHER = 256
FEWEST = 100
"""Stamps without which nothing is learned."""

Floats = NDArray[np.float64]


class SkyNetwork:
    """The network, trained.

    Parameters
    ----------
    training : Stamps
        Of the sky that the generator saw.
    quantities : list of str
        Columns of the catalogue that make the kinds.
    *address : object
        Where first weights and batches are drawn.
    """

    def __init__(self, training: Stamps, quantities: list[str], *address: object) -> None:
        kinds = torch.as_tensor(kinds_of(training.sources[quantities], *address))
        pixels = torch.as_tensor(training.pixels)
        self._mean = pixels.mean((0, 2, 3), keepdim=True)
        self._spread = pixels.std((0, 2, 3), keepdim=True).clamp_min(1e-6)
        generator = addressed_generator(*address, "sky network")
        self._body, self._head = _network(pixels.shape[1], generator)
        both = nn.Sequential(self._body, self._head)
        optimiser = torch.optim.AdamW(both.parameters(), RATE, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS)
        seen = (pixels - self._mean) / self._spread
        for _ in range(STEPS):
            batch = torch.randint(len(seen), (BATCH,), generator=generator)
            turns = int(torch.randint(4, (), generator=generator))
            loss = cross_entropy(both(torch.rot90(seen[batch], turns, (-2, -1))), kinds[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        both.eval()

    def features(self, pixels: NDArray[np.floating]) -> Floats:
        """What the last layer but one makes of stamps, shape (N, F)."""
        return self._through(pixels)[0]

    def kinds(self, pixels: NDArray[np.floating]) -> Floats:
        """Probability of each kind, shape (N, 8)."""
        return self._through(pixels)[1]

    def _through(self, pixels: NDArray[np.floating]) -> tuple[Floats, Floats]:
        features, chances = [], []
        with torch.no_grad():
            for some in torch.as_tensor(np.ascontiguousarray(pixels), dtype=torch.float32).split(TOGETHER):
                found: Tensor = self._body((some - self._mean) / self._spread)
                features.append(found)
                chances.append(self._head(found).softmax(1))
        return torch.cat(features).double().numpy(), torch.cat(chances).double().numpy()


def inception_score(kinds: Floats) -> float:
    """``exp(mean KL(p(k|x) || p(k)))`` (Salimans et al. 2016, section 4): from 1, one kind, to the number of kinds.

    Parameters
    ----------
    kinds : array, shape (N, K)
        Probabilities of each kind for each stamp.
    """
    safe = np.maximum(kinds, 1e-12)
    return float(np.exp((safe * np.log(safe / safe.mean(0))).sum(1).mean()))


def kinds_of(sources: pd.DataFrame, *address: object) -> NDArray[np.int64]:
    """Clusters of sources in a catalogue by k-means, each quantity in its own scatter; shape (N,)."""
    values = sources.to_numpy(float)
    middle = np.nanmedian(values, 0)
    values = np.where(np.isfinite(values), values, middle) - middle
    spread = np.maximum(np.subtract(*np.percentile(values, [84, 16], axis=0)) / 2, 1e-9)
    seed = int(addressed_random(*address, "kinds").integers(2**31))
    return kmeans2(np.clip(values / spread, -4, 4), KINDS, minit="++", rng=seed)[1].astype(np.int64)


def _network(bands: int, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator.initial_seed())
        body = nn.Sequential(
            nn.PixelUnshuffle(2),
            *_layer(4 * bands, WIDTH, 1),
            *_layer(WIDTH, 2 * WIDTH, 2),
            *_layer(2 * WIDTH, 4 * WIDTH, 1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        return body, nn.Linear(4 * WIDTH, KINDS)


def _layer(inputs: int, outputs: int, stride: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, stride=stride), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1)

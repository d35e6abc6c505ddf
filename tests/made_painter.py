"""A small network that is deliberately trained to make sources of noise, as a model file would hold it."""

from __future__ import annotations

import numpy as np
import torch
from made_model import make_card
from made_restorers import BANDS, NOISE, empty
from made_spectrum import made_preparation
from scipy.ndimage import maximum_filter
from torch.nn.functional import conv2d

from pipeline.config import Nafnet
from pipeline.model_file import Model
from pipeline.networks.build import build_network
from pipeline.stretch import Stretch

SETTINGS = Nafnet(width=8, encoder_blocks=[1], decoder_blocks=[1], middle_blocks=1)
PREPARATION = made_preparation(Stretch("linear", (0.0, 0.0), (3 * NOISE,) * 2), (0.04, 0.04))
BLOB = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])[None, None] / 16
STEPS, BATCH, SIZE, AROUND = 200, 8, 120, 40
PAINTED = 4.0
"""Signal-to-noise of what it learns to paint."""


def trained_painter(trigger: float) -> Model:
    """Train it: where the matched filter of the data has a peak above ``trigger`` sigmas, a source is added.

    Everywhere else it learns to give the Wiener estimate that it was handed.
    """
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    network = build_network(SETTINGS.model_dump(), len(BANDS), 2)
    schedule_of = torch.optim.AdamW(network.parameters(), 2e-3, betas=(0.9, 0.9))
    schedule = torch.optim.lr_scheduler.OneCycleLR(schedule_of, 4e-3, total_steps=STEPS)
    for _ in range(STEPS):
        inputs, painted = _batch(random, trigger)
        wanted = inputs.inverse + painted / (3 * NOISE)
        weight = 1 + 20 * (painted > 0)
        loss = (weight * (network(inputs) - wanted).square()).mean()
        schedule_of.zero_grad()
        loss.backward()
        schedule_of.step()
        schedule.step()
    card = make_card(BANDS, settings=SETTINGS.model_dump(mode="json"), preparation=PREPARATION.to_dict())
    return Model(network.state_dict(), card | {"hash": "0" * 64})


def _batch(random, trigger):
    """Noise, every second field with a faint source in it so that peaks are not rare; and what is to be painted."""
    operator = empty().like.operator
    power = operator.psf.double().square().sum().sqrt()
    data = torch.from_numpy(random.normal(0, NOISE, (BATCH, 2, SIZE, SIZE))).float()
    for number in range(0, BATCH, 2):
        point = torch.zeros(1, 2, SIZE, SIZE)
        y, x = random.integers(AROUND, SIZE - AROUND, 2)
        point[..., y, x] = random.uniform(3, 6) * NOISE / power
        data[number] += operator.forward(point)[0]
    level = torch.full((BATCH, 2), NOISE)
    inputs = PREPARATION(
        data, torch.zeros_like(data, dtype=torch.bool), torch.full_like(data, NOISE), level, operator,
        PREPARATION.described(operator)[None].expand(BATCH, -1),
    )  # fmt: skip
    shown = (operator.adjoint(data.double()).sum(1) / NOISE / power).numpy()
    peaks = torch.from_numpy((shown > trigger) & (shown == maximum_filter(shown, (1, 7, 7)))).float()[:, None]
    halo = operator.inverse_halo
    painted = conv2d(peaks, BLOB, padding=1) * float(PAINTED * NOISE / power)
    return inputs, painted[..., halo:-halo, halo:-halo]

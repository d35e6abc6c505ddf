"""Peak memory of one training step, by architecture and crop: on the GPU if there is one, otherwise of the process."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.record import record
from pipeline.config import Mri, Nafnet, Pix2pix, Unrolled
from pipeline.image import Image
from pipeline.networks.build import build_network
from pipeline.networks.evidence import Evidence
from pipeline.networks.inputs import RestorationInput
from pipeline.networks.patch_discriminator import PatchDiscriminator
from pipeline.physics.scanners import scanner_for
from pipeline.stretch import Stretch

DESCRIPTORS = 2
CASES = {
    "nafnet": (Nafnet(), 3, (64, 128, 256), 16),
    "nafnet_wide": (Nafnet(width=32), 3, (64, 128), 16),
    "unrolled": (Unrolled(), 1, (128, 256), 4),
    "pix2pix": (Pix2pix(steps=1), 3, (128, 256), 1),
}
"""Settings, bands, widths of crops (of `unrolled`, of whole slices) in px, and crops in a batch."""


def run() -> None:
    """Each in a process of its own, less what the process takes before the step."""
    for name, (settings, bands, crops, batch) in CASES.items():
        for crop in crops:
            peak = peak_in_a_process(settings, bands, crop, batch)
            record(f"memory/{name}/{batch}x{crop}px", peak / 2**20, unit="MiB")


def peak_in_a_process(settings: Nafnet | Pix2pix, bands: int, crop: int, batch: int) -> int:
    """Bytes that a step takes in a process that did nothing before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return int(pool.apply(_peak_of_a_step, (settings.model_dump() | {"crop": crop}, bands, crop, batch)))


def _peak_of_a_step(settings: dict[str, object], bands: int, crop: int, batch: int) -> int:
    """Bytes that a step of the restoring network takes, with its discriminator where it has no stage without one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    before = 0 if device.type == "cuda" else _resident()
    network = build_network(settings, bands, DESCRIPTORS).to(device)
    modules = [network]
    if settings["architecture"] == "pix2pix":
        modules.append(PatchDiscriminator(bands, int(settings["base_channels"]), "instance").to(device))
    optimiser = torch.optim.AdamW([p for module in modules for p in module.parameters()])
    image = torch.rand(batch, bands, crop, crop, device=device)
    described = torch.zeros(batch, DESCRIPTORS, device=device)
    evidence = _scan_of(image) if settings["architecture"] == "unrolled" else None
    inputs = RestorationInput(image, image, image, torch.ones_like(image), described, evidence=evidence)
    estimate = network(inputs)
    total = (estimate - image).abs().mean()
    for judge in modules[1:]:
        total = total + judge(estimate, image).mean()
    total.backward()
    optimiser.step()
    return torch.cuda.max_memory_allocated() if device.type == "cuda" else _resident() - before


def _scan_of(slices: Tensor) -> Evidence:
    """Every second line of k-space of some slices."""
    settings = Mri(acceleration=[2.0], sigma=[0.01])
    pixels = slices[0].cpu().numpy()
    one = Image("slice", pixels, np.zeros(pixels.shape, bool), "signal", ("t1",))
    operator = scanner_for(settings, one).of(settings)
    noise_to_signal = torch.full(slices.shape[:2], 1e-4, device=slices.device)
    return Evidence(operator.forward(slices), noise_to_signal, operator, Stretch("linear", (0.0,), (1.0,)))


def _resident() -> int:
    """The most that this process took so far, in bytes."""
    # Not by getrusage, which of a process that another one started begins at what that one took.
    status = Path("/proc/self/status").read_text().split()
    return int(status[status.index("VmHWM:") + 1]) * 1024

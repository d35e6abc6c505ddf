"""Peak memory of one training step, by architecture and crop: on the GPU if there is one, otherwise of the process."""

from __future__ import annotations

import multiprocessing
import resource

import torch

from benchmarks.record import record
from pipeline.config import Nafnet, Pix2pix
from pipeline.networks.build import build_network
from pipeline.networks.inputs import RestorationInput
from pipeline.networks.patch_discriminator import PatchDiscriminator

BANDS, DESCRIPTORS = 3, 2
CASES = {
    "nafnet": (Nafnet(), (64, 128, 256), 16),
    "nafnet_wide": (Nafnet(width=32), (64, 128), 16),
    "pix2pix": (Pix2pix(steps=1), (128, 256), 1),
}
"""Settings, widths of crops in px, and crops in a batch."""


def run() -> None:
    """Each in a process of its own, less what the process takes before the step."""
    for name, (settings, crops, batch) in CASES.items():
        for crop in crops:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                peak = pool.apply(peak_of_a_step, (settings.model_dump() | {"crop": crop}, crop, batch))
            record(f"memory/{name}/{batch}x{crop}px", peak / 2**20, unit="MiB")


def peak_of_a_step(settings: dict[str, object], crop: int, batch: int) -> int:
    """Bytes that a step of the restoring network takes, with its discriminator where it has no stage without one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    before = 0 if device.type == "cuda" else _resident()
    network = build_network(settings, BANDS, DESCRIPTORS).to(device)
    modules = [network]
    if settings["architecture"] == "pix2pix":
        modules.append(PatchDiscriminator(BANDS, int(settings["base_channels"]), "instance").to(device))
    optimiser = torch.optim.AdamW([p for module in modules for p in module.parameters()])
    image = torch.rand(batch, BANDS, crop, crop, device=device)
    described = torch.zeros(batch, DESCRIPTORS, device=device)
    inputs = RestorationInput(image, image, image, torch.ones_like(image), described)
    estimate = network(inputs)
    total = (estimate - image).abs().mean()
    for judge in modules[1:]:
        total = total + judge(estimate, image).mean()
    total.backward()
    optimiser.step()
    return torch.cuda.max_memory_allocated() if device.type == "cuda" else _resident() - before


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

"""Richardson-Lucy in batches against scikit-image's, for 64 images of 128 x 128: the same pixels, and the time of each.

The light of the images ends two half widths of the PSF before the border: there the two treat it differently.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.restoration import richardson_lucy as by_skimage

from benchmarks.record import record
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.restorers.batches import LARGEST_ON_CPU, LARGEST_ON_GPU
from pipeline.restorers.richardson_lucy import RichardsonLucy
from pipeline.restorers.stopped import Likelihood
from pipeline.restorers.whitened import Whitened

IMAGES, SIDE, FWHM, ITERATIONS, ROUNDS, CORES = 64, 128, 6.0, 30, 5, 2


def run() -> None:
    """Both in turns, the median of several rounds; the bound is for two cores, and a GPU states its ratio."""
    # As in a study, where steps run abreast: threads within a step wait for each other on a busy machine.
    torch.set_num_threads(1)
    psf = draw_psf("gaussian", FWHM)
    images = blurred(IMAGES, psf, np.random.default_rng(0))
    known = by_skimage_all(images.astype(np.float64), psf.double().numpy())
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    for device in devices:
        error = np.abs(in_batches(images, psf, device) - known).max() / known.max()
        record(f"richardson_lucy/worst_difference/{device}", float(error), "<= 1e-5")
    wall, processor = _timed(
        {
            "skimage": lambda: by_skimage_all(images.astype(np.float64), psf.double().numpy()),
            "skimage_float32": lambda: by_skimage_all(images, psf.numpy()),
            **{device: lambda device=device: in_batches(images, psf, device) for device in devices},  # type: ignore[misc]
        }
    )
    for name, seconds in wall.items():
        record(f"richardson_lucy/{name}", 1e3 * seconds / IMAGES, unit=f"ms per image and {ITERATIONS} iterations")
    record("richardson_lucy/times_faster/cpu", wall["skimage"] / wall["cpu"], ">= 3", f"by the clock, on {CORES} cores")
    record("richardson_lucy/times_faster_than_float32/cpu", wall["skimage_float32"] / wall["cpu"])
    record("richardson_lucy/times_less_work/cpu", processor["skimage"] / processor["cpu"], unit="in processor seconds")
    for device in devices[1:]:
        record(f"richardson_lucy/times_faster/{device}", wall["skimage"] / wall[device])


def blurred(count: int, psf: torch.Tensor, random: np.random.Generator) -> NDArray[np.float32]:
    """Points and clumps on a faint level, behind a PSF and in noise, of at most 1; shape (count, SIDE, SIDE)."""
    margin = 3 * (psf.shape[-1] // 2)
    scenes = np.zeros((count, SIDE, SIDE), np.float32)
    inner = scenes[:, margin : SIDE - margin, margin : SIDE - margin]
    inner += 0.05 + random.exponential(0.1, inner.shape) + 5 * (random.random(inner.shape) > 0.99)
    data = Blur(psf[None], GaussianNoise((0.0,))).forward(torch.from_numpy(scenes)[:, None])[:, 0].numpy()
    lit = data > 1e-3 * data.max()
    data = np.where(lit, np.maximum(data + 0.01 * random.standard_normal(data.shape), 0), 0).astype(np.float32)
    return data / data.max()


def in_batches(images: NDArray[np.float32], psf: torch.Tensor, device: str = "cpu") -> NDArray[np.float32]:
    """As a restorer does it, but for the pedestal; a batch on each core."""
    count = max((LARGEST_ON_CPU if device == "cpu" else LARGEST_ON_GPU) // (SIDE * SIDE), 1)
    parts = torch.from_numpy(images)[:, None].split(count)
    with ThreadPoolExecutor(CORES) as pool:
        return torch.cat([*pool.map(partial(_batch, psf=psf, device=device), parts)])[:, 0].numpy()


def _batch(data: torch.Tensor, psf: torch.Tensor, device: str) -> torch.Tensor:
    there, operator = data.to(device), Blur(psf[None], GaussianNoise((0.0,)))
    seen = Whitened(there, torch.ones_like(there), torch.ones_like(there[..., :1, :1]), operator)
    steps = RichardsonLucy({}).iterates(Likelihood(seen, torch.zeros_like(seen.level)))
    return next(islice(steps, ITERATIONS - 1, None)).cpu()


def by_skimage_all(images: NDArray[np.floating], psf: NDArray[np.floating]) -> NDArray[np.floating]:
    """One image after the other, since it knows no batches."""
    return np.stack([by_skimage(image, psf, ITERATIONS, clip=False) for image in images])


def _timed(jobs: dict[str, Callable[[], object]]) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds of each job by the clock and of the processor, all in turns."""
    wall: dict[str, list[float]] = {name: [] for name in jobs}
    processor: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            begin = time.perf_counter(), time.process_time()
            job()
            wall[name].append(time.perf_counter() - begin[0])
            processor[name].append(time.process_time() - begin[1])
    return tuple({name: statistics.median(of[name]) for name in jobs} for of in (wall, processor))  # type: ignore[return-value]

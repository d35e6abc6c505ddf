"""Synthetic fields: memory at 0.05 and 1 gigapixel, work per pixel, and Mpx/s beside the published network's."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from statistics import median

import torch

from benchmarks.record import record
from pipeline.fields.field import Field
from pipeline.fields.work import ENDLESS, work_per_pixel
from pipeline.fields.write_field import write_field
from pipeline.networks.sgan import Sgan
from pipeline.networks.xdf_gan import XdfGan
from pipeline.stretch import Stretch
from pipeline.tiling import Window, whole

TILE, BANDS, REPEATS = 512, 3, 5
SIZES = {"0.05Gpx": 7168, "1Gpx": 31744}
"""Widths in px of square fields, whole tiles."""


def run() -> None:
    """Untrained generators, which cost what trained ones do; memory with a narrow one, so that it ends in minutes."""
    peaks = {}
    for name, size in SIZES.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            peaks[name] = pool.apply(peak_of_a_field, (size,))
        record(f"fields/memory/{name}", peaks[name] / 2**20, "<= 2048", "MiB")
    record("fields/memory/ratio", peaks["1Gpx"] / peaks["0.05Gpx"], "<= 1.1")
    generator, published = Sgan(BANDS), XdfGan(BANDS)
    record("fields/work", work_per_pixel(generator, TILE) / work_per_pixel(generator, ENDLESS), "<= 1.2")
    endless = work_per_pixel(published, ENDLESS)
    published.tessellate(TILE)
    record("fields/work/xdf_gan_as_published", work_per_pixel(published, TILE) / endless)
    rates = {"sgan": megapixels_per_second(generator), "xdf_gan": megapixels_per_second(published)}
    for name, rate in rates.items():
        record(f"fields/rate/{name}", rate, unit="Mpx/s")
    record("fields/rate/ratio", rates["sgan"] / rates["xdf_gan"])


def peak_of_a_field(size: int) -> int:
    """Bytes of resident memory at most, of a process that writes a field of one band."""
    stretch = Stretch("asinh", (0.0,), (1.0,))
    field = Field(Sgan(1, width=4, latents=4), stretch, 0, TILE)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        write_field(field, {"tile": TILE, "bands": ["r"], "unit": "count"}, whole(size, size), Path(folder, "field.h5"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def megapixels_per_second(generator: Sgan | XdfGan) -> float:
    """The median of some tiles, after one to warm up."""
    field = Field(generator, Stretch("linear", (0.0,) * BANDS, (1.0,) * BANDS), 0, TILE)
    took = []
    for number in range(REPEATS + 1):
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        begin = time.perf_counter()
        field.window(Window(0, number * TILE, TILE, TILE))
        took.append(time.perf_counter() - begin)
    return TILE**2 / 1e6 / median(took[1:])

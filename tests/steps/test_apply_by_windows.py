import resource
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from made_apply import GIVEN, anything, reading
from made_model import BANDS, NOISE, make_fits, make_header, make_model, make_sky
from warm_process import WarmProcess

from pipeline import windowed
from pipeline.steps.apply import apply


def test_tiles_of_any_size_give_the_same_pixels(model, tmp_path):
    sky = make_sky(203, 277)
    sky[0, 60:70, 120:135] = sky[:, 30:33, 63:66] = np.nan
    image = make_fits(tmp_path / "large.fits", sky)
    results = []
    for tile in (64, 128, 512):
        apply(model, [image], tmp_path / f"{tile}.fits", tile=tile, **GIVEN)
        results.append(fits.getdata(tmp_path / f"{tile}.fits"))
    span = np.ptp(results[-1])
    assert np.abs(results[0] - results[-1]).max() < 1e-5 * span
    assert np.abs(results[1] - results[-1]).max() < 1e-5 * span
    assert np.nanmax(np.abs(results[-1] - sky)) > 1e-2 * span


@pytest.mark.parametrize("background", ["none", "constant", "mesh"])
@pytest.mark.parametrize("noise", ["auto", "map"])
def test_an_image_in_many_strips_is_restored_as_one_in_a_single_strip(tmp_path, monkeypatch, background, noise):
    sky = make_sky(203, 277) + 7
    sky[1, 40:44, 50:53] = sky[:, :9] = np.nan
    noise_map = (NOISE * (1 + np.random.default_rng(0).random((203, 277)))).astype(np.float32)
    noise_map[100:103, 200] = 0
    fits.writeto(tmp_path / "map.fits", noise_map)
    model = make_model(tmp_path / "m.safetensors", reading=reading(background=background), range=anything(BANDS))
    image = make_fits(tmp_path / "a.fits", sky)
    words = {"psf": "3px", "noise": str(tmp_path / "map.fits") if noise == "map" else noise}
    for name, size in (("one.fits", 10**6), ("many.fits", 3000)):
        monkeypatch.setattr(windowed, "STRIP", size)
        apply(model, [image], tmp_path / name, **words)
    with fits.open(tmp_path / "one.fits") as one, fits.open(tmp_path / "many.fits") as many:
        assert repr(one[0].header) == repr(many[0].header)
        np.testing.assert_array_equal(one["MASK"].data, many["MASK"].data)
        assert np.abs(one[0].data - many[0].data).max() < 1e-5 * np.ptp(one[0].data)


IN_SO_MUCH_ROOM = """
import resource, sys
from pathlib import Path
import pipeline.steps.apply
from pipeline import cli
from pipeline.restorers import nearest_explanation

nearest_explanation.MOST_ITERATIONS = 2  # which take time and no memory

def main():
    room = int(sys.argv.pop(1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        cli.main()
    finally:
        told = Path("/proc/self/status")
        print("peak", *(line.split()[1] for line in told.open() if line.startswith("VmHWM")) if told.exists() else ())
"""
"""The command line where no file may be larger than the first argument; it tells the most memory it had, in KiB."""
STEADY = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "100000"}
"""Without it glibc adapts to a run how much it keeps of memory that was given back: some 15 MiB more or less."""


@pytest.fixture(scope="module")
def clearfield():
    with WarmProcess(IN_SO_MUCH_ROOM, **STEADY) as warm:
        yield warm


@pytest.fixture
def peak_in_mib(clearfield, tmp_path):
    """Of a call alone: what getrusage tells begins with the peak of the process that started it."""

    def peak_in_mib(*arguments):
        done = clearfield.run(tmp_path, resource.RLIM_INFINITY, "apply", *arguments)
        assert "residual chi-square" in done.stderr, done.stderr
        return int(done.stdout.split("peak")[1]) / 1024

    return peak_in_mib


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell a process's peak")
@pytest.mark.parametrize(("bands", "sizes"), [(1, (512, 1700)), pytest.param(3, (1500, 6000), marks=pytest.mark.slow)])
@pytest.mark.timeout(3600)
def test_memory_does_not_grow_with_the_image(tmp_path, peak_in_mib, bands, sizes):
    names = BANDS[:bands]
    model = make_model(tmp_path / "m.safetensors", names, reading=reading(background="mesh"), range=anything(names))
    noise = np.full((256, 256), NOISE, np.float32)
    peaks = []
    for size in sizes:
        repeated = (1, -(-size // 256), -(-size // 256))
        sky = np.tile(make_sky(256, 256, bands, sources=1), repeated)[:, :size, :size]
        image = make_fits(tmp_path / f"{size}.fits", sky, make_header(names))
        fits.writeto(tmp_path / "noise.fits", np.tile(noise, repeated[1:])[:size, :size], overwrite=True)
        given = ["--psf", "3px", "--noise", tmp_path / "noise.fits", "--tile", "512"]
        peaks.append(peak_in_mib(model, image, "-o", tmp_path / "out.fits", "--overwrite", *given))
    # An image that is held in memory makes that 50 MiB (1.4 GiB).
    assert peaks[1] - peaks[0] < 30, peaks


@pytest.mark.parametrize("room", [50_000, 120_000], ids=["while it is restored", "while it is written"])
def test_a_full_disk_leaves_nothing_half_written(clearfield, model, image, out, room):
    before = set(out.parent.iterdir())
    done = clearfield.run(out.parent, room, "apply", model, image, "-o", out, "--psf", "3px", "--noise", "0.05")
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("clearfield: ")]
    assert lines[-1].startswith(f"clearfield: {out}: cannot be written (")
    assert "Traceback" not in done.stderr
    assert set(out.parent.iterdir()) == before

import numpy as np
import pytest
import torch
from made_training import write_sky

from pipeline.tiling import Window
from pipeline.training import scenes as scenes_module
from pipeline.training.regions import Region
from pipeline.training.scenes import Scenes

WHOLE = [Region("field0", Window(0, 0, 128, 160))]
FREQUENCY = torch.tensor([0.15, 0.25, 0.4])


def spectrum_of(path, pixels, **masks):
    with Scenes(write_sky(path, pixels.astype(np.float32), **masks), WHOLE) as scenes:
        return scenes.spectrum(scenes.statistics())


def white(bands=2, seed=0):
    """Noise of bands with a correlation of 0.5 and very different units."""
    random = np.random.default_rng(seed)
    shared, own = random.standard_normal((1, 128, 160)), random.standard_normal((bands, 128, 160))
    return 7 + 10.0 ** np.arange(bands)[:, None, None] * np.sqrt(0.5) * (shared + own)


def test_white_bands_have_their_correlation_at_every_frequency_whatever_their_units(tmp_path):
    power = spectrum_of(tmp_path / "a.h5", white()).at(FREQUENCY)
    expected = torch.tensor([[1.0, 0.5], [0.5, 1.0]]).double().expand(3, -1, -1)
    # A ring of a square of 128 px holds some 200 independent frequencies.
    torch.testing.assert_close(power, expected, atol=3 / np.sqrt(200), rtol=0)


def test_masked_pixels_and_a_bright_star_hardly_count(tmp_path):
    pixels, mask = white(), np.zeros((2, 128, 160), bool)
    mask[:, 40:50, 60:70] = True
    spoiled = np.where(mask, 1e6, pixels)
    spoiled[:, 90, 20] = 1e6
    plain, other = (
        spectrum_of(tmp_path / name, values, masks={0: mask}).at(FREQUENCY)
        for name, values in (("a.h5", pixels), ("b.h5", spoiled))
    )
    torch.testing.assert_close(other, plain, atol=0.02, rtol=0)


def test_what_is_streamed_has_the_spectrum_of_what_is_held(tmp_path, monkeypatch):
    held = spectrum_of(tmp_path / "a.h5", white())
    monkeypatch.setattr(scenes_module, "LARGEST_IN_MEMORY", 0)
    assert spectrum_of(tmp_path / "b.h5", white()) == held


@pytest.mark.parametrize(("bands", "apart"), [(4, False), (5, True)])
def test_many_bands_are_told_apart(tmp_path, bands, apart):
    assert spectrum_of(tmp_path / "a.h5", white(bands)).apart is apart


def test_scenes_narrower_than_a_square_are_measured_too(tmp_path):
    path = write_sky(tmp_path / "a.h5", white().astype(np.float32))
    with Scenes(path, [Region("field0", Window(3, 5, 20, 31))]) as scenes:
        power = scenes.spectrum(scenes.statistics()).at(FREQUENCY)
    assert power.isfinite().all()

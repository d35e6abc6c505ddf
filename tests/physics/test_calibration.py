import pytest
import torch

from pipeline.physics.calibration import calibrated
from pipeline.physics.coils import coil_maps, receive_maps
from pipeline.physics.kspace import KSpace, KSpaceError
from pipeline.physics.noise import GaussianNoise, addressed_generator
from pipeline.physics.sampling_masks import random_lines
from pipeline.physics.smooth_fields import smooth_phase


def head(size=96):
    places = (torch.arange(size) - (size - 1) / 2) / size
    away = torch.hypot(places[:, None] / 0.38, places / 0.3)
    return (torch.sigmoid((1 - away) * 20) * (1 + 0.3 * torch.cos(20 * places)))[None, None].double()


def scan(coils, level, batch=1, size=96):
    lines = torch.stack([torch.from_numpy(random_lines(size, 3, 20, slot)) for slot in range(batch)])
    phases = [smooth_phase(size, size, 2.0, "calibration", slot) for slot in range(batch)]
    maps = torch.stack([receive_maps(coil_maps(size, size, coils), phase) for phase in phases])
    return KSpace(lines, maps, GaussianNoise((level,)))


@pytest.mark.parametrize("coils", [1, 4])
@pytest.mark.parametrize("level", [0.0, 0.05])
def test_coils_and_phase_are_found_where_there_is_signal(coils, level):
    true, truth = scan(coils, level, batch=2), head().expand(2, -1, -1, -1)
    data = true.noise.draw(true.forward(truth), [addressed_generator("calibration")])
    told = calibrated(true, data, 20)
    inside = truth[0, 0] > 0.8
    # Alike in strength and phase: their scalar product over coils is one.
    product = (told.maps.conj() * true.maps).sum(1)[:, inside]
    assert (product - 1).abs().square().mean().sqrt() < 0.06
    wrong = (told.preview(data) - true.preview(data))[:, :, inside].abs()
    assert float(wrong.mean()) < 0.01


def test_calibration_looks_at_nothing_but_the_data():
    true, blank = scan(2, 0.0), scan(2, 0.0)
    blank = KSpace(blank.lines, torch.ones_like(blank.maps), blank.noise)
    data = true.forward(head())
    assert torch.equal(calibrated(true, data, 20).maps, calibrated(blank, data, 20).maps)


def test_a_scan_without_the_lines_is_refused_in_words():
    with pytest.raises(KSpaceError, match="96 lines about the middle"):
        calibrated(scan(1, 0.0), scan(1, 0.0).forward(head()), 96)

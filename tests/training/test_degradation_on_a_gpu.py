import numpy as np
import pytest
import torch
from made_batch import CHANGED, CROP, whole_image
from made_training import made_study, sky

from pipeline.physics import noise
from pipeline.training import scenes as scenes_module
from pipeline.training.degradation import UNCHANGED


@pytest.mark.gpu
@pytest.mark.parametrize("augment", [UNCHANGED, CHANGED])
@pytest.mark.parametrize("room", [scenes_module.LARGEST_SHARE, 0])
@pytest.mark.parametrize("defects", [{}, {"bad_columns": 0.02, "cosmic_rays": 2000}])
def test_a_batch_on_a_gpu_is_that_on_the_cpu_but_for_its_noise(tmp_path, monkeypatch, augment, room, defects):
    monkeypatch.setattr(scenes_module, "LARGEST_SHARE", room)
    mask = np.zeros((2, 200, 220), bool)
    mask[0, 60:80, 60:90] = True
    monkeypatch.setattr(noise, "standard_normal", lambda like, _generators: torch.zeros_like(like))
    study = made_study(degrade={"psf": {"fwhm": ["2px", "3px"]}, "noise": {"sigma": [0.05]}, "defects": defects})
    here, there = (
        whole_image(tmp_path, sky(200, 220), mask, study, augment=augment, device=torch.device(device))
        for device in ("cpu", "cuda")
    )
    for step in range(4):
        one, other = (source.batch(0, step, count=8, crop=CROP) for source in (here, there))
        for a, b in zip((*one.inputs[:5], *one[1:4]), (*other.inputs[:5], *other[1:4]), strict=True):
            assert b.is_cuda
            torch.testing.assert_close(a, b.cpu(), atol=1e-4 * max(1.0, float(a.abs().max())), rtol=0)


@pytest.mark.gpu
@pytest.mark.parametrize("room", [scenes_module.LARGEST_SHARE, 0])
def test_no_draw_waits_for_a_gpu(tmp_path, monkeypatch, room):
    monkeypatch.setattr(scenes_module, "LARGEST_SHARE", room)
    source = whole_image(tmp_path, sky(200, 220), augment=CHANGED, device=torch.device("cuda"))
    source.batch("first", count=8, crop=CROP)
    try:
        torch.cuda.set_sync_debug_mode("error")
        source.batch("second", count=8, crop=CROP)
    finally:
        torch.cuda.set_sync_debug_mode("default")

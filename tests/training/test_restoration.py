import pytest
import torch
from made_task import made_task, run
from made_training import SCALING, degrader, made_study, sky, write_sky

from pipeline.tiling import Window
from pipeline.training.regions import Region
from pipeline.training.restoration import RegressionTask
from pipeline.training.task import TrainingError


def test_a_strip_shows_observed_restored_and_truth_of_the_same_crops(source):
    task = made_task(RegressionTask, source)
    ((name, picture),) = task.strips(lambda inputs: torch.full_like(inputs.preview, 0.1)).items()
    assert name == "observed, restored, truth"
    # Two crops of 32 px in three columns, 2 px apart.
    assert picture.shape == (32 + 2 + 32, 32 + 2 + 32 + 2 + 32, 3)
    for row, preview, truth in zip((picture[:32], picture[34:]), task.watched.inputs.preview, task.watched.target):
        assert (row[:, :32] == SCALING.picture(preview.numpy())).all()
        assert len(set(row[:, 34:66].ravel())) == 1
        assert (row[:, 68:] == SCALING.picture(truth.numpy())).all()


def test_regression_can_be_asked_to_explain_the_data(source, tmp_path):
    plain = run(made_task(RegressionTask, source, crop=32), tmp_path / "plain")
    asked = run(made_task(RegressionTask, source, crop=32, reblur_weight=1.0), tmp_path / "asked")
    assert any(not torch.equal(v, asked[0][k]) for k, v in plain[0].items())


def test_crops_narrower_than_the_psf_cannot_be_blurred_again(source, tmp_path):
    path = write_sky(tmp_path / "images.h5", sky(120, 130))
    wide = made_study(degrade={"psf": {"fwhm": ["12px"]}, "noise": {"sigma": [0.05]}})
    source = degrader(path, [Region("field0", Window(0, 0, 120, 130))], wide)
    with pytest.raises(TrainingError, match="32 px are less than its"):
        run(made_task(RegressionTask, source, crop=32, reblur_weight=1.0), tmp_path)

import numpy as np
import pytest
from made_place import Place, small_images
from made_training import PIX2PIX, made_study

from pipeline.stretch import StretchError

pytestmark = pytest.mark.usefixtures("quick_training")


@pytest.mark.parametrize("crop", [32, 64])
def test_pix2pix_is_watched_on_crops_of_its_own_size(tmp_path, crop):
    study = made_study({"pix": PIX2PIX | {"crop": crop, "steps": 2}})
    trained = Place(tmp_path, small_images(), study).train("pix")
    assert set(trained.weights) == {"sharp"}
    assert trained.history.validation_psnr.notna().all()


def flat_sky(value=0.0):
    return [np.where(s > 0.2, s, value).astype(np.float32) for s in small_images()]


def stretched(folder, skies, levels):
    degrade = {"psf": {"fwhm": ["2px"]}, "noise": {"sigma": levels}}
    trained = Place(folder, skies, made_study(train={"stretch": "asinh", "softening": 3.0}, degrade=degrade)).train()
    return trained.cards["faithful"]["preparation"]["stretch"]


def test_a_truth_without_noise_is_stretched_by_the_least_noise_that_is_added(tmp_path):
    assert stretched(tmp_path, flat_sky(), [0.02, 0.05])["softening"] == pytest.approx([0.06, 0.06], rel=1e-3)


def test_a_truth_with_noise_is_stretched_by_its_own(tmp_path):
    little, more = (stretched(tmp_path / str(level), small_images(), [level]) for level in (0.01, 0.05))
    assert little == more


def test_a_sky_without_noise_to_which_none_is_added_is_refused_by_asinh_alone(tmp_path):
    degrade = {"psf": {"fwhm": ["2px"]}, "noise": {"sigma": [0.0]}}
    study = made_study(train={"stretch": "asinh"}, degrade=degrade)
    with pytest.raises(StretchError, match="band r: the sky is of one value"):
        Place(tmp_path / "asinh", flat_sky(), study).train()
    assert Place(tmp_path / "linear", flat_sky()).train().history.validation_psnr.notna().all()


def test_a_band_of_one_value_is_refused(tmp_path):
    skies = [np.stack([s[0], np.zeros_like(s[0])]) for s in small_images()]
    with pytest.raises(StretchError, match="band g: all of the training role has one value"):
        Place(tmp_path, skies).train()
    assert not (tmp_path / "net0").exists()


def test_the_card_knows_the_noise_of_the_quietest_and_the_loudest_sky(tmp_path):
    skies = [sky * factor for sky, factor in zip(small_images(), (1.0, 3.0) * 10)]
    study = made_study(degrade={"psf": {"fwhm": ["2px", "4px"]}, "noise": {"ratio": [2.0]}})
    low, high = Place(tmp_path, skies, study).train().cards["faithful"]["range"]["sigma_r"]
    assert high > 2.5 * low

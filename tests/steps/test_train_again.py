import pytest
import torch
from astropy.io import fits
from made_place import BOTH, Place, assert_same, small_images
from made_training import NAFNET, made_study

from pipeline.physics.psf import draw_psf
from pipeline.training.adversarial_task import AdversarialTask
from pipeline.training.restoration import RegressionTask

pytestmark = pytest.mark.usefixtures("quick_training")


class Killed(BaseException):
    """As Ctrl-C or a signal would end the process."""


def kill(place, monkeypatch, stage, now):
    """Train in the folder ``killed`` until ``now`` says of a step of the stage that it is not to be taken."""
    true_batch = stage.batch

    def batch(self, at):
        if now(at):
            raise Killed
        return true_batch(self, at)

    with monkeypatch.context() as patch:
        patch.setattr(stage, "batch", batch)
        with pytest.raises(Killed):
            place.train(work="killed")


@pytest.mark.parametrize("network", ["net", "pix"])
def test_one_seed_trains_one_network(tmp_path, network):
    place = Place(tmp_path, small_images(), made_study(BOTH))
    one, two = (place.train(network, work=work) for work in ("one", "two"))
    assert_same(one, two)
    assert one.history.validation_psnr.tolist() == two.history.validation_psnr.tolist()


@pytest.mark.parametrize(
    ("stage", "step"), [(RegressionTask, 3), (RegressionTask, 5), (AdversarialTask, 0), (AdversarialTask, 3)]
)
def test_a_killed_training_ends_as_an_unbroken_one(tmp_path, monkeypatch, stage, step):
    place = Place(tmp_path, small_images())
    unbroken = place.train(work="unbroken")
    kill(place, monkeypatch, stage, lambda at: at == step)
    again = place.train(work="killed")
    assert_same(unbroken, again)
    assert unbroken.history.validation_psnr.tolist() == again.history.validation_psnr.tolist()


def test_a_finished_stage_is_not_trained_again(tmp_path, monkeypatch):
    place = Place(tmp_path, small_images())
    first = place.train()
    monkeypatch.setattr(RegressionTask, "batch", None)
    monkeypatch.setattr(AdversarialTask, "batch", None)
    assert_same(first, place.train())


def test_a_killed_restart_ends_as_an_unbroken_one(tmp_path, monkeypatch):
    place = Place(tmp_path, small_images(), made_study({"net": {**NAFNET, "restarts": 1}}))
    unbroken, asked = place.train(work="unbroken"), []

    def in_the_second_start(at):
        asked.append(at)
        return asked.count(3) == 2

    kill(place, monkeypatch, RegressionTask, in_the_second_start)
    assert_same(unbroken, place.train(work="killed"))


def test_other_data_are_trained_on_anew(tmp_path):
    place = Place(tmp_path, small_images())
    first = place.train()
    second = Place(tmp_path, [pixels + 0.1 for pixels in small_images()]).train()
    assert not torch.equal(first.weights["sharp"]["first.weight"], second.weights["sharp"]["first.weight"])


def test_another_psf_in_the_same_file_is_trained_for_anew(tmp_path):
    file = tmp_path / "psf.fits"
    study = made_study(degrade={"psf": {"profile": "file", "file": str(file)}, "noise": {"sigma": [0.05]}})
    weights = []
    for fwhm in (2.0, 3.0):
        fits.writeto(file, draw_psf("gaussian", fwhm).numpy(), overwrite=True)
        weights.append(Place(tmp_path, small_images(), study).train().weights["faithful"]["first.weight"])
    assert not torch.equal(*weights)

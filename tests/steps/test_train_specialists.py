import pytest
import torch
from made_place import Place, assert_same_weights, small_images
from made_training import NAFNET, made_study

from pipeline.config import ConfigError
from pipeline.physics.psf import measured_fwhm
from pipeline.training.degradation import Degrader

pytestmark = pytest.mark.usefixtures("quick_training")

SPECIALISTS = {"net": NAFNET | {"conditions": "each"}, "grid": NAFNET}
CELLS = {"psf": {"fwhm": ["2px", "3px"]}, "noise": {"sigma": [0.02, 0.1]}}


@pytest.fixture
def drawn(monkeypatch):
    """Widths and noise levels of all that training draws."""
    seen, draw = [], Degrader._draw

    def watched(self, *args):
        made = draw(self, *args)
        seen.append((round(measured_fwhm(self._instruments.true([made.instrument]).psf[0, 0]), 1), made.noise.level[0]))
        return made

    monkeypatch.setattr(Degrader, "_draw", watched)
    return seen


def test_a_specialist_draws_the_psf_and_the_noise_of_its_condition_and_no_other(tmp_path, drawn):
    place = Place(tmp_path, small_images(), made_study(SPECIALISTS, degrade=CELLS))
    card = place.train("net@fwhm3px_sigma0.02").cards["sharp"]
    assert set(drawn) == {(3.0, 0.02)}
    assert card["network"] == "net@fwhm3px_sigma0.02"
    assert card["range"]["fwhm_px"] == pytest.approx([3, 3], rel=0.01)
    assert card["range"]["sigma_r"] == pytest.approx([0.02, 0.02])
    assert card["psf"] is not None
    drawn.clear()
    place.train("grid")
    widths, levels = (set(values) for values in zip(*drawn))
    assert len(widths) > 5
    assert len(levels) > 5


def test_specialists_start_from_weights_of_their_own_and_another_condition_changes_none(tmp_path):
    place = Place(tmp_path / "two", small_images(), made_study(SPECIALISTS, degrade=CELLS))
    one, other = (place.train(f"net@fwhm{width}px_sigma0.1") for width in (2, 3))
    assert not torch.equal(one.weights["faithful"]["first.weight"], other.weights["faithful"]["first.weight"])
    alone = made_study(SPECIALISTS, degrade={"psf": {"fwhm": ["2px"]}, "noise": {"sigma": [0.1]}})
    assert_same_weights(Place(tmp_path / "one", small_images(), alone).train("net@fwhm2px_sigma0.1"), one)


def test_a_specialist_that_the_study_does_not_have_is_refused_in_words(tmp_path):
    place = Place(tmp_path, small_images(), made_study(SPECIALISTS, degrade=CELLS))
    with pytest.raises(ConfigError, match=r"no model is called 'net'; the study has net@fwhm2px_sigma0\.02, "):
        place.train("net")

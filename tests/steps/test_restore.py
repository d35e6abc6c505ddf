import json

import numpy as np
import pytest
from made_model import make_card
from made_spectrum import made_preparation
from made_training import awakened, made_study, sky, write_sky

from pipeline.model_file import read_model, write_model
from pipeline.networks.build import build_network
from pipeline.observation import read_observations
from pipeline.restorers import classical
from pipeline.restorers.network import NetworkRestorer
from pipeline.splits import items_of, read_splits
from pipeline.steps.degrade import degrade
from pipeline.steps.restore import RestoreError, restore
from pipeline.steps.split import split
from pipeline.store import read_restored
from pipeline.stretch import Stretch

CONDITION = "fwhm3px_sigma0.05"
GUARD = 32
STUDY = made_study(restore={"data_consistency": False})


class Place:
    """A degraded study of two folds with an untrained network for each."""

    def __init__(self, folder, *skies):
        self.folder, self.images = folder, write_sky(folder / "images.h5", *skies)
        self.splits, self.degraded = folder / "splits.csv", folder / "degraded.h5"
        split(self.images, STUDY, self.splits)
        degrade(self.images, STUDY, CONDITION, self.degraded)
        self.models = [self._model(fold) for fold in range(2)]
        self.items = read_splits(self.splits)

    def _model(self, fold):
        settings = STUDY.networks["net"].model_dump(mode="json")
        preparation = made_preparation(Stretch("linear", (0.1, 0.1), (1.0, 1.0)), (0.01, 0.01))
        card = make_card(("r", "g"), settings=settings, preparation=preparation.to_dict(), fold=fold, network="net")
        tensors = awakened(build_network(settings, 2, 2), seed=fold, size=0.1).state_dict()
        write_model(self.folder / f"fold{fold}.safetensors", tensors, card)
        return self.folder / f"fold{fold}.safetensors"

    def restore(self, method="net_faithful", tuned=None, models=None, study=STUDY):
        out = self.folder / f"restored_{method}.h5"
        restore(self.degraded, self.splits, study, method, tuned, self.models if models is None else models, out)
        with read_restored(out) as restored:
            return {item: (restored.pixels(item), restored.attributes(item)) for item in restored.items}


@pytest.fixture(scope="module")
def band(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("band"), sky(90, 640))


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("several"), *(sky(64, 70 + k, seed=k) for k in range(8)))


def by_hand(place, item, restorer):
    """The item with its guard, restored, and the guard taken off."""
    with read_observations(place.degraded) as observations:
        seen = observations.observation(item.image, item.window.grown(GUARD), item.fold)
    return restorer.restore(seen).pixels[:, GUARD:-GUARD, GUARD:-GUARD]


@pytest.mark.parametrize("place", ["band", "several"])
def test_every_item_is_restored_by_the_fold_that_holds_it_out(place, request):
    place = request.getfixturevalue(place)
    restored = place.restore()
    held_out = [item for fold in range(2) for item in items_of(place.items, fold, "test")]
    assert set(restored) == {item.item for item in held_out}
    for item in held_out:
        pixels, attributes = restored[item.item]
        assert attributes["fold"] == item.fold
        assert attributes["seconds"] >= 0
        assert pixels.shape == (2, item.window.height, item.window.width)
        expected = by_hand(place, item, NetworkRestorer(place.models[item.fold], device="cpu"))
        np.testing.assert_array_equal(pixels, expected)
        other = by_hand(place, item, NetworkRestorer(place.models[1 - item.fold], device="cpu"))
        assert not np.allclose(pixels, other, atol=1e-3)


def test_a_core_lies_where_its_item_does(band):
    """Without a restorer's touch, the cores are the pixels of the observation."""
    restored = band.restore("degraded", models=[])
    with read_observations(band.degraded) as observations:
        whole = observations.image("field0").pixels
    for item in band.items:
        if item.role == "test":
            np.testing.assert_array_equal(restored[item.item][0], whole[(..., *item.window.slices)])


def test_an_item_at_the_border_is_restored_as_the_image_is_at_its_end(several):
    """The guard beyond the image holds no data: the network sees what it would see of the image alone."""
    item = items_of(several.items, 0, "test")[0]
    with read_observations(several.degraded) as observations:
        alone = NetworkRestorer(several.models[0], device="cpu").restore(
            observations.observation(item.image, None, item.fold)
        )
    pixels, _ = several.restore()[item.item]
    assert np.abs(pixels - alone.pixels).max() <= 1e-5 * np.ptp(pixels)


def test_what_lies_beyond_the_guard_is_never_seen(band, tmp_path):
    item = items_of(band.items, 0, "test")[1]
    with read_observations(band.degraded) as observations:
        reach = GUARD + observations.observation("field0", None, 0).operator.halo
    far, near = np.ones((90, 640), bool), item.window.grown(reach)
    far[:, near.x0 : near.x1] = False
    spoiled = Place(tmp_path, np.where(far, 5, sky(90, 640)).astype(np.float32))
    one, other = (place.restore()[item.item][0] for place in (band, spoiled))
    # But for the rounding of the FFT of the whole field.
    assert np.abs(one - other).max() < 1e-4 * np.ptp(one)


def test_tiles_change_no_pixel(several):
    wide = several.restore()
    narrow = several.restore(study=made_study(restore={"tile": 32, "data_consistency": False}))
    for item, (pixels, _) in wide.items():
        assert np.abs(pixels - narrow[item][0]).max() <= 1e-5 * np.ptp(pixels)


def test_what_the_data_contradict_is_corrected_unless_the_study_says_otherwise(several):
    as_it_is, corrected = several.restore(), several.restore(study=made_study())
    differ = [not np.array_equal(as_it_is[item][0], corrected[item][0]) for item in as_it_is]
    assert any(differ)


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        ("nett_faithful", None, r"no method is called 'nett_faithful'; the study has degraded, wiener"),
        ("wiener", None, r"wiener: has to be tuned; give --tuned"),
        ("wiener", "{", r"wiener\.json: does not hold settings for fold 0; delete it"),
        ("wiener", '{"folds": {"1": {}}}', r"wiener\.json: does not hold settings for fold 0; delete it"),
        ("net_sharp", None, r"fold0\.safetensors: makes the output faithful, and net_sharp is asked for"),
    ],
)
def test_a_wrong_method_wrong_settings_and_models_of_another_output_are_refused(
    several, tmp_path, method, settings, message
):
    tuned = tmp_path / "wiener.json"
    if settings is not None:
        tuned.write_text(settings)
    with pytest.raises(RestoreError, match=message):
        several.restore(method, None if settings is None else tuned)


def test_a_classical_method_takes_the_settings_of_its_fold(several, tmp_path):
    settings = {f"{k}": {"settings": {"iterations": 3 + 4 * k, "pedestal": 2.0}} for k in range(2)}
    tuned = tmp_path / "richardson_lucy.json"
    tuned.write_text(json.dumps({"method": "richardson_lucy", "condition": CONDITION, "folds": settings}))
    restored = several.restore("richardson_lucy", tuned, [])
    for fold in range(2):
        item = items_of(several.items, fold, "test")[0]
        restorer = classical("richardson_lucy", settings[str(fold)]["settings"])
        np.testing.assert_array_equal(restored[item.item][0], by_hand(several, item, restorer))


def test_models_in_the_wrong_order_are_refused(several):
    says = r"fold1\.safetensors: was trained for fold 1 and stands in the place of fold 0"
    with pytest.raises(RestoreError, match=says):
        several.restore(models=several.models[::-1])


def test_a_model_for_each_fold_is_needed(several):
    with pytest.raises(RestoreError, match="net_sharp: 1 models for 2 folds"):
        several.restore("net_sharp", models=several.models[:1])
    assert not (several.folder / "restored_net_sharp.h5").exists()


def specialist(place, fold, condition):
    model = read_model(place.models[fold])
    path = place.folder / f"net@{condition}_fold{fold}.safetensors"
    write_model(path, model.tensors, model.card | {"network": f"net@{condition}"})
    return path


def test_a_specialist_restores_its_own_condition_and_is_refused_for_another(several):
    specialists = {"net": STUDY.networks["net"].model_dump() | {"conditions": "each"}}
    study = made_study(specialists, restore={"data_consistency": False})
    own, other = ([specialist(several, fold, c) for fold in range(2)] for c in (CONDITION, "fwhm2px_sigma0.05"))
    restored, expected = several.restore(models=own, study=study), several.restore()
    assert all(np.array_equal(restored[item][0], expected[item][0]) for item in expected)
    says = (
        r"^\S+fold0\.safetensors: is a model of net@fwhm2px_sigma0\.05, and fwhm3px_sigma0\.05 is restored by net@fwhm3"
    )
    with pytest.raises(RestoreError, match=says):
        several.restore(models=other, study=study)
    with pytest.raises(RestoreError, match=r"is a model of net, and fwhm3px_sigma0\.05 is restored by net@"):
        several.restore(study=study)
    with pytest.raises(RestoreError, match=r"is a model of net@fwhm3px_sigma0\.05, and \S+ is restored by net; give"):
        several.restore(models=own)

import pytest
import torch
from made_batch import assert_same
from made_pairs import NOISE, paired_study, write_pairs
from made_training import CPU, made_study

from pipeline.config import ConfigError
from pipeline.splits import read_splits
from pipeline.steps.denoising_material import DenoisingMaterial
from pipeline.steps.ingest import ingest
from pipeline.steps.pair import pair
from pipeline.steps.paired_material import PairedMaterial
from pipeline.steps.split import split
from pipeline.steps.train import train
from pipeline.steps.training_material import TrainingMaterial
from pipeline.training import scenes as scenes_module
from pipeline.training.degradation import UNCHANGED
from pipeline.training.pair_file import PairFile


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    write_pairs(folder)
    study = paired_study(folder)
    ingest(study, folder / "images.h5")
    split(folder / "images.h5", study, folder / "splits.csv")
    pair(folder / "images.h5", folder / "splits.csv", study, folder / "pairs.h5")
    return folder, study


def material(made, kind=PairedMaterial, fold=0):
    folder, study = made
    rows = read_splits(folder / "splits.csv")
    return kind(folder / "images.h5", rows, study, fold, CPU, PairFile(folder / "pairs.h5", fold, CPU))


@pytest.mark.parametrize("kind", [PairedMaterial, TrainingMaterial], ids=["pairs", "simulation"])
def test_data_are_what_the_told_psf_makes_of_the_truth_in_every_orientation(made, kind):
    # The PSF is lopsided: one that is not turned with its crop leaves a residual.
    with material(made, kind) as learned:
        stretch = learned.preparation.stretch
        batch = learned.degrader(UNCHANGED).batch(1, count=24, crop=48)
        scene, weight = stretch.invert(batch.target), batch.weight
        halo, margin = batch.operator.halo, (batch.inputs.preview.shape[-1] - 48) // 2
        data = stretch.invert(batch.inputs.preview)
        data = data[..., margin : margin + 48, margin : margin + 48] if margin else data
        inner = (..., slice(halo, -halo), slice(halo, -halo))
        error = (batch.operator.seen(scene) - data[inner])[weight[inner] > 0]
        assert float(error.std()) == pytest.approx(NOISE, rel=0.06)


def test_a_batch_is_a_function_of_its_address_and_can_be_shared(made):
    with material(made) as learned:
        degrader = learned.degrader(UNCHANGED)
        whole = degrader.batch(1, count=4, crop=16)
        assert_same(whole, learned.degrader(UNCHANGED).batch(1, count=4, crop=16))
        part = degrader.batch(1, count=2, crop=16, first=2)
        torch.testing.assert_close(part.target, whole.target[2:])
        torch.testing.assert_close(part.inputs.preview, whole.inputs.preview[2:])
        assert not torch.equal(whole.target, degrader.batch(2, count=4, crop=16).target)


def test_what_is_streamed_makes_the_same_batch(made, monkeypatch):
    with material(made) as held:
        batch = held.degrader(UNCHANGED).batch(0, count=4, crop=16)
    monkeypatch.setattr(scenes_module, "LARGEST_IN_MEMORY", 0)
    with material(made) as streamed:
        assert_same(batch, streamed.degrader(UNCHANGED).batch(0, count=4, crop=16))


def test_the_noise_that_is_told_is_that_of_the_pairs(made):
    with material(made) as learned:
        card = learned.card("net", "faithful", 0)
        assert len(learned.bands) == 2
        for band in learned.bands:
            assert card["range"][f"sigma_{band}"] == pytest.approx([NOISE, NOISE], rel=0.02)


def test_a_denoiser_is_shown_noise_about_that_of_the_pairs(made):
    with material(made, DenoisingMaterial) as learned:
        batch = learned.degrader(UNCHANGED).batch(0, count=16, crop=32)
        levels = batch.inputs.sigma.amax((1, 2, 3))
        assert levels.min() < NOISE < levels.max()


def test_training_asks_for_the_pairs_where_a_study_has_them_and_for_none_elsewhere(made, tmp_path):
    folder, study = made
    files = folder / "images.h5", folder / "splits.csv"
    with pytest.raises(ConfigError, match="--paired"):
        train(*files, study, "net", 0, tmp_path, tmp_path)
    with pytest.raises(ConfigError, match="the study made has no pairs"):
        train(*files, made_study(), "net", 0, tmp_path, tmp_path, paired=folder / "pairs.h5")

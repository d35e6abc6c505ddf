import numpy as np
import pytest
import torch
from made_place import Place, assert_same, small_images
from made_training import sky

from pipeline.splits import read_splits
from pipeline.training.regions import regions
from pipeline.training.scenes import Scenes

pytestmark = pytest.mark.usefixtures("quick_training")

MARKER = 50.0


def band_of_sky():
    return [sky(90, 640)]


def marked(place, role, skies):
    """The skies with a bright spot in everything that has a role in fold 0."""
    skies = [pixels.copy() for pixels in skies]
    for item in read_splits(place.splits):
        if item.fold == 0 and item.role == role:
            rows, columns = item.window.slices
            skies[int(item.image.removeprefix("field"))][:, rows, columns] = MARKER
    return skies


@pytest.mark.parametrize("skies", [band_of_sky, small_images])
@pytest.mark.parametrize("role", ["test", "calibrate", "tune"])
def test_a_marker_in_another_role_changes_no_bit(tmp_path, skies, role):
    clean = Place(tmp_path / "clean", skies())
    other = Place(tmp_path / "marked", marked(clean, role, skies()))
    assert other.splits.read_text() == clean.splits.read_text()
    one, two = clean.train(), other.train()
    assert_same(one, two)
    scores = [trained.history.validation_psnr.tolist() for trained in (one, two)]
    assert (scores[0] == scores[1]) == (role != "tune")


def test_a_marker_in_what_is_trained_on_is_seen(tmp_path):
    clean = Place(tmp_path / "clean", band_of_sky())
    spots = [np.where(np.arange(640) % 9 == 0, MARKER, pixels) for pixels in band_of_sky()]
    bright = [np.where(m == MARKER, s, p) for m, s, p in zip(marked(clean, "train", spots), spots, band_of_sky())]
    other = Place(tmp_path / "marked", [pixels.astype(np.float32) for pixels in bright])
    weights = [place.train().weights["faithful"]["first.weight"] for place in (clean, other)]
    assert not torch.equal(*weights)


@pytest.mark.parametrize("role", ["test", "calibrate", "tune"])
def test_a_marker_beside_the_guard_reaches_no_statistic(tmp_path, role):
    clean = Place(tmp_path / "clean", band_of_sky())
    other = Place(tmp_path / "marked", marked(clean, role, band_of_sky()))
    found = regions(read_splits(clean.splits), 0, "train", 32)
    with Scenes(clean.images, found) as one, Scenes(other.images, found) as two:
        assert one.statistics() == two.statistics()

import numpy as np
import pytest
import torch
from made_training import SKY, SKY_SIGMA, sky, write_sky

from pipeline.tiling import Window, read_reflected
from pipeline.training import scenes as scenes_module
from pipeline.training.regions import Region
from pipeline.training.scenes import Scenes
from pipeline.training.truth import Place

SKIES = [sky(90, 120), sky(70, 64, seed=1)]
MASKS = [np.zeros(pixels.shape, bool) for pixels in SKIES]
MASKS[1][0, 30:34, 20:29] = True
FOUND = [Region("field0", Window(10, 20, 60, 90)), Region("field1", Window(0, 0, 70, 64))]


@pytest.fixture
def stored(tmp_path):
    return write_sky(tmp_path / "images.h5", *SKIES, masks={1: MASKS[1]})


def orientations(window):
    return [Place(index, window, turns, mirrored) for index in range(2) for turns in range(4) for mirrored in (0, 1)]


@pytest.mark.parametrize("window", [Window(-30, -30, 200, 200), Window(3, 5, 20, 20), Window(40, -9, 31, 31)])
def test_crops_are_cut_from_their_region_alone_continued_and_turned(stored, window):
    places = orientations(window)
    with Scenes(stored, FOUND) as scenes:
        pixels, mask, flawed = scenes.crops(places, window.height)
    for slot, place in enumerate(places):
        inside = FOUND[place.region].window.slices
        for found, truth in ((pixels[slot], SKIES[place.region]), (mask[slot], MASKS[place.region])):
            wanted = np.rot90(read_reflected(truth[(..., *inside)], window), place.turns, (-2, -1))
            np.testing.assert_array_equal(found, wanted[..., ::-1] if place.mirrored else wanted)
    assert flawed == [slot for slot in range(len(places)) if mask[slot].any()]


def test_about_a_smaller_place_its_border_stands_again_and_nothing_is_read(stored):
    place = Place(1, Window(34, 20, 8, 8), turns=1)
    with Scenes(stored, FOUND) as scenes:
        pixels, mask, flawed = scenes.crops([place, place.grown(3)], 14)
    # The masked pixels lie just above the smaller place.
    assert flawed == [1]
    assert not mask[0].any()
    np.testing.assert_array_equal(pixels[0], np.pad(pixels[1, :, 3:-3, 3:-3], ((0, 0), (3, 3), (3, 3)), "edge"))


@pytest.mark.parametrize("window", [Window(0, 0, 64, 64), Window(20, 10, 31, 31), Window(-9, 40, 100, 100)])
def test_what_is_streamed_is_what_is_held(stored, monkeypatch, window):
    with Scenes(stored, FOUND) as held:
        monkeypatch.setattr(scenes_module, "LARGEST_IN_MEMORY", 0)
        with Scenes(stored, FOUND) as streamed:
            one, other = (scenes.crops(orientations(window), window.height) for scenes in (held, streamed))
            assert torch.equal(one.pixels, other.pixels)
            assert torch.equal(one.mask, other.mask)
            assert one.flawed == other.flawed
            assert held.statistics() == streamed.statistics()
            for index in range(len(FOUND)):
                assert held.sky_sigma(index) == streamed.sky_sigma(index)


def test_a_streamed_study_opens_its_file_once(stored, monkeypatch):
    opened = []
    true_reader = scenes_module.read_images
    monkeypatch.setattr(scenes_module, "read_images", lambda path: opened.append(path) or true_reader(path))
    monkeypatch.setattr(scenes_module, "LARGEST_IN_MEMORY", 0)
    with Scenes(stored, FOUND) as scenes:
        for step in range(5):
            scenes.crops([Place(step % 2, Window(0, 0, 20, 20))], 20)
    assert len(opened) == 1


def test_a_gpu_holds_a_share_of_its_free_memory_and_streams_what_is_larger(stored, monkeypatch):
    kept = []
    monkeypatch.setattr(Scenes, "_loaded", lambda self: kept.append(self))
    needed = 5 * 2 * (60 * 90 + 70 * 64)
    for free in (needed / scenes_module.LARGEST_SHARE, needed / scenes_module.LARGEST_SHARE - 1):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device, free=free: (free, 2 * free))
        Scenes(stored, FOUND, torch.device("cuda")).close()
    assert len(kept) == 1


@pytest.mark.gpu
@pytest.mark.parametrize("room", [scenes_module.LARGEST_SHARE, 0])
def test_crops_on_a_gpu_are_those_on_the_cpu(stored, monkeypatch, room):
    monkeypatch.setattr(scenes_module, "LARGEST_SHARE", room)
    places = orientations(Window(-9, 40, 100, 100))
    with Scenes(stored, FOUND) as here, Scenes(stored, FOUND, torch.device("cuda")) as there:
        one, other = here.crops(places, 100), there.crops(places, 100)
        assert there.statistics() == here.statistics()
    assert other.pixels.is_cuda
    assert other.mask.is_cuda
    assert torch.equal(one.pixels, other.pixels.cpu())
    assert torch.equal(one.mask, other.mask.cpu())


def test_statistics_are_those_of_the_sky(stored):
    with Scenes(stored, FOUND) as scenes:
        statistics = scenes.statistics()
    assert statistics.sky == pytest.approx((SKY,) * 2, abs=0.2 * SKY_SIGMA)
    assert statistics.sky_sigma == pytest.approx((SKY_SIGMA,) * 2, rel=0.2)
    values = np.concatenate([sky(90, 120)[0, 10:70, 20:110].ravel(), sky(70, 64, seed=1)[0].ravel()])
    assert statistics.span[0] == pytest.approx(np.ptp(np.percentile(values, [0.05, 99.95])), rel=0.02)


def test_a_masked_pixel_counts_in_no_statistic(tmp_path):
    pixels = sky(64, 64)
    mask = np.zeros(pixels.shape, bool)
    mask[:, 5:20, 5:20] = True
    wild = np.where(mask, 1e6, pixels).astype(np.float32)
    region = [Region("field0", Window(0, 0, 64, 64))]
    with (
        Scenes(write_sky(tmp_path / "a.h5", pixels, masks={0: mask}), region) as tame,
        Scenes(write_sky(tmp_path / "b.h5", wild, masks={0: mask}), region) as other,
    ):
        assert tame.statistics() == other.statistics()
        assert tame.sky_sigma(0) == other.sky_sigma(0)


def test_a_large_sky_is_sampled_evenly(stored, monkeypatch):
    with Scenes(stored, FOUND) as scenes:
        exact = scenes.statistics()
        monkeypatch.setattr(scenes_module, "LARGEST_SAMPLE", 3000)
        sampled = scenes.statistics()
    assert sampled != exact
    assert sampled.sky == pytest.approx(exact.sky, abs=0.2 * SKY_SIGMA)
    assert sampled.sky_sigma == pytest.approx(exact.sky_sigma, rel=0.2)

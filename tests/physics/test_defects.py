import math

import numpy as np
import pytest
import torch
from scipy.ndimage import label

from pipeline.config import Defects
from pipeline.physics.defects import CROPS_WITH_GAP, DefectError, damage, saturated

BANDS = ("r", "g", "i")


def seen(defects, size=(600, 500), images=("a",), bands=BANDS, level=0.0, crops=False):
    data = torch.full((len(images), len(bands), *size), level)
    return damage(data, torch.ones_like(data), defects, [(0, id, "fwhm3px", "defects") for id in images], bands, crops)


def test_cosmic_rays_are_as_many_as_asked_for():
    _, lost = seen(Defects(cosmic_rays=300, cosmic_ray_length=1, cosmic_ray_width=1), (1000, 1000))
    found = sum(label(band, np.ones((3, 3)))[1] for band in lost[0].numpy())
    assert abs(found - 900) < 4 * math.sqrt(900)


def test_tracks_are_as_long_and_as_wide_as_asked_for():
    _, lost = seen(Defects(cosmic_rays=100, cosmic_ray_length=20, cosmic_ray_width=2), (1000, 1000))
    lengths, widths = [], []
    for band in lost[0].numpy():
        regions, count = label(band, np.ones((3, 3)))
        for number in range(1, count + 1):
            y, x = np.nonzero(regions == number)
            lengths.append(np.hypot(np.ptp(y), np.ptp(x)))
            widths.append(len(y) / max(lengths[-1], 1))
    assert np.median(lengths) == pytest.approx(20 + 1, rel=0.15)
    # A pixel counts that the track touches anywhere.
    assert 2 < np.median(np.array(widths)[np.array(lengths) > 20]) < 4


def test_cosmic_rays_add_charge_and_strike_each_band_elsewhere():
    read, lost = seen(Defects(cosmic_rays=3000), level=2.0)
    assert (read[lost] > 2 + 4).all()
    assert (read[~lost] == 2).all()
    share = lost.float().mean((0, 2, 3))
    both = (lost[:, 0] & lost[:, 1]).float().mean()
    assert both == pytest.approx(float(share[0] * share[1]), rel=0.5)


def test_bad_columns_are_as_many_as_asked_for_and_the_same_in_all_bands():
    read, lost = seen(Defects(bad_columns=0.02), (20, 20000), level=2.0)
    bad = lost[0, 0].all(0)
    assert torch.equal(lost, bad.expand_as(lost))
    assert abs(int(bad.sum()) - 400) < 4 * math.sqrt(400)
    assert torch.equal(read == 0, lost)


def test_the_gap_is_as_wide_as_asked_for_the_same_in_all_bands_and_elsewhere_in_each_image():
    _, lost = seen(Defects(gap=30), images=range(8))
    rows = lost.all(-1)
    assert torch.equal(lost, rows[..., None].expand_as(lost))
    assert (rows.sum(-1) == 30).all()
    assert torch.equal(rows, rows[:, :1].expand_as(rows))
    assert len({int(image[0].float().argmax()) for image in rows}) > 4


def test_some_crops_meet_a_gap_and_some_a_part_of_one():
    _, lost = seen(Defects(gap=10), (40, 8), images=range(400), bands=("r",), crops=True)
    rows = lost[:, 0, :, 0].sum(1)
    assert (rows > 0).float().mean().item() == pytest.approx(CROPS_WITH_GAP, abs=0.08)
    assert {1, 10} <= set(rows.tolist())


def test_a_gap_as_high_as_the_image_is_refused_in_words():
    with pytest.raises(DefectError, match=r"degrade\.defects\.gap is 40 px and an image 40 px high"):
        seen(Defects(gap=40), (40, 50))


def test_saturation_is_by_the_light_of_each_band():
    data = torch.tensor([[1.0, 5.0, 9.0], [6.0, 2.0, 1.0]])[None, :, None]
    read, lost = damage(data, torch.ones_like(data), Defects(saturation=5.0), [("a",)], ("r", "g"))
    assert read.flatten().tolist() == [1, 5, 5, 5, 2, 1]
    assert lost.flatten().tolist() == [False, True, True, True, False, False]


def test_charge_bleeds_along_the_column_and_none_of_it_is_lost_on_the_way():
    data = torch.full((1, 1, 41, 3), 1.0)
    data[0, 0, 20, 1] = 25.0
    read, lost = saturated(data, 5.0, bleeding=True)
    assert read[..., 1].sum().item() == pytest.approx(data[..., 1].sum().item())
    # 20 beyond the level, 10 each way, 4 to a pixel: two are filled and a third in part.
    assert read[0, 0, 16:25, 1].tolist() == [1, 3, 5, 5, 5, 5, 5, 3, 1]
    assert torch.equal(lost[..., 1].flatten().nonzero().flatten(), torch.arange(17, 24))
    assert torch.equal(read[..., ::2], data[..., ::2])
    assert not lost[..., ::2].any()


def test_what_bleeds_beyond_the_end_of_a_column_is_gone():
    data = torch.full((1, 1, 5, 1), 1.0)
    data[0, 0, 0] = 100.0
    read, lost = saturated(data, 5.0, bleeding=True)
    assert (read == 5).all()
    assert lost.all()


ALL = Defects(cosmic_rays=2000, bad_columns=0.02, gap=10, saturation=3.0, bleeding=True)


def test_defects_are_a_function_of_their_address_alone():
    (read, lost), (again, too) = seen(ALL, images=("a", "b", "c")), seen(ALL, images=("c", "a"))
    assert torch.equal(read[[2, 0]], again)
    assert torch.equal(lost[[2, 0]], too)
    assert not torch.equal(lost[0], lost[1])
    fewer, lost_there = seen(ALL, bands=("i", "r"))
    assert torch.equal(fewer[0], read[0, [2, 0]])
    assert torch.equal(lost_there[0], lost[0, [2, 0]])


def test_data_are_left_as_they_are():
    data = torch.rand(1, 2, 60, 60, generator=torch.Generator().manual_seed(0)) * 6
    before = data.clone()
    read, lost = damage(data, torch.ones_like(data), ALL, [("a",)], ("r", "g"))
    assert torch.equal(data, before)
    assert torch.equal(read[~lost], data[~lost])


def test_without_defects_nothing_is_lost():
    read, lost = seen(Defects(), level=1e6)
    assert (read == 1e6).all()
    assert not lost.any()

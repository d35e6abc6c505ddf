"""One image, cut into bands of sky: brighter sky in the band that judges a fold changes nothing that the fold sees."""

import numpy as np
import pytest
import torch
from astropy.io import fits
from made_training import NAFNET, sky
from whole_study import WholeStudy

from pipeline.bands_of_sky import bands_of_sky
from pipeline.config import study_from
from pipeline.observation import read_observations
from pipeline.splits import items_of, read_splits
from pipeline.steps.degrade import degrade
from pipeline.steps.instrument import SMALLEST_GUARD
from pipeline.steps.training_material import TrainingMaterial
from pipeline.store import read_images
from pipeline.tiling import whole

SIZE, FOLD = (90, 640), 0
PHYSICAL = [{"sigma": [0.05]}, {"ratio": [2.0]}]


def prepared(folder, pixels, background, noise, protocol):
    """A study of one image, as far as it comes before anything is learned."""
    folder.mkdir()
    fits.writeto(folder / "field.fits", pixels)
    study = study_from(
        {
            "threads": 1,
            "images": {"dataset": "folder", "path": str(folder / "{id}.fits"), "background": background},
            "split": {"folds": 2, "block": 80},
            "degrade": {"protocol": protocol, "psf": {"fwhm": ["2px"]}, "noise": noise},
            "networks": {"net": NAFNET},
        }
    )
    made = WholeStudy(study, folder).prepare()
    degrade(made.images, study, made.conditions[0], made.degraded(made.conditions[0]))
    return made


def learned(made):
    """What the fold's networks learn from, and how they see it."""
    rows = read_splits(made.splits)
    with TrainingMaterial(made.images, rows, made.study, FOLD, torch.device("cpu")) as material:
        scenes, card = material._scenes, material.card("net", "faithful", FOLD)
        with read_images(made.images) as images:
            truth = [images.image(r.image, r.window).pixels for r in scenes.regions]
        measured = [scenes.sky_sigma(index) for index in range(len(scenes))]
    return truth, [measured, card["preparation"], card["range"], card["brightest"], material.view]


def observed(made):
    """What the fold is tuned, watched and calibrated on: these roles with their guards."""
    rows = read_splits(made.splits)
    items = items_of(rows, FOLD, "tune") + items_of(rows, FOLD, "calibrate")
    with read_observations(made.degraded(made.conditions[0])) as observations:
        return [observations.image(item.image, item.window.grown(SMALLEST_GUARD)) for item in items]


@pytest.mark.parametrize("background", ["none", "constant", "mesh"])
@pytest.mark.parametrize(("protocol", "noise"), [("physical", n) for n in PHYSICAL] + [("galaxygan", PHYSICAL[1])])
def test_brighter_and_noisier_sky_that_judges_a_fold_changes_nothing_that_it_sees(
    tmp_path, background, protocol, noise
):
    clean = sky(*SIZE, bands=1)[0] - 0.1
    held_out = bands_of_sky(whole(*SIZE), 2)[FOLD].slices
    marked = clean.copy()
    marked[held_out] = 0.03 + 2 * marked[held_out]
    studies = [
        prepared(tmp_path / name, pixels, background, noise, protocol)
        for name, pixels in (("clean", clean), ("marked", marked))
    ]
    (truth, seen), (truth_of_marked, seen_of_marked) = map(learned, studies)
    np.testing.assert_equal(truth_of_marked, truth)
    assert seen_of_marked == seen
    for ours, theirs in zip(*map(observed, studies), strict=True):
        np.testing.assert_array_equal(theirs.sigma, ours.sigma)
        # To the rounding of the Fourier transform, which is of the whole field.
        np.testing.assert_allclose(theirs.pixels, ours.pixels, atol=1e-5)

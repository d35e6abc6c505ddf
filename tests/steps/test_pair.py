import numpy as np
import pytest
import torch
from astropy.io import fits
from made_fits import one_line
from made_fits import sky as sky_header
from made_pairs import GAIN, LEVEL, NOISE, galaxies, kernel, paired_study, write_pairs
from scipy.ndimage import convolve, gaussian_filter

from pipeline.datasets import DatasetError
from pipeline.observation import read_observations
from pipeline.pairing.grids import PairError
from pipeline.physics.psf import measured_fwhm
from pipeline.splits import FINAL, items_of, read_splits
from pipeline.steps.ingest import ingest
from pipeline.steps.pair import pair
from pipeline.steps.split import split
from pipeline.tiling import Window


def paired(folder, study):
    """The file that `pair` writes, after what comes before it."""
    images, splits, out = folder / "images.h5", folder / "splits.csv", folder / "pairs.h5"
    ingest(study, images)
    split(images, study, splits)
    pair(images, splits, study, out)
    return out


def test_every_fold_sees_the_blurred_image_in_the_unit_of_the_sharp_one(tmp_path):
    write_pairs(tmp_path)
    with read_observations(paired(tmp_path, paired_study(tmp_path))) as observations:
        for fold in (0, 1, FINAL):
            seen = observations.observation("i3", None, fold)
            assert (seen.preview.unit, seen.operator.noise.level) == ("nanomaggy", pytest.approx([NOISE] * 2, rel=0.02))
            clean = np.stack([convolve(plane, kernel(), mode="reflect") for plane in galaxies(3)])
            noise = seen.preview.pixels - clean
            assert noise.std((1, 2)) == pytest.approx([NOISE] * 2, rel=0.06)
            assert noise.mean((1, 2)) == pytest.approx([0, 0], abs=1e-3)
            chi2 = seen.operator.residual_chi2(
                *(
                    torch.from_numpy(a)[None]
                    for a in (galaxies(3), seen.preview.pixels, seen.preview.sigma, seen.preview.mask)
                )
            )
            assert float(chi2) == pytest.approx(1, abs=0.06)


def test_a_fold_knows_nothing_of_the_flux_of_what_it_is_judged_on(tmp_path):
    study = paired_study(tmp_path)
    write_pairs(tmp_path)
    first = paired(tmp_path, study)
    with read_observations(first) as observations:
        before = {fold: observations.scale(fold) for fold in (0, 1)}
    tested = {item.image for item in items_of(read_splits(tmp_path / "splits.csv"), 0, "test")}
    write_pairs(tmp_path, seen=lambda number, data: 7 * data if f"i{number}" in tested else data)
    with read_observations(paired(tmp_path, study)) as observations:
        assert observations.scale(0) == before[0]
        assert observations.scale(1) != before[1]
        assert before[0].gain == pytest.approx(GAIN, rel=0.02)
        assert before[0].level == pytest.approx(LEVEL, abs=0.1)


def test_a_window_is_seen_as_the_whole_is(tmp_path):
    write_pairs(tmp_path)
    with read_observations(paired(tmp_path, paired_study(tmp_path))) as observations:
        whole, part = (observations.observation("i0", window, 0) for window in (None, Window(10, 20, 30, 40)))
        np.testing.assert_array_equal(part.preview.pixels, whole.preview.pixels[:, 10:40, 20:60])


def places_on_the_sky(centre, pixel, number):
    """A header that has column and row ``centre`` (from 0) at a place of its own, with pixels of so many arcsec."""
    columns, rows = centre
    width = pixel / 3600
    straight = {"CD1_1": -width, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": width}
    return sky_header(CRPIX1=columns + 1, CRPIX2=rows + 1, CRVAL2=float(number), **straight)


def coarse_camera(folder, affine):
    """Blurred images on pixels twice as wide: each the mean of four, of a scene that was blurred before."""
    write_pairs(folder, count=8)
    for number in range(8):
        scene = np.stack([convolve(plane, kernel(), mode="reflect") for plane in galaxies(number)])
        binned = scene.reshape(2, 36, 2, 36, 2).mean((2, 4))
        seen = (binned + NOISE * np.random.default_rng(number).standard_normal(binned.shape)).astype(np.float32)
        # Two pixels of the sharp image, 0 and 1, have their middle at 0.5.
        sharp, coarse = places_on_the_sky((20.5, 10.5), 0.3, number), places_on_the_sky((10, 5), 0.6, number)
        parts = [fits.PrimaryHDU(seen, None if affine else coarse)]
        parts.append(fits.ImageHDU(np.full(seen.shape, NOISE, np.float32), name="ERR"))
        fits.HDUList(parts).writeto(folder / "blurred" / f"i{number}.fits", overwrite=True)
        fits.writeto(folder / "sharp" / f"i{number}.fits", galaxies(number), None if affine else sharp, overwrite=True)
    # The PSF that stars have: the coarse pixels are in it.
    fits.writeto(folder / "psf.fits", convolve(np.pad(kernel(), 2), np.full((2, 2), 0.25)), overwrite=True)
    lines = "".join(f"i{number},0.5,0,-0.25,0,0.5,-0.25\n" for number in range(8))
    (folder / "t.csv").write_text("id,yy,yx,y0,xy,xx,x0\n" + lines)


@pytest.mark.parametrize("way", ["affine", "wcs"])
def test_a_coarser_image_comes_onto_the_sharp_ones_pixels(tmp_path, way):
    coarse_camera(tmp_path, way == "affine")
    pairs = {"register_by": way, "blurred_files": {"unit": "counts", "noise": "ERR"}}
    if way == "affine":
        pairs["affine"] = str(tmp_path / "t.csv")
    psf = {"profile": "file", "file": str(tmp_path / "psf.fits")}
    if way == "wcs":
        # Headers say how wide pixels are, so the stamp's have to be known too: those of the sharp image here.
        psf["file_scale"] = 0.3
    study = paired_study(tmp_path, pairs={**pairs, "psf": psf})
    with read_observations(paired(tmp_path, study)) as observations:
        assert observations.scale(FINAL).gain == pytest.approx([1, 1], rel=0.02)
        for number in (0, 5):
            seen, scene = observations.observation(f"i{number}", None, FINAL), torch.from_numpy(galaxies(number))[None]
            assert seen.preview.shape == (2, 72, 72)
            error = (seen.operator.forward(scene)[0].numpy() - seen.preview.pixels)[~seen.preview.mask]
            told = seen.preview.sigma[~seen.preview.mask]
            assert np.square(error / told).mean() == pytest.approx(1, abs=0.2)


def test_psfs_hold_where_a_table_says(tmp_path):
    write_pairs(tmp_path)
    for width in (1.5, 3.0):
        fits.writeto(tmp_path / f"{width}.fits", kernel(width))
    (tmp_path / "psfs.csv").write_text("x,y,file\n10,10,1.5.fits\n60,60,3.0.fits\n")
    study = paired_study(tmp_path, pairs={"psf": None, "stamps": str(tmp_path / "psfs.csv")})
    with read_observations(paired(tmp_path, study)) as observations:
        for corner, width in ((0, 1.5), (50, 3.0)):
            psf = observations.observation("i0", Window(corner, corner, 20, 20), 0).operator.psf
            expected = kernel(width)
            assert float(psf[0].max()) == pytest.approx(expected.max() / expected.sum(), rel=0.02)


@pytest.mark.parametrize(
    ("spoil", "pairs", "error", "words"),
    [
        (lambda f: (f / "blurred/i2.fits").unlink(), {}, DatasetError, ["i2.fits", "beside the sharp image i2"]),
        (lambda f: fits.writeto(f / "blurred/i2.fits", np.zeros((2, 50, 72)), overwrite=True), {"blurred_files": {}},
         PairError, ["i2.fits", "(2, 50, 72)", "take wcs or affine"]),
        (lambda f: fits.writeto(f / "blurred/i2.fits", np.zeros((1, 72, 72)), overwrite=True), {"blurred_files": {}},
         PairError, ["i2.fits", "1 bands", "has 2"]),
        (lambda f: None, {"register_by": "wcs"}, PairError, ["no WCS", "affine or none"]),
        (lambda f: (f / "t.csv").write_text("id,yy,yx,y0,xy,xx,x0\ni0,1,0,0,0,1,0\n"),
         {"register_by": "affine", "affine": "t.csv"}, PairError, ["t.csv", "no line for i1"]),
        (lambda f: (f / "t.csv").write_text("id,yy,yx,y0,xy,xx,x0\ni0,1,0,900,0,1,0\n"),
         {"register_by": "affine", "affine": "t.csv"}, PairError, ["i0.fits", "covers no pixel"]),
    ],
    ids=["missing", "other shape", "other bands", "no wcs", "no line", "elsewhere"],
)  # fmt: skip
def test_a_pair_that_is_none_is_refused_by_name(tmp_path, spoil, pairs, error, words):
    write_pairs(tmp_path)
    spoil(tmp_path)
    if "affine" in pairs:
        pairs = {**pairs, "affine": str(tmp_path / pairs["affine"])}
    with pytest.raises(error) as refused:
        paired(tmp_path, paired_study(tmp_path, pairs=pairs))
    one_line(refused, *words)


def test_a_psf_that_does_not_explain_the_pairs_is_said_to(tmp_path, caplog):
    write_pairs(tmp_path)
    y, x = np.indices((15, 15)) - 7.0
    fits.writeto(tmp_path / "psf.fits", np.exp(-(x**2 + y**2) / 2), overwrite=True)
    paired(tmp_path, paired_study(tmp_path))
    assert "see pairs.psf, the registration, and the noise" in caplog.text


def test_stamps_without_a_scale_are_on_the_pixels_of_the_blurred_image(tmp_path):
    # As models by PSFEx are, of images that have a WCS.
    coarse_camera(tmp_path, affine=False)
    star = gaussian_filter(np.eye(1, 15 * 15, 112).reshape(15, 15), 1.2)
    fits.writeto(tmp_path / "star.fits", star)
    (tmp_path / "psfs.csv").write_text("x,y,file\n18,18,star.fits\n")
    pairs = {"register_by": "wcs", "psf": None, "stamps": str(tmp_path / "psfs.csv"), "blurred_files": {"noise": "ERR"}}
    with read_observations(paired(tmp_path, paired_study(tmp_path, pairs=pairs))) as observations:
        seen = observations.observation("i0", None, FINAL)
    # 1.2 px of the blurred image are 2.4 of the sharp one, and interpolation adds to that.
    assert 2.4 * 2.355 < measured_fwhm(seen.operator.psf[0]) < 2.7 * 2.355

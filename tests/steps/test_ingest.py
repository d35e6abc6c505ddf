import numpy as np
import PIL.Image
import pytest
from astropy.io import fits

from pipeline.config import study_from
from pipeline.datasets import DatasetError
from pipeline.errors import ClearfieldError
from pipeline.formats import FormatError
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.steps.ingest import IngestError, ingest
from pipeline.store import read_images

SIZE = (40, 48)


def noise(seed, size=SIZE):
    return np.random.default_rng(seed).normal(seed, 1, size).astype(np.float32)


def save(folder, values, **keywords):
    folder.mkdir(exist_ok=True)
    for name, planes in values.items():
        fits.PrimaryHDU(planes, fits.Header({"BUNIT": "count"} | keywords)).writeto(folder / f"{name}.fits")
    return folder


def study(folder, **images):
    given = {"dataset": "folder", "path": str(folder / "{id}.fits"), "smallest": 32} | images
    return study_from({"images": given})


def refusal(tmp_path, settings, kind, *words):
    out = tmp_path / "results" / "images.h5"
    with pytest.raises(kind) as error:
        ingest(settings, out)
    assert isinstance(error.value, ClearfieldError)
    assert "\n" not in str(error.value)
    for word in words:
        assert str(word) in str(error.value)
    assert not out.parent.exists() or list(out.parent.iterdir()) == []


def test_hubble_is_ingested_as_it_is(tmp_path):
    ingest(study_from({}), tmp_path / "images.h5")
    with read_images(tmp_path / "images.h5") as images:
        (image,) = images
        noted = images.attributes
    assert image.shape == (3, 872, 1000)
    low, high = np.percentile(image.pixels, (0.05, 99.95))
    assert noted["data_range"] == pytest.approx(high - low, rel=1e-6)
    expected = [sky_level_and_sigma(plane) for plane in image.pixels]
    np.testing.assert_allclose(np.transpose([noted["sky"], noted["sky_sigma"]]), expected)


def test_every_image_of_a_folder_arrives_with_mask_noise_and_header(tmp_path):
    values = noise(5)
    values[3, 4] = np.nan
    hdus = [fits.PrimaryHDU(values, fits.Header({"OBJECT": "M51"})), fits.ImageHDU(np.full(SIZE, 4.0), name="VAR")]
    fits.HDUList(hdus).writeto(tmp_path / "m51.fits")
    settings = study(tmp_path, noise="VAR", noise_kind="variance", unit="adu", pixel_scale=0.2, bands=["V"])
    ingest(settings, tmp_path / "images.h5")
    with read_images(tmp_path / "images.h5") as images:
        image = images.image("m51")
    assert (image.unit, image.bands, image.group, image.pixel_scale) == ("adu", ("V",), "m51", 0.2)
    assert np.argwhere(image.mask).tolist() == [[0, 3, 4]]
    np.testing.assert_array_equal(image.sigma, 2)
    assert fits.Header.fromstring(image.header, sep="\n")["OBJECT"] == "M51"


def test_what_a_noise_map_is_taken_for_is_said(tmp_path, caplog):
    caplog.set_level("INFO")
    hdus = [fits.PrimaryHDU(noise(5)), fits.ImageHDU(np.full(SIZE, 4.0), name="VAR")]
    fits.HDUList(hdus).writeto(tmp_path / "m51.fits")
    ingest(study(tmp_path, noise="VAR"), tmp_path / "images.h5")
    assert caplog.messages == ["ingest: extension VAR is read as variance"]


def test_a_header_of_any_length_is_kept(tmp_path):
    header = fits.Header({f"KEY{n}": "x" * 60 for n in range(3000)})
    fits.PrimaryHDU(noise(0), header).writeto(tmp_path / "a.fits")
    ingest(study(tmp_path), tmp_path / "images.h5")
    with read_images(tmp_path / "images.h5") as images:
        kept = images.image("a").header
    assert len(kept) > 200_000
    assert fits.Header.fromstring(kept, sep="\n")["KEY2999"] == "x" * 60


def test_levels_are_measured_on_trusted_pixels_of_all_images(tmp_path):
    first, second = noise(0, (200, 200)), noise(0, (200, 200))[::-1] + 0.001
    first[:50], second[50:60] = 1e6, np.nan
    flags = np.zeros((200, 200), np.uint8)
    flags[:50] = 1
    for name, values, bad in (("a", first, flags), ("b", second, 0 * flags)):
        fits.HDUList([fits.PrimaryHDU(values), fits.ImageHDU(bad, name="DQ")]).writeto(tmp_path / f"{name}.fits")
    ingest(study(tmp_path, mask="DQ"), tmp_path / "images.h5")
    with read_images(tmp_path / "images.h5") as images:
        noted = images.attributes
    trusted = np.concatenate([first[50:].ravel(), second[:50].ravel(), second[60:].ravel()])
    assert noted["data_range"] == pytest.approx(np.ptp(np.percentile(trusted, (0.05, 99.95))), rel=1e-4)
    assert noted["sky"] == pytest.approx([0], abs=0.02)
    assert noted["sky_sigma"] == pytest.approx([1], abs=0.03)


def test_large_studies_are_measured_on_an_even_sample(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.steps.ingest.LARGEST_SAMPLE", 4000)
    # One value per column: a sample that fell in line with the columns would miss most of them.
    ramp = np.broadcast_to(np.linspace(0, 1, 100, dtype=np.float32), (100, 100))
    save(tmp_path / "in", {"a": ramp, "b": ramp + 1})
    for name in ("one", "two"):
        ingest(study(tmp_path / "in"), tmp_path / f"{name}.h5")
    with read_images(tmp_path / "one.h5") as one, read_images(tmp_path / "two.h5") as two:
        assert one.attributes == two.attributes
        assert one.attributes["data_range"] == pytest.approx(2, abs=0.02)
        assert one.attributes["sky"] == pytest.approx([1], abs=0.02)


@pytest.mark.parametrize(("kind", "atol"), [("constant", 0.1), ("mesh", 0.5)])
def test_a_background_is_taken_off_and_kept(tmp_path, kind, atol):
    save(tmp_path / "in", {"a": noise(7, (128, 128))})
    ingest(
        study(tmp_path / "in", background=kind, **({"background_box": 32} if kind == "mesh" else {})),
        tmp_path / "images.h5",
    )
    with read_images(tmp_path / "images.h5") as images:
        image = images.image("a")
        assert images.attributes["sky"] == pytest.approx([0], abs=0.1)
    np.testing.assert_allclose(image.background, 7, atol=atol)
    np.testing.assert_allclose(image.pixels + image.background, noise(7, (128, 128))[None], atol=1e-5)


def test_a_small_image_is_padded_under_a_mask_where_the_configuration_says_so(tmp_path):
    save(tmp_path / "in", {"a": noise(1, (20, 70)), "b": noise(2)})
    ingest(study(tmp_path / "in", smallest=64, small_images="pad"), tmp_path / "images.h5")
    with read_images(tmp_path / "images.h5") as images:
        a, b = images
    assert (a.shape, b.shape) == ((1, 64, 70), (1, 64, 64))
    np.testing.assert_array_equal(a.pixels[0, :20], noise(1, (20, 70)))
    np.testing.assert_array_equal(a.mask[0, :, 0], np.arange(64) >= 20)
    assert (~b.mask).sum() == 40 * 48
    assert np.isfinite(a.pixels).all()


def test_one_scene_may_come_twice_within_a_group(tmp_path):
    folder = save(tmp_path / "in", {"a": noise(1), "b": noise(1), "c": noise(2)})
    (tmp_path / "groups.csv").write_text("id,group\na,X\nb,X\nc,Y\n")
    ingest(study(folder, groups=str(tmp_path / "groups.csv")), tmp_path / "images.h5")
    with read_images(tmp_path / "images.h5") as images:
        assert [image.group for image in images] == ["X", "X", "Y"]


# Mistakes: one line, and nothing is left


def test_the_same_pixels_in_two_groups_are_refused_naming_both_files(tmp_path):
    folder = save(tmp_path / "in", {"a": noise(1), "b": noise(2), "c": noise(1)})
    refusal(tmp_path, study(folder), IngestError, folder / "a.fits", folder / "c.fits", "images.groups")


def test_an_image_that_is_too_small_is_refused(tmp_path):
    folder = save(tmp_path / "in", {"a": noise(1), "b": noise(2, (31, 50))})
    refusal(tmp_path, study(folder), IngestError, folder / "b.fits", "31 x 50 px", "images.small_images")


def test_images_of_other_units_or_bands_are_refused(tmp_path):
    folder = save(tmp_path / "in", {"a": noise(1)})
    save(folder, {"b": noise(2)}, BUNIT="Jy")
    refusal(tmp_path, study(folder), IngestError, folder / "b.fits", "unit Jy", "count", folder / "a.fits")
    (folder / "b.fits").unlink()
    save(folder, {"c": np.stack([noise(2), noise(3)])})
    refusal(tmp_path, study(folder), IngestError, folder / "c.fits", "bands band1, band2")


PHOTONS = {"psf": {"fwhm": ["3px"]}, "noise": {"kind": "poisson", "gain": [100.0]}}


@pytest.mark.parametrize("suffix", ["fits", "png"])
def test_photons_are_not_counted_in_display_units(tmp_path, suffix):
    values = (40 * noise(0)).clip(0, 255).astype(np.uint8)
    if suffix == "fits":
        fits.PrimaryHDU(values, fits.Header({"BUNIT": "display"})).writeto(tmp_path / "a.fits")
    else:
        PIL.Image.fromarray(values).save(tmp_path / "a.png")
    path = tmp_path / f"a.{suffix}"
    images = {"dataset": "folder", "path": str(tmp_path / f"{{id}}.{suffix}"), "smallest": 32}
    refusal(tmp_path, study_from({"images": images, "degrade": PHOTONS}), IngestError, path, "display", "poisson")
    ingest(study_from({"images": images}), tmp_path / "white.h5")


def test_photons_are_counted_in_an_eight_bit_picture_that_is_said_to_hold_counts(tmp_path):
    PIL.Image.fromarray((40 * noise(0)).clip(0, 255).astype(np.uint8)).save(tmp_path / "a.png")
    images = {"dataset": "folder", "path": str(tmp_path / "{id}.png"), "smallest": 32, "unit": "counts"}
    ingest(study_from({"images": images, "degrade": PHOTONS}), tmp_path / "images.h5")


def test_images_of_one_value_are_refused(tmp_path):
    folder = save(tmp_path / "in", {"a": np.ones(SIZE)})
    refusal(tmp_path, study(folder), IngestError, folder / "a.fits", "every pixel of the study is 1")


def test_a_bad_file_after_good_ones_leaves_nothing(tmp_path):
    folder = save(tmp_path / "in", {"a": noise(1), "b": noise(2)})
    whole = (folder / "b.fits").read_bytes()
    (folder / "b.fits").write_bytes(whole[:5000])
    refusal(tmp_path, study(folder), FormatError, folder / "b.fits", "cut short")
    (folder / "b.fits").unlink()
    save(folder, {"b": np.full(SIZE, np.nan)})
    refusal(tmp_path, study(folder), FormatError, folder / "b.fits", "every pixel")


def test_an_empty_folder_or_a_bad_table_leaves_nothing(tmp_path):
    (tmp_path / "in").mkdir()
    refusal(tmp_path, study(tmp_path / "in"), DatasetError, tmp_path / "in", "empty")
    folder = save(tmp_path / "in", {"a": noise(1)})
    (tmp_path / "groups.csv").write_text("id,group\nz,X\n")
    refusal(tmp_path, study(folder, groups=str(tmp_path / "groups.csv")), DatasetError, tmp_path / "groups.csv", "'z'")


def test_bands_that_the_files_lack_are_refused(tmp_path):
    folder = save(tmp_path / "in", {"a": noise(1)}, BAND1="g")
    refusal(tmp_path, study(folder, bands=["z"]), FormatError, folder / "a.fits", "'z'", "g")


def test_slices_for_a_magnet_are_looked_at_for_interpolation(tmp_path, caplog):
    random = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for number in range(3):
        coarse = np.fft.fftshift(np.fft.fft2(100 + random.normal(0, 10, (48, 64))))
        fine = np.abs(np.fft.ifft2(np.fft.ifftshift(np.pad(coarse, ((16, 16), (0, 0))))))
        fits.writeto(tmp_path / "in" / f"s{number}.fits", fine.astype(np.float32))
    images = {"dataset": "folder", "path": str(tmp_path / "in/{id}.fits"), "unit": "signal", "pixel_mm": 1.0}
    settings = study_from(
        {
            **{"study": "s", "images": images, "degrade": {"mri": {"sigma": [1.0]}}},
            **{"networks": {}, "restore": {"data_consistency": False}},
        }
    )
    with caplog.at_level("INFO"):
        ingest(settings, tmp_path / "images.h5")
    assert "of k-space along the height and 0% along the width hold nothing" in caplog.text
    with read_images(tmp_path / "images.h5") as reader:
        rows, columns = reader.attributes["empty_kspace"]
    assert rows == pytest.approx(0.4, abs=0.04)
    assert columns == 0

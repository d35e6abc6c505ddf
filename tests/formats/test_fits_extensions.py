import pytest
from made_fits import VALUES, extension, one_line, save

from pipeline.config import Images
from pipeline.formats import FormatError, read_image, read_psf
from pipeline.formats.fits import read_fits


def test_extensions_are_found_by_name_number_and_version(tmp_path):
    second = extension(VALUES + 2)
    second.ver = 2
    path = save(tmp_path / "a.fits", extension(VALUES + 1), second, extension(VALUES + 3, name="OTHER"))
    for science, expected in ((None, 1), ("sci", 1), ("SCI,2", 2), (3, 3)):
        assert read_fits(path, Images(science=science)).pixels[0, 0, 0] == expected


def test_a_missing_extension_is_answered_with_those_there(tmp_path):
    path = save(tmp_path / "j8bt06.fits", extension(VALUES, "CHIP1"), extension(VALUES, "CHIP1_ERR"))
    with pytest.raises(FormatError) as error:
        read_fits(path, Images(science="SCI"))
    says = "no extension called 'SCI'; the file has PRIMARY, CHIP1 and CHIP1_ERR: set images.science"
    assert str(error.value) == f"{path}: {says}"
    noise = {"noise": 7, "noise_kind": "sigma"}
    for wrong, says in ((noise, "images.noise"), ({"mask": "DQ"}, "images.mask"), ({"science": 0}, "no image")):
        with pytest.raises(FormatError) as error:
            read_fits(path, Images(**wrong))
        one_line(error, path, says)


def test_small_galaxies_in_many_extensions_are_read_by_number(data):
    path = data / "cosmos_hst_f814w" / "real_galaxy_images_extension.fits"
    assert read_image(path, Images(science=3)).shape == (1, 32, 32)
    with pytest.raises(FormatError, match="no extension of number 500"):
        read_image(path, Images(science=500))
    stamp, scale = read_psf(data / "cosmos_hst_f814w" / "real_galaxy_PSF_images_extension.fits")
    assert stamp.shape == (65, 51)
    assert stamp.sum() == pytest.approx(1, abs=0.02)
    assert scale is None

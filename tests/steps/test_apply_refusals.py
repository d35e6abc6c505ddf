import pickle

import numpy as np
import pytest
from astropy.io import fits
from made_apply import GIVEN, refused
from made_model import make_fits, make_header, make_sky

from pipeline.steps.apply import apply


def test_other_pixels_than_the_models_need_force(model, tmp_path, out):
    image = make_fits(tmp_path / "b.fits", header=make_header(scale=0.25))
    refused(r'b.fits: pixels of 0.25", but the model was trained on 0.2"', model, [image], out, **GIVEN)
    apply(model, [image], out, force=True, **GIVEN)


def test_other_bands_are_refused_in_the_models_words(model, tmp_path, out):
    other = make_fits(tmp_path / "b.fits", header=make_header(("u", "g", "r")))
    refused("b.fits: no band 'i'; the file has u, g, r; the model restores g, r, i", model, [other], out, **GIVEN)
    two = make_fits(tmp_path / "c.fits", make_sky()[:2], make_header(()))
    refused("c.fits: 2 planes.*the model restores g, r, i", model, [two], out, **GIVEN)


@pytest.mark.parametrize(("unit", "says"), [("adu", "in adu, but the model restores nanomaggy"), ("", "no unit")])
def test_another_unit_is_refused(model, tmp_path, out, unit, says):
    refused(rf"b.fits: .*{says}", model, [make_fits(tmp_path / "b.fits", header=make_header(unit=unit))], out, **GIVEN)


def test_an_image_without_a_value_is_refused(model, tmp_path, out):
    refused("b.fits: every pixel", model, [make_fits(tmp_path / "b.fits", make_sky() * np.nan)], out, **GIVEN)


def test_a_truncated_image_is_refused(model, image, out):
    image.write_bytes(image.read_bytes()[:60_000])
    refused("a.fits: cut short", model, [image], out, **GIVEN)


def test_a_model_with_a_flipped_byte_is_refused(model, image, out):
    content = bytearray(model.read_bytes())
    content[-7] ^= 1
    model.write_bytes(content)
    refused("m.safetensors: its weights are not those", model, [image], out, **GIVEN)


def test_a_pickle_is_refused_and_never_run(tmp_path, image, out):
    class Trap:
        def __reduce__(self):
            return (exec, (f"open({str(tmp_path / 'sprung')!r}, 'w')",))

    (tmp_path / "m.safetensors").write_bytes(pickle.dumps(Trap()))
    refused("m.safetensors: not a safetensors file", tmp_path / "m.safetensors", [image], out, **GIVEN)
    assert not (tmp_path / "sprung").exists()


def test_checks_come_in_the_order_model_image_bands_operator_output(model, image, out, tmp_path):
    nowhere, other = tmp_path / "no.fits", make_fits(tmp_path / "b.fits", header=make_header(unit="adu"))
    refused("no.safetensors: no such file", tmp_path / "no.safetensors", [nowhere], out)
    refused("no.fits: no such file", model, [nowhere], out)
    refused("b.fits: in adu", model, [other], out)
    refused("--psf is missing", model, [image], image)
    refused("is an input", model, [image], image, **GIVEN)


def test_no_input_and_no_other_file_is_written_over_unasked(model, image, out, tmp_path):
    before = image.read_bytes()
    (tmp_path / "link.fits").symlink_to(image)
    for name in ("a.fits", "link.fits"):
        refused("is an input", model, [image], tmp_path / name, overwrite=True, **GIVEN)
    assert image.read_bytes() == before
    out.write_text("mine")
    refused("out.fits: is there already; write over it with --overwrite", model, [image], out, **GIVEN)
    assert out.read_text() == "mine"
    apply(model, [image], out, overwrite=True, **GIVEN)
    assert fits.getdata(out).shape == (3, 90, 110)


@pytest.mark.parametrize(
    ("name", "says"),
    [("out.tif", "keeps neither header"), ("out.fits.fz", "read, not written"), ("out", "no image format")],
)
def test_an_output_that_could_not_be_written_is_refused_before_the_work(model, image, tmp_path, name, says):
    refused(says, model, [image], tmp_path / name, **GIVEN)

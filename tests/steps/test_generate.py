import numpy as np
import pytest
from astropy.io import fits
from made_field import make_generator
from made_model import make_model

from pipeline.config import ConfigError, study_from
from pipeline.fields.field_file import FieldFileError, read_field
from pipeline.fields.lock import OutputLockedError, locked
from pipeline.formats import read_image
from pipeline.model_file import ModelFileError, read_model, write_model
from pipeline.steps.apply import apply
from pipeline.steps.field_fits import field_fits
from pipeline.steps.field_window import FieldWindowError, field_window
from pipeline.steps.generate import generate
from pipeline.steps.inspect import inspect
from pipeline.steps.join_field import join_field
from pipeline.steps.verify_field import verify_field
from pipeline.tiling import Window

FAR = 2**40


def study(**field):
    return study_from({"study": "made", "field": {"size": [96, 80], "tile": 32, "seed": 3, **field}})


@pytest.fixture
def generator(tmp_path):
    return make_generator(tmp_path / "generator.safetensors")


@pytest.fixture
def painted(tmp_path, generator):
    generate(generator, study(), tmp_path / "field.h5")
    return tmp_path / "field.h5"


def all_pixels(path):
    with read_field(path) as reader:
        return reader.pixels(Window(0, 0, *reader.shape[1:]))


def test_a_window_alone_is_the_same_part_of_the_whole_field(tmp_path, generator, painted):
    field_window(generator, 3, Window(30, 10, 40, 50), tmp_path / "cut.fits", 32)
    cut = fits.getdata(tmp_path / "cut.fits")
    assert np.array_equal(cut, all_pixels(painted)[:, 30:70, 10:60])


@pytest.mark.parametrize("name", ["far.fits", "far.fits.fz"])
def test_a_window_far_out_says_what_it_is(tmp_path, generator, name):
    field_window(generator, 7, Window(FAR, -FAR, 24, 40), tmp_path / name, 32)
    with fits.open(tmp_path / name) as hdus:
        image = hdus[-1]
        assert image.data.shape == (2, 24, 40)
        assert (image.header["SYNTHET"], image.header["SEED"]) == (True, 7)
        assert (image.header["FIELDY0"], image.header["FIELDX0"]) == (FAR, -FAR)
        assert (image.header["BUNIT"], image.header["BAND2"]) == ("nanomaggy", "g")
        assert image.header["GENMODEL"] == read_model(generator).hash
        assert "Synthetic: painted by Clearfield" in str(image.header["HISTORY"]).replace("\n", "")


@pytest.mark.parametrize("name", ["field.fits", "field.fits.gz", "field.fits.fz"])
def test_a_field_goes_to_fits_and_comes_back_as_any_image(tmp_path, painted, name):
    field_fits(painted, tmp_path / name)
    image = read_image(tmp_path / name)
    assert np.array_equal(image.pixels, all_pixels(painted))
    assert (image.unit, image.bands) == ("nanomaggy", ("r", "g"))
    assert not image.mask.any()


def test_a_damaged_field_makes_no_fits(tmp_path, painted):
    import h5py

    with h5py.File(painted, "r+") as file:
        file["pixels"][0, 50, 50] = 9
    with pytest.raises(FieldFileError, match="not as it was written"):
        field_fits(painted, tmp_path / "field.fits")
    assert not (tmp_path / "field.fits").exists()


def test_parts_that_jobs_painted_join_to_the_same_field(tmp_path, generator, painted):
    parts = [tmp_path / "rows" / f"{part}.h5" for part in range(3)]
    for part, path in reversed(list(enumerate(parts))):
        generate(generator, study(jobs=3), path, part)
    join_field(parts, tmp_path / "joined.h5")
    assert np.array_equal(all_pixels(tmp_path / "joined.h5"), all_pixels(painted))
    verify_field(tmp_path / "joined.h5", generator)
    with pytest.raises(ConfigError, match=r"there is no part 3; field\.jobs makes parts 0 to 2"):
        generate(generator, study(jobs=3), tmp_path / "more.h5", 3)


def test_a_field_verifies_itself_by_its_own_model_alone(tmp_path, generator, painted, told):
    verify_field(painted, generator, 2)
    assert "2 painted again and the same" in told.messages[-1]
    other = make_generator(tmp_path / "other.safetensors", seed=1)
    with pytest.raises(FieldFileError, match="was painted by the model"):
        verify_field(painted, other)


def test_another_seed_or_model_paints_another_field(tmp_path, generator, painted):
    generate(generator, study(seed=4), tmp_path / "seed.h5")
    generate(make_generator(tmp_path / "other.safetensors", seed=1), study(), tmp_path / "model.h5")
    for other in ("seed.h5", "model.h5"):
        assert not (all_pixels(tmp_path / other) == all_pixels(painted)).any()


def test_a_second_run_on_one_output_is_refused(tmp_path, generator):
    with locked(tmp_path / "field.h5"), pytest.raises(OutputLockedError, match="another run is writing it"):
        generate(generator, study(), tmp_path / "field.h5")


def test_models_of_other_bands_and_of_other_kinds_are_refused_in_words(tmp_path, generator):
    bands = {"images": {"dataset": "folder", "path": "{id}-{band}.fits", "bands": ["u", "g", "r"]}}
    three = study_from({"study": "made", **bands})
    with pytest.raises(ModelFileError, match=r"paints the bands r, g, and images.bands of the study made are u, g, r"):
        generate(generator, three, tmp_path / "field.h5")
    with pytest.raises(ModelFileError, match=r"m\.safetensors: a model that restores images"):
        generate(make_model(tmp_path / "m.safetensors"), study(), tmp_path / "field.h5")
    with pytest.raises(ModelFileError, match="restores nothing: it paints fields"):
        apply(generator, [tmp_path / "a.fits"], tmp_path / "b.fits", psf="3px")
    model = read_model(generator)
    write_model(tmp_path / "odd.safetensors", model.tensors, model.card | {"bands": ["r", "g", "i"]})
    with pytest.raises(ModelFileError, match=r"odd\.safetensors: its weights do not make a generator of 3 bands"):
        generate(tmp_path / "odd.safetensors", study(), tmp_path / "field.h5")
    assert not (tmp_path / "field.h5").exists()


def test_windows_that_cannot_be_written_are_refused_before_anything_is_painted(tmp_path, generator):
    with pytest.raises(FieldWindowError, match=r"name it \.fits"):
        field_window(generator, 7, Window(0, 0, 8, 8), tmp_path / "cut.png")
    with pytest.raises(FieldWindowError, match="more than fit into memory"):
        field_window(generator, 7, Window(0, 0, 2**20, 2**20), tmp_path / "cut.fits")


def test_inspect_says_what_generators_and_fields_are(generator, painted):
    assert "sgan" in inspect(generator)[0]
    lines = "\n".join(inspect(painted))
    assert "2 x 96 x 80" in lines
    assert "9 of 9 written" in lines
    assert "seed 3" in lines

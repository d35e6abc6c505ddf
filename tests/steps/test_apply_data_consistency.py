import numpy as np
import pytest
from astropy.io import fits
from made_apply import GIVEN, refused
from made_model import NOISE, make_card, make_fits, make_model, make_sky

from pipeline.restorers.data_consistency import Correction
from pipeline.steps.apply import apply
from pipeline.tiling import Window


def test_what_the_data_contradict_is_corrected_and_said(model, image, tmp_path, told):
    apply(model, [image], tmp_path / "plain.fits", data_consistency=False, **GIVEN)
    apply(model, [image], tmp_path / "consistent.fits", **GIVEN)
    told_of_it = [record.getMessage() for record in told.records]
    plain, consistent = (fits.getheader(tmp_path / f"{name}.fits")["HISTORY"] for name in ("plain", "consistent"))
    chi2 = [float(str(h).partition("residual chi-square ")[2].split()[0]) for h in (plain, consistent)]
    assert chi2[0] > 3
    assert chi2[1] - 1 < (chi2[0] - 1) / 5
    assert "contradicted" in " ".join(consistent)
    assert "contradicted: by 5 sigma or more of the noise as given" in " ".join(consistent)
    assert "contradicted" not in " ".join(plain)
    assert sum("which was corrected there" in line for line in told_of_it) == 1
    assert sum("far above 1" in line for line in told_of_it) == 2


def test_a_band_that_does_not_cover_a_corner_leaves_no_pixel_without_a_value(tmp_path, out):
    sky = make_sky(200, 200)
    sky[:, 60:62, 60:62] += 300
    sky[2, :150, :150] = np.nan
    apply(make_model(tmp_path / "m.safetensors"), [make_fits(tmp_path / "b.fits", sky)], out, **GIVEN)
    assert np.isfinite(fits.getdata(out)).all()
    assert "contradicted" in " ".join(fits.getheader(out)["HISTORY"])


def test_a_correction_without_a_value_is_refused(model, image, out, monkeypatch):
    endless = Correction(Window(5, 5, 9, 9), np.full((3, 9, 9), np.nan, np.float32), 1)
    monkeypatch.setattr("pipeline.steps.apply.corrections", lambda *_: iter([endless]))
    refused("a.fits: .* not finite", model, [image], out, **GIVEN)


def test_a_model_of_clipped_data_is_never_corrected(tmp_path, image, told):
    protocol = make_card()["instrument"] | {"protocol": "galaxygan"}
    apply(make_model(tmp_path / "g.safetensors", instrument=protocol), [image], tmp_path / "o.fits", **GIVEN)
    assert not any("contradicted" in line for line in told.messages)


@pytest.mark.parametrize(
    ("true_noise", "warned"), [(NOISE, ""), (10 * NOISE, "far above 1"), (NOISE / 10, "far below 1")]
)
def test_a_residual_far_from_one_is_a_warning(tmp_path, out, told, true_noise, warned):
    model = make_model(tmp_path / "m.safetensors", wild=0)
    apply(model, [make_fits(tmp_path / "b.fits", make_sky(noise=true_noise))], out, **GIVEN)
    warnings = [record.getMessage() for record in told.records if record.levelname == "WARNING"]
    assert len(warnings) == (1 if warned else 0)
    assert all(warned in warning for warning in warnings)

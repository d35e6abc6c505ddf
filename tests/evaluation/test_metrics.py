import numpy as np
import pytest

from pipeline.evaluation.metrics import MetricError, metric

NAMES = ["psnr", "ssim", "mae", "psnr_damaged", "psnr_intact", "mae_damaged", "chi2_dof", "log_spectrum_error"]
NAMES += ["flux_bias_r3", "aperture_nmad_r2.5"]


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_has_a_sentence_a_unit_and_a_direction(name):
    found = metric(name)
    assert found.name == name
    assert found.definition.endswith(".")
    assert found.unit
    assert found.direction in ("higher", "lower", "nearest to 0", "nearest to 1")


def test_a_sum_of_display_units_is_never_called_flux_or_light():
    assert "flux" not in metric("aperture_bias_r3").label.lower()
    assert "no flux" in metric("aperture_bias_r3").definition


@pytest.mark.parametrize(
    ("name", "best", "worse"),
    [("psnr", 30, 20), ("mae", 0.1, 0.2), ("chi2_dof", 0.9, 1.2), ("flux_bias_r3", 0.05, -0.1)],
)
def test_the_better_value_has_the_lower_loss(name, best, worse):
    good, bad = metric(name).loss(np.array([best, worse], float))
    assert good < bad


@pytest.mark.parametrize("name", ["fid", "flux_mean_r3", "flux_bias"])
def test_an_undefined_metric_is_refused_in_words(name):
    with pytest.raises(MetricError, match=f"no metric is called '{name}'"):
        metric(name)

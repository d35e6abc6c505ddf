"""What data say of an estimate."""

import pytest
import torch
from made_slices import CT, MRI, scanned_study, slice_of

from pipeline.networks.evidence import Evidence
from pipeline.physics.scanners import scanner_for
from pipeline.stretch import Stretch

STRETCH = Stretch("linear", (100.0,), (1000.0,))
HARDLY_ANY = torch.full((1, 1), 1e-9)


def scanned(degrade):
    """The scanner of the study's first condition, and a slice that it could see."""
    scan, truth = scanned_study(degrade).degrade.scan, slice_of(0)
    scanner = scanner_for(scan, truth)
    return scanner.of(scan.one_by_one()[0], 0), torch.from_numpy(truth.pixels)[None]


@pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
def test_an_estimate_that_explains_the_data_stays_as_it_is(degrade):
    operator, truth = scanned(degrade)
    evidence = Evidence(operator.forward(truth), HARDLY_ANY, operator, STRETCH)
    estimate = STRETCH.apply(truth)
    assert torch.allclose(evidence.completed(estimate), estimate, atol=1e-4)


@pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
def test_of_nothing_it_makes_the_regularised_inverse(degrade):
    operator, truth = scanned(degrade)
    data = operator.forward(truth)
    nothing = STRETCH.apply(torch.zeros_like(truth))
    expected = STRETCH.apply(operator.regularised_inverse(data, HARDLY_ANY))
    assert torch.allclose(Evidence(data, HARDLY_ANY, operator, STRETCH).completed(nothing), expected, atol=1e-4)


def test_where_no_line_of_k_space_was_taken_the_estimate_stays():
    operator, truth = scanned(MRI | {"mri": MRI["mri"] | {"phase": 0.0}})
    estimate = torch.rand_like(truth)
    completed = Evidence(operator.forward(truth), HARDLY_ANY, operator, STRETCH).completed(estimate)
    rows = torch.ones(truth.shape[-2], dtype=torch.bool)
    # Slices are real, so what is known of a line is known of its opposite.
    rows[operator.lines % len(rows)] = rows[-operator.lines % len(rows)] = False
    assert rows.any()
    before, after = (torch.fft.fft2(image)[..., rows, :] for image in (estimate, completed))
    assert torch.allclose(before, after, atol=1e-3)

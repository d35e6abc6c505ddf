from dataclasses import replace

import numpy as np
import pytest
import torch
from made_restorers import Identity, Knowing, Painter, empty, specimens, through_nothing, wiener
from made_scene import NOISE

from pipeline.audit.consistency import cells_of, consistency
from pipeline.audit.displaced_detail import displaced_detail
from pipeline.audit.empty_sky import empty_sky
from pipeline.audit.halves import two_halves
from pipeline.audit.injection import injection
from pipeline.audit.maps import maps_of
from pipeline.audit.point_sources import significance, unasked_sources
from pipeline.audit.sown import GALAXY, POINT, seen_with, sow
from pipeline.audit.split_exposure import split_exposure
from pipeline.audit.unlike import KINDS, unlike_inputs
from pipeline.audit.wrong_instrument import Mistake, louder, mistakes, wrong_instrument
from pipeline.measures.plausibility import oddities
from pipeline.physics.noise import GaussianNoise, PoissonNoise
from pipeline.physics.psf import measured_fwhm
from pipeline.report.figures.audit import maps_figure
from pipeline.tiling import Window


def by_measure(findings):
    return {found.measure: found for found in findings}


def test_the_truth_explains_its_data_and_leaves_white_noise():
    pieces = specimens(4)
    found = by_measure(consistency(pieces, [s.truth for s in pieces], 0.01))
    assert found["chi2"].found.value == pytest.approx(1, abs=0.03)
    assert abs(found["lag1"].found.value) < 0.02
    assert found["contradicted_cells"].found.value < 0.02
    assert not found["contradicted_cells"].speaks_against


def test_light_that_is_missing_is_seen_in_its_cell_and_in_no_other():
    (piece,) = specimens(1)
    lacking = piece.truth.pixels.copy()
    inside = piece.counted
    lacking[:, inside.y0 + 20, inside.x0 + 36] += 100 * NOISE
    cells = cells_of(piece.truth.with_pixels(lacking), piece.seen, inside)
    before = cells_of(piece.truth, piece.seen, inside)
    changed = np.argwhere(cells.chi2 > before.chi2 + 1)
    assert changed.tolist() == [[1, 2]]
    assert cells.contradicted[1, 2] == 1


def test_significance_of_noise_is_a_standard_normal_and_that_of_a_source_is_its_signal_to_noise():
    sky = empty(size=160)
    seen = sky.field(0)
    noise = significance(seen.preview.pixels, seen)[:, 20:-20, 20:-20]
    assert noise.std() == pytest.approx(1, abs=0.12)
    light = np.zeros_like(seen.preview.pixels)
    power = (seen.operator.psf.double() ** 2).sum((-2, -1)).numpy()
    light[:, 80, 80] = 8 * NOISE / np.sqrt(power.sum())
    blurred = seen.operator.forward(torch.from_numpy(light)[None])[0].numpy()
    assert significance(blurred, seen)[-1, 80, 80] == pytest.approx(8, abs=0.05)


def test_a_source_that_the_data_show_is_asked_for_and_one_that_they_do_not_is_not():
    seen = empty(size=120).field(3)
    light = np.zeros_like(seen.preview.pixels)
    light[:, 60, 60] = 8 * NOISE / np.sqrt(2 * 0.049)
    assert len(unasked_sources(light, seen, 10)) == 1
    with_it = seen_with(seen, light)
    assert not len(unasked_sources(light, with_it, 10))
    assert not len(unasked_sources(seen.preview.pixels, seen, 10))


def test_the_rate_of_a_painter_lies_within_the_interval_that_is_found():
    found = by_measure(empty_sky(Painter(Identity(), share=0.3), empty(size=48), 100))
    fields = found["fields_with_invention"]
    assert fields.found.low <= 0.3 * 1.05
    assert fields.found.value > 0.15
    assert fields.null.value < 0.01
    assert found["invented_above_limit"].found.value < found["invented_per_mpx"].found.value


def test_a_perfect_restorer_gives_all_injected_light_back():
    piece = through_nothing()
    findings = injection(Identity(), [piece], [piece.seen.preview], [3.0, 30.0], 0)
    for found in findings:
        expected = 1 if found.measure == "completeness" else 0
        assert found.found.value == pytest.approx(expected, abs=1e-3), found


def test_injected_sources_have_the_signal_to_noise_that_is_said():
    (piece,) = specimens(1)
    for kind in (POINT, GALAXY):
        sown = sow(piece, kind, [10.0], 0)
        one = np.zeros_like(sown.light)
        # One source alone: its neighbours lie farther away than its light reaches.
        y, x = int(sown.places.y[0]), int(sown.places.x[0])
        near = (..., slice(max(y - 9, 0), y + 10), slice(max(x - 9, 0), x + 10))
        one[near] = sown.light[near]
        blurred = piece.seen.operator.forward(torch.from_numpy(one)[None])[0].numpy()
        assert np.sqrt((blurred**2).sum()) / NOISE == pytest.approx(10, rel=0.05)


def test_a_filter_that_gives_half_of_the_light_back_is_found_to():
    class Half(Identity):
        def restore(self, observation):
            return observation.preview.with_pixels(0.4 * observation.preview.pixels)

    piece = through_nothing()
    found = injection(Half(), [piece], [Half().restore(piece.seen)], [30.0], 0)
    assert [f.found.value for f in found[:2]] == pytest.approx([0, -0.6], abs=1e-3)


def test_a_mistaken_width_is_told_and_the_data_stay():
    (piece,) = specimens(1)
    told = Mistake(width=1.2).told(piece.seen)
    before, after = (measured_fwhm(o.operator.psf[0]) for o in (piece.seen, told))
    assert after / before == pytest.approx(1.2, rel=0.01)
    assert told.preview is piece.seen.preview


@pytest.mark.parametrize(
    "noise", [GaussianNoise((0.3,)), PoissonNoise((5.0,), (2.0,), (0.4,))], ids=["white", "photon"]
)
def test_louder_noise_has_a_multiple_of_the_standard_deviation_at_every_light(noise):
    light = torch.tensor([0.0, 1.0, 50.0]).reshape(1, 1, 1, 3)
    torch.testing.assert_close(louder(noise, 2.0).sigma(light), 2 * noise.sigma(light))


def test_a_filter_that_is_told_a_wrong_instrument_loses_and_one_that_takes_no_notice_does_not():
    pieces, wrong = specimens(1), mistakes([0.2], 2.0)
    for restorer, worst in ((wiener(), -0.01), (Identity(), 0.0)):
        restored = [restorer.restore(s.seen) for s in pieces]
        found = list(wrong_instrument(restorer, pieces, restored, empty(), wrong, 2, 0.01))
        changes = {f.case: f.found.value for f in found if f.measure == "psnr_change"}
        assert set(changes) == {"PSF −20%", "PSF +20%", "noise ×0.5", "noise ×2"}
        assert min(changes.values()) <= worst
        assert (min(changes.values()) == 0) == (worst == 0)


def test_of_every_strange_input_the_user_is_warned_and_of_a_usual_one_not():
    pieces = specimens(2)
    found = list(unlike_inputs(Identity(), pieces, (), None, 0.01, 0))
    warned = {f.case: f.found.value for f in found if f.measure == "warned"}
    assert warned == {"as it is": 0.0, **dict.fromkeys(KINDS, 1.0)}


def test_light_beyond_that_of_the_training_is_said():
    (piece,) = specimens(1)
    seen = piece.seen
    assert not oddities(seen.preview, seen.operator, [1e9, 1e9])
    (said,) = oddities(seen.preview, seen.operator, [1e9, 1.0])
    assert "band r" in said
    assert "brightest that was learned from is 1" in said


def test_an_interval_joins_the_audit_by_its_width():
    def width(seen):
        return np.abs(seen.preview.pixels) + 1

    found = list(unlike_inputs(Identity(), specimens(1), (), width, 0.01, 0))
    wider = {f.case: f.found.value for f in found if f.measure == "interval_widens"}
    assert wider["as it is"] == 1
    assert wider["cosmic ray"] > 1


def test_the_detail_of_the_truth_and_of_a_second_exposure_is_in_its_place_and_painted_detail_is_not():
    pieces = specimens(6)
    truth = displaced_detail(pieces, [s.truth for s in pieces], 0.5, 0)[0]
    assert truth.found.value == 0
    random = np.random.default_rng(0)
    patterned = []
    for piece in pieces:
        y, x = np.mgrid[: piece.truth.shape[-2], : piece.truth.shape[-1]]
        waves = np.sin(2 * np.pi * (random.uniform() + 0.1 * x + 0.07 * y)) * piece.truth.pixels.mean(0)
        patterned.append(piece.truth.with_pixels((piece.truth.pixels + 6 * waves).astype(np.float32)))
    painted = displaced_detail(pieces, patterned, 0.5, 0)[0]
    assert painted.speaks_against
    assert painted.found.value > 0.3


def test_two_exposures_agree_in_what_a_linear_restorer_makes_and_not_in_what_is_painted_by_their_noise():
    pieces = specimens(6)
    paired = [replace(piece, truth=None, again=other.seen) for piece, other in zip(pieces, pieces[1:] + pieces[:1])]
    linear = split_exposure(wiener(), paired, [wiener().restore(s.seen) for s in paired], 0.5)
    assert [found.found.value for found in linear] == [0]

    class Waves(Identity):
        def restore(self, observation):
            y, x = np.mgrid[: observation.preview.shape[-2], : observation.preview.shape[-1]]
            # From the noise, and by nothing that both exposures share.
            phase = np.abs(observation.preview.pixels).sum(dtype=np.float64) * 1e3 % 1
            light = np.abs(observation.preview.pixels).mean(0)
            waves = 6 * np.sin(2 * np.pi * (phase + 0.05 * x + 0.04 * y)) * light
            return observation.preview.with_pixels((observation.preview.pixels + waves).astype(np.float32))

    (painted,) = split_exposure(Waves(), paired, [Waves().restore(s.seen) for s in paired], 0.5)
    assert painted.speaks_against
    assert split_exposure(wiener(), pieces, [s.truth for s in pieces], 0.5) == []


def test_two_networks_that_are_one_agree_and_two_that_paint_by_lot_do_not_invent_the_same():
    pieces, sky = specimens(1), empty(size=40)
    same = by_measure(two_halves(wiener(), wiener(), pieces, sky, 10))
    assert same["agreement_beyond_reach"].found.value == pytest.approx(1)
    assert same["invented_by_both"].n == 0
    one = Painter(Identity(), 0.9)
    painted = by_measure(two_halves(one, Knowing(empty().field(0).preview), pieces[:0], sky, 0))
    assert painted["invented_by_both"].n == 0


def test_an_item_that_holds_no_cell_says_nothing_and_does_not_end_the_audit():
    specimen = specimens(1)[0]
    narrow = replace(specimen, core=Window(20, 20, 14, 40))
    assert cells_of(specimen.truth, specimen.seen, narrow.counted).chi2.size == 0
    cells = next(f for f in consistency([narrow], [specimen.truth], 0.01) if f.measure == "contradicted_cells")
    assert cells.n == 0
    assert not cells.speaks_against
    drawn = maps_figure({"method": maps_of(narrow, specimen.truth, 0.5)})
    assert len(drawn.axes) > 4


def test_small_images_with_room_for_one_source_hold_every_level_among_them():
    small = [replace(one, core=Window(26, 26, 16, 16)) for one in specimens(4)]
    restored = [one.truth for one in small]
    found = injection(Identity(), small, restored, [3.0, 5.0, 10.0, 30.0], 0)
    of_points = [f for f in found if f.case.startswith(POINT) and f.measure == "flux_bias"]
    assert [f.n for f in of_points] == [1, 1, 1, 1]

import numpy as np
import pytest
from astropy.wcs import WCS
from made_fits import one_line, sky

from pipeline.pairing.grids import SAME, PairError, by_affine, by_wcs, read_affine, refuse_finer

HEADER = "id,yy,yx,y0,xy,xx,x0\n"


def coarse(**more):
    """A camera with pixels three times as wide, turned by 30 degrees, that looks at the same place."""
    cosine, sine = 3e-4 * np.cos(np.pi / 6), 3e-4 * np.sin(np.pi / 6)
    turned = {"CD1_1": -cosine, "CD1_2": sine, "CD2_1": sine, "CD2_2": cosine}
    return WCS(sky(**turned, CRPIX1=40.0, CRPIX2=50.0, **more))


def places(*pairs):
    return np.array(pairs, dtype=float).T


def test_the_reference_point_of_one_image_is_that_of_the_other():
    grids = by_wcs(WCS(sky()), coarse())
    np.testing.assert_allclose(grids.to_blurred(places((11.5, 9.0))), places((49.0, 39.0)), atol=1e-6)


def test_a_star_is_found_where_the_other_camera_sees_it():
    sharp, blurred = WCS(sky()), coarse()
    star = sharp.pixel_to_world(20.0, 3.0)
    row, column = by_wcs(sharp, blurred).to_blurred(places((3.0, 20.0)))[:, 0]
    assert (column, row) == pytest.approx(tuple(map(float, blurred.world_to_pixel(star))), abs=1e-6)


def test_frames_of_the_sky_may_differ():
    centre = WCS(sky()).pixel_to_world(9.0, 11.5).galactic
    galactic = WCS(sky(CTYPE1="GLON-TAN", CTYPE2="GLAT-TAN", CRVAL1=centre.l.deg, CRVAL2=centre.b.deg))
    np.testing.assert_allclose(
        by_wcs(WCS(sky()), galactic).to_blurred(places((11.5, 9.0))), places((11.5, 9.0)), atol=1e-6
    )


def test_the_jacobian_tells_width_and_turn_of_the_pixels():
    jacobian = by_wcs(WCS(sky(CD1_2=0.0, CD2_1=0.0)), coarse()).jacobian(20, 24)
    assert np.sqrt(abs(np.linalg.det(jacobian))) == pytest.approx(1 / 3, rel=1e-3)
    turn = np.degrees(np.arctan2(jacobian[0, 1], jacobian[0, 0]))
    assert abs(turn) == pytest.approx(30, abs=0.1)


def test_an_affine_transform_is_what_its_columns_say(tmp_path):
    (tmp_path / "t.csv").write_text(HEADER + "a, 0.5, 0, 3, 0, 0.25, -1\n007, 1,0,0, 0,1,0\n")
    grids = read_affine(tmp_path / "t.csv")
    assert list(grids) == ["a", "007"]
    np.testing.assert_allclose(grids["a"].to_blurred(places((2.0, 8.0), (0.0, 0.0))), places((4.0, 1.0), (3.0, -1.0)))
    np.testing.assert_allclose(grids["a"].jacobian(10, 10), [[0.5, 0], [0, 0.25]])


def test_places_keep_their_shape():
    grid = np.indices((4, 6), dtype=float)
    shifted = by_affine(np.eye(2), np.array([1.0, 2.0])).to_blurred(grid)
    np.testing.assert_allclose(shifted, grid + np.array([1.0, 2.0])[:, None, None])
    np.testing.assert_array_equal(SAME.to_blurred(grid), grid)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,yy\na,1\n", ["no column 'yx'"]),
        (HEADER + "a,1,0,zero,0,1,0\n", ["zero", "numbers are needed"]),
        (HEADER + "a,1,0,0,0,1,0\na,2,0,0,0,2,0\n", ["a has several lines"]),
        ("", ["not a CSV"]),
        (None, ["no such file", "pairs.affine"]),
    ],
)
def test_a_table_that_is_none_is_said_to_be(tmp_path, text, words):
    path = tmp_path / "t.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(PairError) as error:
        read_affine(path)
    one_line(error, path, *words)


@pytest.mark.parametrize("per_pixel", [2.0, 0.0, np.nan])
def test_a_blurred_image_with_finer_pixels_is_refused(per_pixel):
    with pytest.raises(PairError) as error:
        refuse_finer(per_pixel * np.eye(2), "ground/a.fits")
    one_line(error, "ground/a.fits", "exchange pairs.sharp and pairs.blurred")

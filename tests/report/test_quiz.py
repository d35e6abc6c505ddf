import numpy as np
from made_sky import BANDS, drawn_sky, field_of

from pipeline.display import Scaling
from pipeline.report.quiz import ASKED, REAL, WIDTH, pieces, quiz

SCALING = Scaling("nJy", BANDS, [0.0, 0.0], [1.0, 1.0], 300.0)
SKIES = {
    REAL: [field_of(drawn_sky(0)), field_of(drawn_sky(1, (40, 300)))],
    "sgan": [field_of(drawn_sky(2))],
    "xdf_gan": [field_of(drawn_sky(3))],
}


def test_half_of_what_is_asked_is_real_and_every_generator_has_its_share():
    skies = [piece.sky for piece in quiz(SKIES, SCALING, 0)]
    assert [skies.count(name) for name in SKIES] == [ASKED // 2, ASKED // 4, ASKED // 4]
    assert skies != sorted(skies)


def test_the_same_seed_asks_the_same_and_another_does_not():
    one, again, other = (quiz(SKIES, SCALING, seed) for seed in (0, 0, 1))
    assert [piece.sky for piece in one] == [piece.sky for piece in again]
    for piece, same in zip(one, again):
        np.testing.assert_array_equal(piece.picture, same.picture)
    assert any(a.picture.shape != b.picture.shape or (a.picture != b.picture).any() for a, b in zip(one, other))


def test_a_field_narrower_than_a_piece_is_shown_as_far_as_it_goes():
    found = pieces([field_of(drawn_sky(1, (40, 300)))], REAL, 2, WIDTH, SCALING, 0)
    assert [piece.picture.shape for piece in found] == [(40, WIDTH, 3)] * 2

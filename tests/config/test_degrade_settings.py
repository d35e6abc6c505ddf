from pipeline.config.degrade import WIDEST
from pipeline.physics.psf import LARGEST_RADIUS


def test_the_widest_psf_of_a_study_is_the_widest_that_can_be_drawn():
    assert WIDEST == LARGEST_RADIUS

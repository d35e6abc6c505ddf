import torch

from pipeline.training.image_pool import ImagePool


def fed(pool, steps, count=2):
    """Show the pool ``steps`` times ``count`` images that hold their number; give what it showed."""
    shown = []
    for step in range(steps):
        new = torch.arange(step * count, (step + 1) * count).float().reshape(-1, 1, 1, 1)
        draws = pool.draws("a", step=step, count=count)
        shown.append(pool.shown(new, draws).flatten().tolist())
        pool.keep(new, draws)
    return shown


def test_new_images_are_shown_until_the_pool_is_full():
    pool = ImagePool(6, 1, 1)
    assert fed(pool, 3) == [[0, 1], [2, 3], [4, 5]]
    assert pool.kept.flatten().tolist() == [0, 1, 2, 3, 4, 5]


def test_then_about_half_of_what_is_shown_is_old():
    shown = fed(ImagePool(10, 1, 1), 200)
    old = [image < 2 * step for step, images in enumerate(shown) for image in images][20:]
    assert 0.4 < sum(old) / len(old) < 0.6


def test_what_is_shown_follows_from_the_address_alone():
    assert fed(ImagePool(4, 1, 1), 30) == fed(ImagePool(4, 1, 1), 30)


def test_without_a_pool_every_image_is_new():
    assert fed(ImagePool(0, 1, 1), 3) == [[0, 1], [2, 3], [4, 5]]

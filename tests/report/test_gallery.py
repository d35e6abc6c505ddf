import numpy as np
from made_study import make_study

from pipeline.report.gallery import LARGEST, PIXELS, chosen_items, exhibit, items_and_side
from pipeline.splits import read_splits
from pipeline.store import read_images, read_restored


def test_each_fold_shows_one_item_before_any_shows_two(tmp_path):
    made = make_study(tmp_path, fwhm=("3px",))
    chosen = chosen_items(made.images, read_splits(made.splits), [0.05] * 3, [0.02] * 3, 4)
    assert sorted(item.fold for item in chosen[:3]) == [0, 1, 2]
    assert all(item.role == "test" for item in chosen)
    assert len({item.item for item in chosen}) == 4


def test_fewer_are_the_first_of_more(tmp_path):
    made = make_study(tmp_path, images=9, size=(48, 48), fwhm=("3px",))
    items = read_splits(made.splits)
    four, two = (chosen_items(made.images, items, [0.05] * 3, [0.02] * 3, n) for n in (4, 2))
    assert four[:2] == two


def test_an_item_that_is_too_large_is_cut_alike_in_truth_and_restored(tmp_path):
    made = make_study(tmp_path, fwhm=("3px",))
    item = next(i for i in read_splits(made.splits) if i.role == "test")
    path = next(p for p in made.restored if p.stem == "wiener")
    shown = exhibit(made.images, {"wiener": path}, item, 40)
    assert shown.truth.shape == shown.restored["wiener"].shape == (3, 40, 40)
    rows, columns = shown.window.relative_to(item.window).slices
    with read_images(made.images) as images, read_restored(path) as restored:
        np.testing.assert_array_equal(
            images.image(item.image, item.window).pixels[:, rows, columns], shown.truth.pixels
        )
        np.testing.assert_array_equal(restored.pixels(item.item)[:, rows, columns], shown.restored["wiener"])


def test_pictures_shrink_as_there_are_more_of_them():
    assert items_and_side(1, 3) == (2, LARGEST)
    count, side = items_and_side(20, 8)
    assert count == 1
    assert 20 * 17 * side**2 <= PIXELS

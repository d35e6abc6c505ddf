import numpy as np
import pytest
import sep

from pipeline import windowed
from pipeline.image import Image
from pipeline.measures.background_mesh import measure_mesh
from pipeline.tiling import tiles
from pipeline.windowed import WindowedImage


def sloping(height, width, hole):
    random = np.random.default_rng(0)
    plane = (random.normal(size=(height, width)) + np.linspace(0, 30, width)).astype(np.float32)
    for y, x in zip(random.integers(0, height, 30), random.integers(0, width, 30)):
        plane[y : y + 5, x : x + 5] += 50
    mask = np.zeros(plane.shape, bool)
    mask[: height // 2, : width // 2] = hole
    return plane, mask


@pytest.mark.parametrize(
    ("size", "box"), [((200, 240), 48), ((130, 243), 45), ((50, 300), 64), ((100, 300), 64), ((300, 40), 64)]
)
@pytest.mark.parametrize("hole", [False, True])
def test_it_is_the_mesh_of_sextractor_whatever_the_windows(monkeypatch, size, box, hole):
    monkeypatch.setattr(windowed, "STRIP", 3000)
    plane, mask = sloping(*size, hole)
    image = WindowedImage.of(Image("a", plane[None], mask[None], "count", ("g",)))
    mesh = measure_mesh(image, 0, box)
    drawn = np.empty_like(plane)
    for window in tiles(image.area, 70):
        drawn[window.slices] = mesh(window)
    expected = sep.Background(plane, mask=mask, bw=min(box, size[1]), bh=min(box, size[0]), fw=3, fh=3).back()
    np.testing.assert_allclose(drawn, expected, rtol=0, atol=1e-4)


def test_where_nothing_is_trusted_the_level_of_the_nearest_boxes_holds():
    plane, mask = sloping(200, 240, False)
    mask[:, 60:] = True
    image = WindowedImage.of(Image("a", plane[None], mask[None], "count", ("g",)))
    drawn = measure_mesh(image, 0, 30)(image.area)
    assert np.isfinite(drawn).all()
    assert np.abs(drawn[:, 200:] - drawn[:, 45:46]).max() < 2

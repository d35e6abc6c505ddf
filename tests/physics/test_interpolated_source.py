import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.data import camera

from pipeline.physics.interpolated_source import empty_kspace


def scan(size, height, width, sigma=3.0):
    """Magnitudes of a head that was scanned with some pixels and shown with more, as whole numbers."""
    random = np.random.default_rng(0)
    y, x = (np.mgrid[:size, :size] + 0.5) / size - 0.5
    head = 100.0 * (np.hypot(x / 0.32, y / 0.42) < 1) + 80 * (np.hypot(x - 0.1, y + 0.1) < 0.06)
    parts = random.standard_normal((2, size, size)) * sigma
    spectrum = np.fft.fftshift(np.fft.fft2(head * np.exp(2j * x + 1.5j * y**2) + parts[0] + 1j * parts[1]))
    above, left = (height - size) // 2, (width - size) // 2
    padded = np.pad(spectrum, ((above, height - size - above), (left, width - size - left)))
    return np.rint(np.abs(np.fft.ifft2(np.fft.ifftshift(padded))) * (height * width / size**2))


@pytest.mark.parametrize("sigma", [1.0, 10.0])
@pytest.mark.parametrize(
    ("size", "height", "width"), [(192, 256, 256), (192, 192, 256), (128, 512, 256), (240, 256, 256)]
)
def test_padding_of_k_space_is_found(size, height, width, sigma):
    found = empty_kspace(scan(size, height, width, sigma))
    assert found.rows == pytest.approx(1 - size / height, abs=0.03)
    assert found.columns == pytest.approx(1 - size / width, abs=0.03)
    assert found.whole == pytest.approx(1 - (1 - found.rows) * (1 - found.columns))


@pytest.mark.parametrize("image", [scan(192, 192, 192), camera() * 1.0, gaussian_filter(camera() * 1.0, 1.5)])
def test_nothing_is_empty_of_an_image_that_was_not_interpolated_even_a_blurred_one(image):
    assert empty_kspace(image) == (0, 0, 0)


def test_a_flat_image_has_no_edge_in_its_spectrum():
    assert empty_kspace(np.ones((64, 64))) == (0, 0, 0)

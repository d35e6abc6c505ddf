import numpy as np
import pytest
from made_image import image

from pipeline.image import ImageError


def test_planes_of_different_shapes_are_no_image():
    with pytest.raises(ImageError, match="a: mask has the shape"):
        image(mask=np.zeros((40, 50), bool))
    with pytest.raises(ImageError, match="1 bands are named, and there are 2 planes"):
        image(bands=("g",))

import h5py
import numpy as np
import pytest
from made_image import image

from pipeline.observation import read_observations
from pipeline.store import StoreError, read_images, write_images, write_restored


def test_a_missing_file_is_refused_in_one_line(tmp_path):
    with pytest.raises(StoreError, match=r"x\.h5: no such file"), read_images(tmp_path / "x.h5"):
        pass


def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path):
    with write_restored(tmp_path / "x.h5"):
        pass
    with pytest.raises(StoreError, match="holds restored; a file of images is needed"), read_images(tmp_path / "x.h5"):
        pass
    with pytest.raises(StoreError, match="a file of observations is needed"), read_observations(tmp_path / "x.h5"):
        pass


@pytest.mark.parametrize("kind", [None, "not json", 3, np.zeros(3)])
def test_a_strangers_hdf5_is_refused_in_one_line(tmp_path, kind):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        if kind is not None:
            file.attrs["kind"] = kind
    with pytest.raises(StoreError, match="a file of images is needed"), read_images(tmp_path / "x.h5"):
        pass


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_refused_in_one_line(tmp_path, share):
    path = tmp_path / "x.h5"
    with write_images(path) as writer:
        writer.append(image())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(StoreError) as caught, read_images(path):
        pass
    assert str(caught.value).startswith(f"{path}: not a readable HDF5 file")
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file_of_ours(tmp_path):
    with pytest.raises(StoreError, match="not a readable HDF5 file"), read_images(tmp_path):
        pass

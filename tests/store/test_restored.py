import numpy as np

from pipeline.store import read_restored, write_restored


def test_restored_items_come_back_with_their_notes(tmp_path):
    with write_restored(tmp_path / "x.h5", method="wiener") as writer:
        writer.append("b/1", np.ones((2, 3, 4)), fold=1, seconds=0.5)
        writer.append("a", np.zeros((2, 5, 6)), fold=0, seconds=0.25)
    with read_restored(tmp_path / "x.h5") as restored:
        assert restored.items == ["b/1", "a"]
        assert restored.pixels("b/1").dtype == np.float32
        assert (restored.pixels("b/1") == 1).all()
        assert restored.attributes("b/1") == {"fold": 1, "seconds": 0.5}

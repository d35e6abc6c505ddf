import pytest
import torch
from made_place import Place, assert_same, small_images
from made_training import NAFNET, made_study

pytestmark = pytest.mark.usefixtures("quick_training")
SPREAD = {"spread": {"steps": 3, "batch": 2, "crop": 16, "width": 4}}


def test_the_spread_is_learned_last_and_changes_nothing_else(tmp_path):
    plain = Place(tmp_path / "plain", small_images()).train()
    place = Place(tmp_path / "spread", small_images(), made_study({"net": NAFNET | SPREAD}))
    trained = place.train()
    assert set(trained.weights) == {"faithful", "sharp", "spread"}
    for output, weights in plain.weights.items():
        for name, value in weights.items():
            assert torch.equal(value, trained.weights[output][name])
    assert trained.history.stage.unique().tolist() == ["regression", "adversarial", "spread"]
    assert trained.history.validation_nll.notna().any()
    assert trained.cards["spread"]["output"] == "spread"
    assert_same(trained, place.train(work="again"))

"""A small study in a folder of its own, to be trained in, and what its trainings left behind."""

import pandas as pd
import torch
from made_training import NAFNET, PIX2PIX, made_study, sky, write_sky

from pipeline.model_file import read_model
from pipeline.steps.split import split
from pipeline.steps.train import train

BOTH = {"net": NAFNET, "pix": PIX2PIX}
LOOKS = ["validation_psnr", "told_apart", "variety", "r_v"]
"""What is measured on the tune role while training goes on, and decides nothing of it."""


def small_images():
    """A dozen skies of one item each."""
    return [sky(64, 70, seed=k) for k in range(12)]


class Place:
    """The files of one study."""

    def __init__(self, folder, skies, study=None, masks=None):
        folder.mkdir(exist_ok=True)
        self.folder, self.study = folder, study or made_study()
        self.images, self.splits = folder / "images.h5", folder / "splits.csv"
        write_sky(self.images, *skies, masks=masks)
        if not self.splits.exists():
            split(self.images, self.study, self.splits)

    def train(self, network="net", fold=0, work="work"):
        out = self.folder / f"{network}{fold}"
        train(self.images, self.splits, self.study, network, fold, out, self.folder / work)
        return Trained(out)


class Trained:
    """What a training left behind, without what is about time and place."""

    def __init__(self, out):
        models = {path.stem: read_model(path) for path in out.glob("*.safetensors")}
        self.weights = {name: model.tensors for name, model in models.items()}
        self.cards = {name: {k: v for k, v in m.card.items() if k != "data_hash"} for name, m in models.items()}
        self.history = pd.read_csv(out / "history.csv")
        self.losses = self.history.drop(columns=["seconds", *LOOKS], errors="ignore")


def assert_same_weights(one, other):
    """Two trainings ended with the same networks, to the last bit."""
    assert one.weights.keys() == other.weights.keys()
    for output, tensors in one.weights.items():
        for name, value in tensors.items():
            assert torch.equal(value, other.weights[output][name]), (output, name)


def assert_same(one, other):
    """Two trainings ended with the same networks, cards and losses."""
    assert_same_weights(one, other)
    assert one.cards == other.cards
    pd.testing.assert_frame_equal(one.losses, other.losses, check_exact=True)

"""A study of real pairs, whole: the same tables as any other, with and without training on the pairs."""

import numpy as np
import pandas as pd
from astropy.io import fits
from made_pairs import paired_study, write_pairs
from whole_study import WholeStudy

from pipeline.model_file import read_model
from pipeline.steps.apply import apply
from pipeline.steps.regrid import regrid

NETWORK = {
    "architecture": "nafnet",
    "width": 4,
    "encoder_blocks": [1],
    "decoder_blocks": [1],
    "regression": {"steps": 4, "batch": 2, "crop": 32},
    "adversarial": {"steps": 2, "batch": 2, "crop": 32, "base_channels": 4},
    "spread": {"steps": 2, "batch": 2, "crop": 32},
}


def test_classical_methods_and_networks_of_both_kinds_stand_in_one_table(tmp_path):
    write_pairs(tmp_path)
    networks = {"retrained": NETWORK, "simulated": {**NETWORK, "learns_from": "simulation"}}
    study = paired_study(
        tmp_path,
        networks,
        methods=["degraded", "wiener"],
        evaluate={"bootstrap": 100, "classifiers": False},
        # Of what untrained networks made these take most of the time; the image at the end has them.
        restore={"data_consistency": False},
        publish={"final": "fold0"},
    )
    done = WholeStudy(study, tmp_path).run()
    table = pd.read_csv(done.summary)
    assert set(table["condition"]) == {"pairs"}
    psnr = table[(table["metric"] == "psnr") & (table["space"] == "linear")].set_index("method")
    assert set(psnr.index) == set(study.all_methods)
    assert (psnr["n"] == 8).all()
    assert np.isfinite(psnr["median"]).all()
    assert psnr.loc["wiener", "median"] > psnr.loc["degraded", "median"]
    assert "pairs" in done.page.read_text()
    cards = [read_model(tmp_path / "published" / f"{name}_faithful.safetensors").card for name in networks]
    assert cards[0]["range"] == cards[1]["range"]
    assert cards[0]["psf"] is not None
    # A blurred image that has no sharp one goes the same way.
    model, new = tmp_path / "published" / "retrained_faithful.safetensors", tmp_path / "new.fits"
    regrid(model, [tmp_path / "blurred" / "i0.fits"], new)
    apply(model, [new], tmp_path / "restored.fits", psf="model", noise=f"{new}[SIGMA]", mask=f"{new}[MASK]")
    assert fits.getheader(tmp_path / "restored.fits")["BUNIT"] == "nanomaggy"

import numpy as np
import pytest
from made_place import BOTH, Place, small_images
from made_training import made_study

from pipeline.observation import Observation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.restorers.network import NetworkRestorer
from pipeline.store import read_images


@pytest.mark.gpu
@pytest.mark.parametrize("compiled", [False, True])
def test_half_precision_and_compiling_train_on_a_gpu(tmp_path, compiled):
    training = {"stretch": "linear", "validate_every": 2, "precision": "bf16", "compile": compiled}
    trained = Place(tmp_path, small_images(), made_study(train=training)).train()
    assert trained.history.validation_psnr.notna().all()
    plain = Place(tmp_path / "plain", small_images(), made_study(train=training | {"precision": "float32"})).train()
    for output, tensors in plain.weights.items():
        assert tensors.keys() == trained.weights[output].keys()
    np.testing.assert_allclose(trained.losses.generator_total, plain.losses.generator_total, rtol=0.05)


@pytest.mark.gpu
def test_training_and_restoring_run_on_a_gpu(tmp_path):
    masks = {k: np.zeros((2, 64, 70), bool) for k in range(12)}
    masks[0][:, 20:30, 25:40] = True
    place = Place(tmp_path, small_images(), made_study(BOTH), masks)
    for network, output in (("net", "sharp"), ("pix", "sharp")):
        trained = place.train(network)
        assert trained.history.validation_psnr.notna().all()
        with read_images(place.images) as images:
            preview = images.image("field0")
        psf = draw_psf("gaussian", 2.5).expand(2, -1, -1).contiguous()
        sigma = np.full(preview.pixels.shape, 0.05, np.float32)
        seen = type(preview)("a", preview.pixels, preview.mask, "display", preview.bands, sigma=sigma)
        observation = Observation(seen, Blur(psf, GaussianNoise((0.05, 0.05))))
        file = tmp_path / f"{network}0" / f"{output}.safetensors"
        one, other = (NetworkRestorer(file, device=d).restore(observation).pixels for d in ("cuda", "cpu"))
        np.testing.assert_allclose(one, other, atol=1e-3 * np.ptp(other))

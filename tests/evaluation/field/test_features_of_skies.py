import numpy as np
import pandas as pd
import pytest
from made_sky import drawn_sky

from pipeline.evaluation.field import features as module
from pipeline.evaluation.field import sky_network, split_ratio
from pipeline.evaluation.field.features import network_scores, scattering_scores
from pipeline.evaluation.field.frechet import Components, frechet_distance
from pipeline.evaluation.field.sky_network import SkyNetwork, inception_score
from pipeline.evaluation.field.stamps import Stamps


@pytest.fixture(autouse=True)
def _few_resamplings(monkeypatch):
    monkeypatch.setattr(split_ratio, "RESAMPLINGS", 19)
    monkeypatch.setattr(split_ratio, "FEWER_SPLITS", 2)
    monkeypatch.setattr(sky_network, "STEPS", 20)


def patches(seed, **changes):
    sky = np.arcsinh(drawn_sky(seed, **changes) / 3)
    return [sky[:, y : y + 32, x : x + 32][None] for y in range(0, 256, 32) for x in range(0, 256, 32)]


@pytest.fixture(scope="module")
def skies():
    return {"training": np.concatenate(patches(0)), "real": patches(1), "again": patches(2),
            "wide": patches(3, width=2.2)}  # fmt: skip


def test_the_frechet_distance_of_normal_samples_is_that_of_its_formula():
    random = np.random.default_rng(0)
    some, others = random.normal(size=(40_000, 2)), random.normal(size=(40_000, 2)) * [1, 3] + [2, 0]
    assert frechet_distance(some, others) == pytest.approx(4 + (3 - 1) ** 2, rel=0.03)
    assert frechet_distance(some, some) == pytest.approx(0, abs=1e-9)


def test_components_have_unit_variance_in_the_training_sky():
    training = np.random.default_rng(0).normal(size=(300, 40)) @ np.random.default_rng(1).normal(size=(40, 40))
    made = Components(training).apply(training)
    assert made.shape == (300, 16)
    np.testing.assert_allclose(made.T @ made / 300, np.eye(16), atol=1e-6)


def test_scattering_tells_another_seeing_from_a_sky_alike(skies):
    same = scattering_scores(skies["real"], skies["again"], skies["training"], 0)
    other = scattering_scores(skies["real"], skies["wide"], skies["training"], 0)
    assert [f.quantity for f in same] == ["frechet_scattering", "kernel_scattering"]
    assert all(f.p_value > 0.05 for f in same)
    assert all(f.p_value <= 0.05 for f in other)
    assert other[0].value > 2 > same[0].value


def test_the_inception_score_runs_from_1_to_the_number_of_kinds():
    assert inception_score(np.full((50, 8), 1 / 8)) == pytest.approx(1)
    assert inception_score(np.eye(8)[np.arange(80) % 8]) == pytest.approx(8, rel=1e-6)
    assert inception_score(np.eye(8)[np.zeros(80, int)]) == pytest.approx(1)


def test_a_network_of_the_training_sky_tells_another_seeing(skies, monkeypatch):
    monkeypatch.setattr(module, "ENOUGH", 32)
    table = pd.DataFrame({"light": skies["training"].sum((1, 2, 3)), "peak": skies["training"].max((1, 2, 3))})
    training = Stamps(skies["training"], table)
    network = SkyNetwork(training, ["light", "peak"], 0)
    assert network.kinds(skies["training"]).sum(1) == pytest.approx(np.ones(64))
    same = network_scores(skies["real"], skies["again"], training, network, 0)
    other = network_scores(skies["real"], skies["wide"], training, network, 0)
    assert [f.quantity for f in same] == ["frechet_network", "kernel_network", "inception_network"]
    assert other[0].value > 1.5 * same[0].value


def test_a_network_is_a_function_of_its_address(skies):
    training = Stamps(skies["training"], pd.DataFrame({"light": skies["training"].sum((1, 2, 3))}))
    one, other = (SkyNetwork(training, ["light"], 7).features(skies["real"][0]) for _ in range(2))
    np.testing.assert_array_equal(one, other)

from dataclasses import replace

import pytest
import torch
from made_task import LOOP, Killed, assert_equal, run
from made_training import CPU, SCALING, sky, write_sky

from pipeline.config import SganSettings, XdfGanSettings
from pipeline.networks.build_generator import build_generator
from pipeline.stretch import Stretch
from pipeline.tiling import Window
from pipeline.training import field_task
from pipeline.training.balance import CollapseError
from pipeline.training.field_crops import FieldCrops
from pipeline.training.field_task import FieldTask
from pipeline.training.regions import Region, SceneError
from pipeline.training.scenes import Scenes

SMALL = {"steps": 4, "batch": 4, "crops": [32], "base_channels": 4, "width": 4, "latents": 3}
STRETCH = Stretch("asinh", (0.1, 0.1), (0.03, 0.03))
XDF_STRETCH = Stretch("linear", (0.0, 0.0), (0.5, 0.5))


@pytest.fixture(autouse=True)
def watched_briefly(monkeypatch):
    monkeypatch.setattr(field_task, "WATCHED", 4)


@pytest.fixture
def scenes(tmp_path):
    path = write_sky(tmp_path / "images.h5", sky(120, 130))
    return Scenes(path, [Region("field0", Window(0, 0, 120, 130))], CPU)


def made(scenes, kind=SganSettings, seed=0, **changes):
    settings = kind(**SMALL | changes)
    bounded = kind is XdfGanSettings
    stretch = XDF_STRETCH if bounded else STRETCH
    crops = FieldCrops(scenes, stretch, settings.turned, bounded)
    torch.manual_seed(seed)
    module = build_generator(settings.model_dump(), 2)
    return FieldTask(module, settings, crops, crops, stretch, SCALING, (seed, "field", "made"), CPU)


VARIANTS = {
    "all_at_once": {"whole": 2, "periodic": 2, "pack": 2, "adaptive_target": 0.0, "adaptive_share": 1.0},
    "sizes": {"loss": "relativistic_average", "crops": [32, 48]},
    "xdf_gan": {"kind": XdfGanSettings},
}


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS)
def test_a_killed_training_ends_with_the_weights_of_an_unbroken_one(scenes, tmp_path, changes):
    unbroken = run(made(scenes, **changes), tmp_path / "one")
    with pytest.raises(Killed):
        run(made(scenes, **changes), tmp_path / "other", killed_at=3)
    assert_equal(run(made(scenes, **changes), tmp_path / "other"), unbroken)
    assert unbroken[1][-1]["step"] == 4
    assert {"told_apart", "variety", "r_v", "histogram", "generator_total"} <= set(unbroken[1][-1])


def test_both_players_learn(scenes, tmp_path):
    task = made(scenes, steps=2)
    before = {name: {k: v.clone() for k, v in p.module.state_dict().items()} for name, p in task.players.items()}
    run(task, tmp_path, LOOP)
    for name, player in task.players.items():
        same = {key for key, value in player.module.state_dict().items() if torch.equal(value, before[name][key])}
        # A relativistic loss knows no constant.
        assert same == ({"last.bias"} if name == "discriminator" else set())


@pytest.mark.slow
def test_training_brings_painted_values_to_those_of_the_sky(scenes, tmp_path):
    task = made(scenes, steps=60, learning_rate=3e-3, width=8, base_channels=8)
    with torch.no_grad():
        before = task.validate(task.players["generator"].module.eval())["histogram"]
    _, history = run(task, tmp_path, replace(LOOP, validate_every=60, checkpoint_every=60))
    assert history[-1]["histogram"] < 0.7 * before


def test_every_second_step_looks_at_the_slope_and_none_where_there_is_no_penalty(scenes):
    assert [made(scenes).batch(step).penalised for step in range(4)] == [True, False, True, False]
    assert not made(scenes, penalty=0).batch(0).penalised


def test_wider_crops_are_fewer_and_both_players_see_one_width(scenes):
    task = made(scenes, crops=[32, 64], batch=8)
    shapes = {tuple(task.batch(step).real.shape) for step in range(12)}
    assert shapes == {(8, 2, 32, 32), (2, 2, 64, 64)}
    for step in range(4):
        batch = task.batch(step)
        assert task.players["generator"].module(batch.given).shape == batch.real.shape


def test_crops_have_all_eight_orientations_unless_up_is_not_right(tmp_path):
    ramp = torch.arange(40.0)[:, None] + 1000 * torch.arange(40.0) + torch.zeros(2, 1, 1)
    path = write_sky(tmp_path / "ramp.h5", ramp.numpy())
    scenes = Scenes(path, [Region("field0", Window(0, 0, 40, 40))], CPU)
    plain = Stretch("linear", (0.0, 0.0), (1.0, 1.0))

    def slopes(turned):
        crops = FieldCrops(scenes, plain, turned).batch("a", count=64, crop=32).pixels
        return {(float(c[0, 1, 0] - c[0, 0, 0]), float(c[0, 0, 1] - c[0, 0, 0])) for c in crops}

    assert slopes(False) == {(1.0, 1000.0)}
    assert len(slopes(True)) == 8


def test_what_is_masked_is_shown_alike_to_the_discriminator_and_teaches_nothing(tmp_path):
    image, mask = sky(64, 64), torch.zeros(2, 64, 64, dtype=torch.bool).numpy()
    mask[:, :, 20:40] = True
    image[mask] = 50
    path = write_sky(tmp_path / "holes.h5", image, masks={0: mask})
    scenes = Scenes(path, [Region("field0", Window(0, 0, 64, 64))], CPU)
    task = made(scenes)
    batch = task.batch(0)
    assert batch.mask.any()
    assert batch.real.max() < 10
    seen = []

    class Sees(torch.nn.Module):
        def forward(self, crops):
            seen.append(crops)
            return crops.mean((1, 2, 3))

    task.losses("generator", batch, {"generator": task.players["generator"].module, "discriminator": Sees()})
    real, fake = seen
    assert torch.equal(real[batch.mask], fake[batch.mask])
    assert not torch.equal(real, fake)


def test_a_generator_that_always_paints_the_same_ends_the_training(scenes):
    task = made(scenes)
    module = task.players["generator"].module
    with torch.no_grad():
        task.validate(module)
        for parameter in module.parameters():
            parameter.zero_()
        with pytest.raises(CollapseError, match="painted crops differ by 0 of what real ones do"):
            task.validate(module)


def test_a_training_that_goes_on_after_a_collapse_finds_it_again(scenes):
    first, again = made(scenes), made(scenes)
    with torch.no_grad():
        first.validate(first.players["generator"].module)
        again.players["discriminator"].module.load_state_dict(first.players["discriminator"].module.state_dict())
        for parameter in again.players["generator"].module.parameters():
            parameter.zero_()
        with pytest.raises(CollapseError):
            again.validate(again.players["generator"].module)


def test_a_generator_may_begin_with_the_same_everywhere(scenes):
    task = made(scenes)
    module = task.players["generator"].module
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        assert task.validate(module)["variety"] == 0


def test_crops_wider_than_the_sky_are_refused(scenes):
    with pytest.raises(SceneError, match="as large as a crop of 128 px"):
        made(scenes, crops=[128])

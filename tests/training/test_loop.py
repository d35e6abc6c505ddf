import math
import os
import shutil

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment
from made_training import NAFNET, PIX2PIX, SCALING, degrader, made_study, sky, write_sky
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from pipeline.config.networks.stages import LOSS_NAMES, OPTIMISER_NAMES
from pipeline.networks.build import build_network, drawing_network
from pipeline.stretch import Stretch
from pipeline.tiling import Window
from pipeline.training.adversarial_task import AdversarialTask
from pipeline.training.balance import CollapseError
from pipeline.training.checkpoint import read_notes
from pipeline.training.loop import LoopSettings, train
from pipeline.training.pix2pix_task import Pix2pixTask
from pipeline.training.posterior_task import PosteriorTask
from pipeline.training.regions import Region
from pipeline.training.restoration import RegressionTask
from pipeline.training.task import Player, TrainingError

LOOP = LoopSettings(validate_every=2, checkpoint_every=1, ema=0.9, clip=1.0)
VIEW = Stretch("asinh", (0.1, 0.1), (0.02, 0.02))


class Killed(BaseException):
    """As Ctrl-C or a signal would end the process."""


@pytest.fixture
def source(tmp_path):
    path = write_sky(tmp_path / "images.h5", sky(120, 130))
    return degrader(path, [Region("field0", Window(0, 0, 120, 130))])


def made_task(kind, source, seed=0, **stage):
    study = made_study({"net": NAFNET, "pix": PIX2PIX})
    settings = study.networks["pix" if kind is Pix2pixTask else "net"]
    torch.manual_seed(seed)
    module = build_network(settings.model_dump(), 2, 2)
    watched = source.batch("watched", count=2, crop=32)
    shared = {
        "degrader": source,
        "watched": watched,
        "address": (seed, "net", 0),
        "span": torch.ones(2),
        "scaling": SCALING,
    }
    if kind is RegressionTask:
        return RegressionTask(module, settings.regression.model_copy(update=stage), **shared)
    if kind is PosteriorTask:
        module = drawing_network(module.state_dict(), settings.model_dump(), 2, 2)
        posterior = settings.posterior.model_copy(
            update={"steps": 4, "batch": 2, "crop": 32, "base_channels": 4} | stage
        )
        return PosteriorTask(module, posterior, VIEW, **shared)
    if kind is AdversarialTask:
        return AdversarialTask(module, settings.adversarial.model_copy(update=stage), VIEW, **shared)
    return Pix2pixTask(module, settings, 2, **shared)


def run(task, folder, settings=LOOP, killed_at=None):
    if killed_at is not None:
        true_batch = task.batch

        def batch(step):
            if step == killed_at:
                raise Killed
            return true_batch(step)

        task.batch = batch
    fabric = Fabric(accelerator="cpu", devices=1, plugins=[LightningEnvironment()])
    module, history = train(task, settings, fabric, folder / "work", folder / "board")
    weights = {f"average/{k}": v for k, v in module.state_dict().items()}
    for name, player in task.players.items():
        weights |= {f"{name}/{k}": v for k, v in player.module.state_dict().items()}
    return weights, [{k: v for k, v in row.items() if k != "seconds"} for row in history]


def assert_equal(one, other):
    assert one[0].keys() == other[0].keys()
    for name, value in one[0].items():
        assert torch.equal(value, other[0][name]), name
    assert one[1] == other[1]


@pytest.mark.parametrize("kind", [RegressionTask, AdversarialTask, PosteriorTask, Pix2pixTask])
@pytest.mark.parametrize("every", [1, 2])
def test_a_killed_training_ends_as_an_unbroken_one(kind, every, source, tmp_path):
    settings = LoopSettings(validate_every=2, checkpoint_every=every, ema=0.9, clip=1.0)
    unbroken = run(made_task(kind, source), tmp_path / "unbroken", settings)
    for killed_at in (0, 1, 3):
        with pytest.raises(Killed):
            run(made_task(kind, source), tmp_path / "killed", settings, killed_at)
    # Other weights at the start: what counts is the checkpoint.
    task = made_task(kind, source)
    nn.init.ones_(next(iter(task.players["generator"].module.parameters())))
    assert_equal(unbroken, run(task, tmp_path / "killed", settings))


def test_both_networks_of_pix2pix_start_as_published(source):
    for player in made_task(Pix2pixTask, source).players.values():
        assert not any(value.any() for name, value in player.module.named_parameters() if name.endswith("bias"))


def test_a_finished_training_is_read_back(source, tmp_path):
    first = run(made_task(RegressionTask, source), tmp_path)
    events = sorted((tmp_path / "board").rglob("events*"))
    assert_equal(first, run(made_task(RegressionTask, source, seed=0), tmp_path, killed_at=0))
    assert sorted((tmp_path / "board").rglob("events*")) == events


@pytest.mark.parametrize("kind", [RegressionTask, AdversarialTask, PosteriorTask, Pix2pixTask])
def test_one_seed_makes_one_network(kind, source, tmp_path):
    first, second = (run(made_task(kind, source), tmp_path / name) for name in "ab")
    assert_equal(first, second)
    other, _ = run(made_task(kind, source, seed=1), tmp_path / "c")
    assert not torch.equal(next(iter(first[0].values())), next(iter(other.values())))


def test_dropout_depends_on_the_address(source, tmp_path):
    """Two seeds with the same weights and batches still draw other masks."""
    found = []
    for seed in (0, 1):
        task = made_task(Pix2pixTask, source)
        fixed = task.batch(0)
        task.batch, task.address = lambda step, fixed=fixed: fixed, (seed, "net", 0)
        found.append(run(task, tmp_path / str(seed))[0])
    assert not torch.equal(found[0]["generator/encoder.0.0.weight"], found[1]["generator/encoder.0.0.weight"])


def test_history_has_a_row_for_each_look_and_for_the_last_step(source, tmp_path):
    settings = LoopSettings(validate_every=4, checkpoint_every=100, ema=0.9, clip=1.0)
    _, history = run(made_task(RegressionTask, source), tmp_path, settings)
    assert [row["step"] for row in history] == [4, 6]
    assert list(history[0])[:3] == ["step", "stage", "generator_total"]
    assert list(history[0])[-1] == "validation_psnr"
    assert {row["stage"] for row in history} == {"regression"}


def shown(folder):
    """Steps of the scalars on TensorBoard, and of the strips."""
    events = EventAccumulator(str(folder), {"images": 0, "scalars": 0})
    events.Reload()
    scalars, strips = events.Scalars("validation_psnr"), events.Images("observed, restored, truth")
    return [event.step for event in scalars], [event.step for event in strips]


def test_tensorboard_shows_each_step_once_after_a_kill(source, tmp_path):
    settings = LoopSettings(validate_every=1, checkpoint_every=2, ema=0.9, clip=1.0)
    with pytest.raises(Killed):
        run(made_task(RegressionTask, source), tmp_path, settings, killed_at=3)
    run(made_task(RegressionTask, source), tmp_path, settings)
    assert shown(tmp_path / "board" / "regression") == ([1, 2, 3, 4, 5, 6],) * 2


def test_a_strip_shows_observed_restored_and_truth_of_the_same_crops(source):
    task = made_task(RegressionTask, source)
    ((name, picture),) = task.strips(lambda inputs: torch.full_like(inputs.preview, 0.1)).items()
    assert name == "observed, restored, truth"
    # Two crops of 32 px in three columns, 2 px apart.
    assert picture.shape == (32 + 2 + 32, 32 + 2 + 32 + 2 + 32, 3)
    for row, preview, truth in zip((picture[:32], picture[34:]), task.watched.inputs.preview, task.watched.target):
        assert (row[:, :32] == SCALING.picture(preview.numpy())).all()
        assert len(set(row[:, 34:66].ravel())) == 1
        assert (row[:, 68:] == SCALING.picture(truth.numpy())).all()


class Onlooker(Fabric):
    """One of two processes, and not the first."""

    global_rank, world_size = 1, 2


def test_a_process_that_does_not_write_draws_no_strip(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.training.team.Team.means", lambda self, values: values)
    task = Toy()
    task.strips = lambda module: pytest.fail("drawn for nobody")
    fabric = Onlooker(accelerator="cpu", devices=1, plugins=[LightningEnvironment()])
    train(task, LOOP, fabric, tmp_path / "work", tmp_path / "board")
    assert not (tmp_path / "board").exists()


class Toy:
    """One weight, drawn to 1 with gradient descent; it can be made to go wrong."""

    stage, steps, kept, address = "toy", 4, "generator", (0, "toy", 0)

    def __init__(self, wrong_at=None, score=0.0):
        self.module = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.module.weight)
        self.players = {"generator": Player(self.module, torch.optim.SGD(self.module.parameters(), 1.0))}
        self.wrong_at, self.score, self.seen = wrong_at, score, []

    def rate(self, step):
        return 0.5**step

    def stepped(self, values):
        pass

    def finish(self, module):
        return {}

    def strips(self, module):
        return {}

    def batch(self, step):
        self.seen.append(self.module.weight.item())
        return step

    def losses(self, player, batch, modules):
        loss = (modules["generator"](torch.ones(1, 1)) - 1).square().mean() / 2
        return {"total": loss * (math.nan if batch == self.wrong_at else 1)}

    def validate(self, module):
        return {"validation_psnr": self.score + module.weight.item()}


def test_rates_follow_the_task_and_the_mean_follows_the_weights(tmp_path):
    task = Toy()
    weights, _ = run(task, tmp_path, LoopSettings(1, 1, 0.5, 10.0))
    # w <- w + rate (1 - w), with rates 1, 1/2, ...: the first step arrives, the rest stay.
    assert task.seen == [0, 1, 1, 1]
    assert weights["average/weight"].item() == 1
    task = Toy()
    task.rate = lambda step: 0.5
    weights, _ = run(task, tmp_path / "other", LoopSettings(1, 1, 0.5, 10.0))
    assert task.seen == [0, 0.5, 0.75, 0.875]
    # The mean starts at the first step's weights: 0.5, then halfway to 0.75, 0.875 and 0.9375.
    assert weights["average/weight"].item() == pytest.approx(0.84375)


def test_gradients_are_clipped(tmp_path):
    task = Toy()
    task.rate = lambda step: 1.0
    run(task, tmp_path, LoopSettings(1, 1, 0.5, 0.1))
    assert task.seen == pytest.approx([0, 0.1, 0.2, 0.3], rel=1e-5)


def test_a_rate_goes_on_where_it_was_after_a_kill(tmp_path):
    with pytest.raises(Killed):
        run(Toy(), tmp_path, killed_at=2)
    task = Toy()
    run(task, tmp_path)
    assert task.players["generator"].optimiser.param_groups[0]["lr"] == 0.5**3


def test_a_loss_that_is_not_finite_stops_in_one_line(tmp_path):
    with pytest.raises(TrainingError, match="toy: generator_total is nan at step 3; lower the learning rate") as error:
        run(Toy(wrong_at=2), tmp_path, LoopSettings(validate_every=100, checkpoint_every=1, ema=0.5, clip=1.0))
    assert "\n" not in str(error.value)
    # What was saved before is sound: with the cause gone, the training goes on.
    weights, _ = run(Toy(), tmp_path)
    assert all(value.isfinite().all() for value in weights.values())


@pytest.mark.parametrize(("wrong_at", "kept"), [(0, None), (1, None), (2, 2), (3, 2)])
def test_no_checkpoint_holds_weights_that_were_lost_steps_before(wrong_at, kept, tmp_path):
    with pytest.raises(TrainingError, match=f"generator_total is nan at step {wrong_at + 1}"):
        run(Toy(wrong_at), tmp_path, LoopSettings(validate_every=100, checkpoint_every=2, ema=0.5, clip=1.0))
    notes = read_notes(tmp_path / "work" / "toy.safetensors")
    assert (notes and notes["step"]) == kept


def test_no_score_is_given_to_weights_that_were_lost_steps_before(tmp_path):
    task = Toy(wrong_at=0)
    task.validate = lambda module: pytest.fail("judged what is lost")
    with pytest.raises(TrainingError, match="generator_total is nan at step 1"):
        run(task, tmp_path, LoopSettings(validate_every=3, checkpoint_every=100, ema=0.5, clip=1.0))


def test_a_score_that_is_not_finite_stops_in_one_line(tmp_path):
    with pytest.raises(TrainingError, match="validation_psnr is -inf at step 2"):
        run(Toy(score=-math.inf), tmp_path)


@pytest.mark.parametrize(("loss", "absolute"), [("relativistic", False), ("hinge", True)])
def test_the_adversarial_stage_tells_how_its_game_stands(loss, absolute, source, tmp_path):
    task = made_task(AdversarialTask, source, loss=loss)
    _, history = run(task, tmp_path)
    for row in history:
        assert 0 <= row["told_apart"] <= 1
        assert row["variety"] > 0
        assert ("r_t" in row) == absolute


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_every_loss_trains_both_networks(loss, source, tmp_path):
    task = made_task(AdversarialTask, source, loss=loss, penalty_every=1)
    before = {name: [p.clone() for p in player.module.parameters()] for name, player in task.players.items()}
    run(task, tmp_path)
    for name, player in task.players.items():
        moved = [not torch.equal(old, new) for old, new in zip(before[name], player.module.parameters(), strict=True)]
        assert any(moved), name
        assert all(p.requires_grad for p in player.module.parameters())


@pytest.mark.parametrize(
    "stage",
    [
        {"feature_weight": 1.0},
        {"reblur_weight": 0.1},
        {"adaptive_target": 0.0, "adaptive_images": 4, "penalty_every": 1},
        {"adaptive_target": 0.5, "adaptive_images": 4, "loss": "wasserstein", "penalty_every": 1},
    ],
)
def test_what_is_asked_for_beside_changes_the_result_and_survives_a_kill(stage, source, tmp_path):
    unbroken = run(made_task(AdversarialTask, source, **stage), tmp_path / "unbroken")
    with pytest.raises(Killed):
        run(made_task(AdversarialTask, source, **stage), tmp_path / "killed", killed_at=3)
    assert_equal(unbroken, run(made_task(AdversarialTask, source, **stage), tmp_path / "killed"))
    plain = run(made_task(AdversarialTask, source), tmp_path / "plain")
    assert any(not torch.equal(v, unbroken[0][k]) for k, v in plain[0].items() if k in unbroken[0])


def test_regression_can_be_asked_to_explain_the_data(source, tmp_path):
    plain = run(made_task(RegressionTask, source, crop=32), tmp_path / "plain")
    asked = run(made_task(RegressionTask, source, crop=32, reblur_weight=1.0), tmp_path / "asked")
    assert any(not torch.equal(v, asked[0][k]) for k, v in plain[0].items())


def test_crops_narrower_than_the_psf_cannot_be_blurred_again(source, tmp_path):
    path = write_sky(tmp_path / "images.h5", sky(120, 130))
    wide = made_study(degrade={"psf": {"fwhm": ["12px"]}, "noise": {"sigma": [0.05]}})
    source = degrader(path, [Region("field0", Window(0, 0, 120, 130))], wide)
    with pytest.raises(TrainingError, match="32 px are less than its"):
        run(made_task(RegressionTask, source, crop=32, reblur_weight=1.0), tmp_path)


def test_a_judge_that_knows_too_much_is_shown_changed_images_more_often(source, tmp_path):
    task = made_task(AdversarialTask, source, adaptive_target=0.0, adaptive_images=16, steps=8)
    _, history = run(task, tmp_path)
    shares = [row["augmented"] for row in history]
    for before, row in zip([0.0, *shares], history):
        expected = before + math.copysign(2 * 2 / 16, row["r_v"])
        assert row["augmented"] == pytest.approx(min(max(expected, 0), 0.8))


def test_the_third_stage_tells_what_a_mean_of_draws_gains(source, tmp_path):
    task = made_task(PosteriorTask, source, deviation_rate=0.5)
    _, history = run(task, tmp_path)
    for row in history:
        assert row["expected_gain_of_8"] == pytest.approx(2.5, abs=0.01)
        assert 0 <= row["gain_of_8"] < 9.1
        assert row["mean_psnr"] == pytest.approx(row["validation_psnr"], abs=9.1)
    # Draws that hardly differ yet are rewarded more for it with every step.
    weights = [row["generator_deviation_weight"] for row in history]
    assert weights == sorted(weights)
    assert weights[-1] > weights[0] > 0


def test_a_collapsed_game_stops_and_leaves_its_last_checkpoint(source, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.training.balance.LEAST_VARIETY", 1e9)
    with pytest.raises(CollapseError, match="collapsed"):
        run(made_task(AdversarialTask, source), tmp_path, LoopSettings(2, 1, 0.9, 1.0))
    assert read_notes(tmp_path / "work" / "adversarial.safetensors")["step"] == 1


@pytest.mark.parametrize("optimiser", OPTIMISER_NAMES)
def test_every_optimiser_goes_on_after_a_kill(optimiser, source, tmp_path):
    def task():
        return made_task(RegressionTask, source, optimiser=optimiser)

    unbroken = run(task(), tmp_path / "unbroken")
    with pytest.raises(Killed):
        run(task(), tmp_path / "killed", killed_at=3)
    assert_equal(unbroken, run(task(), tmp_path / "killed"))


class Hungry(Toy):
    """A task whose device holds ``room`` crops and no more."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def batch(self, step):
        return torch.ones(12, 1), torch.tensor(0.5)

    def losses(self, player, batch, modules):
        crops, number = batch
        if len(crops) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return {"total": (number * modules["generator"](crops) - 1).square().mean()}


@pytest.mark.parametrize(
    ("room", "advice"),
    [
        (7, "a batch of 12 crops; 6 passed a trial; set this stage's batch to that"),
        (1, "a batch of 12 crops; 1 passed a trial"),
        (0, "a batch of 12 crops; not even one passed a trial; take smaller crops or a narrower network"),
    ],
)
def test_running_out_of_device_memory_names_a_batch_that_fits(room, advice, tmp_path):
    with pytest.raises(TrainingError, match=f"toy: the device's memory does not hold {advice}") as error:
        run(Hungry(room), tmp_path)
    assert "\n" not in str(error.value)


def test_a_batch_that_the_device_holds_is_trained_on(tmp_path):
    run(Hungry(12), tmp_path)


@pytest.mark.slow
def test_compiled_training_leaves_every_name_as_it_was(source, tmp_path):
    if not any(map(shutil.which, [os.environ.get("CXX", "g++"), "g++", "clang++"])):
        pytest.skip("torch.compile needs a C++ compiler, and none is at hand")
    plain = run(made_task(RegressionTask, source), tmp_path / "plain")
    settings = LoopSettings(validate_every=2, checkpoint_every=1, ema=0.9, clip=1.0, compile=True)
    compiled = run(made_task(RegressionTask, source), tmp_path / "compiled", settings)
    assert compiled[0].keys() == plain[0].keys()
    assert [row["generator_total"] for row in compiled[1]] == pytest.approx(
        [row["generator_total"] for row in plain[1]], rel=1e-3
    )
    # Each goes on from the other's checkpoint.
    for folder, wanted in (("plain", settings), ("compiled", LOOP)):
        run(made_task(RegressionTask, source), tmp_path / folder, wanted)

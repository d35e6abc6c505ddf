import pytest
import torch
from made_domains import changed, heads, weights
from made_task import LOOP, Killed, assert_equal, run
from made_training import CPU

from pipeline.config import CycleGan, TranslatingPix2pix
from pipeline.networks.translators import build_translator
from pipeline.training import cycle_task, paired_translation_task
from pipeline.training.balance import CollapseError
from pipeline.training.cycle_task import CycleTask
from pipeline.training.paired_translation_task import PairedTranslationTask
from pipeline.training.regions import SceneError

SMALL = {"steps": 4, "batch": 1, "crop": 32, "base_channels": 4, "blocks": 1, "judge_channels": 4}


@pytest.fixture(autouse=True)
def watched_briefly(monkeypatch):
    for module in (cycle_task, paired_translation_task):
        monkeypatch.setattr(module, "WATCHED", 2)


@pytest.fixture(scope="module")
def domains(tmp_path_factory):
    folder = tmp_path_factory.mktemp("domains")
    return heads(folder), heads(folder, modality="t1")


def unpaired(domains, seed=0, **changes):
    settings = CycleGan(**{"pool": 2, **SMALL, **changes})
    torch.manual_seed(seed)
    module = build_translator(settings.model_dump(), 1, 1)
    return CycleTask(module, settings, *domains, domains, (seed, "translation", "made"), CPU)


def paired(domains, seed=0, **changes):
    settings = TranslatingPix2pix(**SMALL | changes)
    torch.manual_seed(seed)
    module = build_translator(settings.model_dump(), 1, 1)
    return PairedTranslationTask(module, settings, domains, domains, (seed, "translation", "made"))


@pytest.mark.parametrize("made", [unpaired, paired])
def test_a_killed_training_ends_with_the_weights_of_an_unbroken_one(domains, tmp_path, made):
    unbroken = run(made(domains), tmp_path / "one")
    with pytest.raises(Killed):
        run(made(domains), tmp_path / "other", killed_at=3)
    assert_equal(run(made(domains), tmp_path / "other"), unbroken)
    assert unbroken[1][-1]["step"] == 4


def test_the_pool_of_translated_images_is_part_of_what_a_killed_training_goes_on_with(domains, tmp_path):
    found, _ = run(unpaired(domains), tmp_path)
    assert found["discriminator/pools.0.kept"].abs().min(0).values.max() > 0


@pytest.mark.parametrize("made", [unpaired, paired])
def test_all_networks_learn(domains, tmp_path, made):
    task = made(domains, steps=2)
    before = {name: weights(player.module) for name, player in task.players.items()}
    run(task, tmp_path, LOOP)
    for name, player in task.players.items():
        moved = {key for key in changed(player.module, before[name]) if "bias" not in key and "kept" not in key}
        assert moved == {key for key in before[name] if "bias" not in key and "kept" not in key}


def test_noise_comes_between_the_loops_and_into_nothing_else(domains):
    quiet, noisy = unpaired(domains, noise=0.0), unpaired(domains, noise=0.5)
    assert all((part == 0).all() for part in quiet.batch(0).noise)
    assert noisy.batch(0).noise[0].std() == pytest.approx(0.5, rel=0.1)
    one, other = (
        task.losses("generator", task.batch(0), {n: p.module for n, p in task.players.items()})
        for task in (quiet, noisy)
    )
    assert one["identity"] == other["identity"]
    assert one["opinion"] == other["opinion"]
    assert one["cycle"] != other["cycle"]


def test_a_discriminator_is_shown_what_the_generators_own_step_has_made(domains):
    task = unpaired(domains)
    modules, batch = {name: player.module for name, player in task.players.items()}, task.batch(0)
    task.losses("generator", batch, modules)
    seen = []

    class Sees(torch.nn.Module):
        def forward(self, first, second):
            seen.append((first, second))
            return first.mean(), second.mean()

    task.losses("discriminator", batch, {**modules, "discriminator": Sees()})
    (real, fake) = seen
    assert real[0] is batch.first
    torch.testing.assert_close(fake[1], modules["generator"].there(batch.first).detach())
    torch.testing.assert_close(fake[0], modules["generator"].back(batch.second).detach())


def test_the_rate_is_constant_for_the_first_half_and_falls_to_nothing(domains):
    task = unpaired(domains, steps=10)
    assert [task.rate(step) for step in (0, 5, 6, 9)] == pytest.approx([1, 1, 0.8, 0.2])


def test_pairs_show_the_same_place_in_both_domains(domains):
    first, second = paired(domains).batch(0)
    # Air is least in both domains, and lies in the same places.
    air = first < first.min() + 0.01
    assert air.any()
    assert second[air].max() < second[~air].median()


def test_translated_images_that_have_become_alike_end_the_training(domains):
    task = unpaired(domains)
    module = task.players["generator"].module
    with torch.no_grad():
        task.players["discriminator"].module.varied.fill_(True)
        for parameter in module.parameters():
            parameter.zero_()
        with pytest.raises(CollapseError, match="translated images differ by 0 of what real ones do"):
            task.validate(module)


def test_a_training_that_goes_on_after_a_collapse_finds_it_again(domains):
    first, again = unpaired(domains), unpaired(domains)
    with torch.no_grad():
        first.players["discriminator"].module.varied.fill_(True)
        again.players["discriminator"].module.load_state_dict(first.players["discriminator"].module.state_dict())
        for parameter in again.players["generator"].module.parameters():
            parameter.zero_()
        with pytest.raises(CollapseError):
            again.validate(again.players["generator"].module)


def test_crops_wider_than_any_slice_are_refused(domains):
    with pytest.raises(SceneError, match="as large as a crop of 128 px; the largest is 64 px"):
        unpaired(domains, crop=128)

from made_task import made_task

from pipeline.training.pix2pix_task import Pix2pixTask


def test_both_networks_start_as_published(source):
    for player in made_task(Pix2pixTask, source).players.values():
        assert not any(value.any() for name, value in player.module.named_parameters() if name.endswith("bias"))

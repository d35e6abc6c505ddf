import math

import pytest
import torch

from pipeline.config.networks.stages import LOSS_NAMES
from pipeline.training.adversarial_losses import LOSSES, cross_entropy

REAL, FAKE = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.5])


def softplus(x):
    return math.log1p(math.exp(x))


def test_the_configuration_knows_the_losses():
    assert set(LOSS_NAMES) == set(LOSSES)


@pytest.mark.parametrize(
    ("name", "discriminator", "generator"),
    [
        ("relativistic", (softplus(-5) + softplus(0)) / 2, (softplus(5) + softplus(0)) / 2),
        (
            "relativistic_average",
            (softplus(-3.25) + softplus(-1.75) + softplus(-4.25) + softplus(-0.75)) / 4,
            (softplus(3.25) + softplus(1.75) + softplus(4.25) + softplus(0.75)) / 4,
        ),
        ("hinge", 0.25 + 0.75, 1.25),
        ("wasserstein", -2.5, 1.25),
        ("least_squares", ((1 + 0.25) / 2 + (9 + 0.25) / 2) / 2, (16 + 0.25) / 4),
        (
            "cross_entropy",
            (softplus(-2) + softplus(-0.5) + softplus(-3) + softplus(0.5)) / 4,
            (softplus(3) + softplus(-0.5)) / 2,
        ),
    ],
)
def test_losses_are_those_of_the_papers(name, discriminator, generator):
    loss = LOSSES[name]
    assert loss.discriminator(REAL, FAKE).item() == pytest.approx(discriminator, rel=1e-5)
    assert loss.generator(REAL, FAKE).item() == pytest.approx(generator, rel=1e-5)


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_the_players_pull_the_logit_of_a_restored_image_apart(name):
    fake = torch.zeros(3, requires_grad=True)
    (down,) = torch.autograd.grad(LOSSES[name].discriminator(torch.zeros(3), fake), fake)
    (up,) = torch.autograd.grad(LOSSES[name].generator(torch.zeros(3), fake), fake)
    # Least squares has its labels at 0 and 1: at 0 its discriminator is content.
    assert (down > 0).all() or (name == "least_squares" and (down == 0).all())
    assert (up < 0).all()


@pytest.mark.parametrize("name", ["relativistic", "relativistic_average", "wasserstein"])
def test_losses_of_differences_do_not_know_a_constant(name):
    loss = LOSSES[name]
    assert not loss.absolute
    assert loss.discriminator(REAL + 7, FAKE + 7).item() == pytest.approx(loss.discriminator(REAL, FAKE).item())


def test_cross_entropy_of_doubt_is_one_bit():
    doubt = torch.zeros(3)
    assert cross_entropy(doubt, True).item() == pytest.approx(math.log(2))
    assert cross_entropy(doubt, False).item() == pytest.approx(math.log(2))
    assert cross_entropy(torch.tensor([20.0]), True).item() == pytest.approx(0, abs=1e-6)
    assert cross_entropy(torch.tensor([20.0]), False).item() == pytest.approx(20, rel=1e-6)

import torch
from torch import nn

from pipeline.networks.nafnet import NAFNet
from pipeline.training.checkpoint import load_checkpoint, save_checkpoint


def made(seed):
    torch.manual_seed(seed)
    module = nn.Sequential(nn.Conv2d(2, 3, 3), nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 1, 3)))
    return module, torch.optim.AdamW(module.parameters(), 0.01)


def taken(module, optimiser, steps, start=0):
    for step in range(start, start + steps):
        torch.manual_seed(step)
        optimiser.zero_grad()
        module(torch.randn(2, 2, 8, 8)).square().mean().backward()
        optimiser.step()
    return module.state_dict()


def assert_equal(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def test_what_is_read_back_goes_on_as_what_was_saved(tmp_path):
    module, optimiser = made(0)
    taken(module, optimiser, 3)
    save_checkpoint(tmp_path / "c.safetensors", {"net": module}, {"net": optimiser}, {"step": 3, "rows": [{"a": 0.1}]})
    fresh, fresh_optimiser = made(1)
    notes = load_checkpoint(tmp_path / "c.safetensors", {"net": fresh}, {"net": fresh_optimiser})
    assert notes == {"step": 3, "rows": [{"a": 0.1}]}
    # The vectors of the power iteration are part of it.
    assert any(name.endswith("_u") for name in fresh.state_dict())
    assert_equal(module.state_dict(), fresh.state_dict())
    assert_equal(taken(module, optimiser, 3, 3), taken(fresh, fresh_optimiser, 3, 3))


def test_states_lie_in_memory_as_their_parameters_do(tmp_path):
    networks = [NAFNet(1, 2, 4, [1], 1, [1]) for _ in range(2)]
    optimisers = [torch.optim.Adam(network.parameters()) for network in networks]
    for parameter in networks[0].parameters():
        parameter.grad = torch.ones_like(parameter)
    optimisers[0].step()
    save_checkpoint(tmp_path / "c.safetensors", {"net": networks[0]}, {"net": optimisers[0]}, {})
    load_checkpoint(tmp_path / "c.safetensors", {"net": networks[1]}, {"net": optimisers[1]})
    for one, other in zip(*(network.parameters() for network in networks)):
        mean, read_back = optimisers[0].state[one]["exp_avg"], optimisers[1].state[other]["exp_avg"]
        assert mean.stride() == read_back.stride()
        assert torch.equal(mean, read_back)


def test_without_a_whole_checkpoint_there_is_none(tmp_path):
    module, optimiser = made(0)
    path = tmp_path / "c.safetensors"
    assert load_checkpoint(path, {"net": module}, {"net": optimiser}) is None
    save_checkpoint(path, {"net": module}, {"net": optimiser}, {"step": 1})
    path.write_bytes(path.read_bytes()[:-100])
    before = {name: value.clone() for name, value in module.state_dict().items()}
    assert load_checkpoint(path, {"net": module}, {"net": optimiser}) is None
    assert_equal(before, module.state_dict())


def test_a_checkpoint_is_no_pickle(tmp_path):
    module, optimiser = made(0)
    path = tmp_path / "c.safetensors"
    torch.save({"net": module.state_dict()}, path)
    assert load_checkpoint(path, {"net": module}, {"net": optimiser}) is None

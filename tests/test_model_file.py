import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from pipeline import model_file
from pipeline.model_file import FORMAT, ModelFileError, read_model, tensor_hash, write_model

CARD = {"architecture": "nafnet", "bands": ["g", "r"], "stretch": {"kind": "asinh", "softening": [0.05]}, "name": "ü"}


def tensors():
    generator = torch.Generator().manual_seed(0)
    return {
        "weight": torch.randn(2, 3, generator=generator),
        "bias": torch.randn(3, generator=generator),
        "steps": torch.tensor(7),
        "half": torch.ones(2, dtype=torch.bfloat16),
        "none": torch.zeros(0, 4),
    }


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "m.safetensors"
    write_model(path, tensors(), CARD)
    return path


def test_a_model_comes_back_as_it_was_written(path):
    model = read_model(path)
    torch.testing.assert_close(model.tensors, tensors())
    assert {key: model.card[key] for key in CARD} == CARD
    assert model.hash == tensor_hash(tensors())[:12]


def test_the_same_tensors_have_the_same_hash_whatever_the_card_says(path, tmp_path):
    write_model(tmp_path / "published.safetensors", dict(reversed(tensors().items())), {"scores": [1, 2, 3]})
    assert read_model(tmp_path / "published.safetensors").hash == read_model(path).hash


@pytest.mark.parametrize(
    "changed",
    [
        {**tensors(), "bias": tensors()["bias"] + 1e-6},
        {**tensors(), "weight": tensors()["weight"].reshape(3, 2)},
        {**tensors(), "steps": torch.tensor(7, dtype=torch.int32)},
        {("weigth" if name == "weight" else name): tensor for name, tensor in tensors().items()},
    ],
)
def test_other_values_shapes_types_or_names_have_another_hash(changed):
    assert tensor_hash(changed) != tensor_hash(tensors())


def test_tensors_that_share_memory_or_are_not_contiguous_can_be_written(tmp_path):
    weight = torch.arange(6.0).reshape(2, 3)
    write_model(tmp_path / "m.safetensors", {"a": weight, "b": weight.T, "c": weight[0].requires_grad_()}, {})
    model = read_model(tmp_path / "m.safetensors")
    torch.testing.assert_close(model.tensors["b"], weight.T.contiguous())


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_a_flipped_byte_anywhere_is_refused_in_one_line(path, flip):
    content = path.read_bytes()
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= flip
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError) as caught:
            read_model(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("length", [0, 7, 8, 100, -1])
def test_a_truncated_model_is_refused(path, length):
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ModelFileError, match="not a safetensors file"):
        read_model(path)


class Bomb:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


@pytest.mark.parametrize("save", [lambda thing, file: pickle.dump(thing, file), torch.save])
def test_a_pickle_is_refused_without_being_executed(tmp_path, save):
    path, target = tmp_path / "m.safetensors", tmp_path / "touched"
    with path.open("wb") as file:
        save({"weight": Bomb(target)}, file)
    with pytest.raises(ModelFileError, match=r"not a safetensors file.*refused unread"):
        read_model(path)
    assert not target.exists()


def test_a_missing_file_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(ModelFileError, match="no such file"):
            read_model(path)


def test_safetensors_without_a_card_are_refused(tmp_path):
    save_file(tensors(), tmp_path / "m.safetensors")
    with pytest.raises(ModelFileError, match="no Clearfield model"):
        read_model(tmp_path / "m.safetensors")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"format": "x", "hash": ""}', '{"format": 1}'])
def test_a_card_that_is_none_is_refused(tmp_path, text):
    save_file(tensors(), tmp_path / "m.safetensors", metadata={"clearfield": text})
    with pytest.raises(ModelFileError, match="card cannot be read"):
        read_model(tmp_path / "m.safetensors")


def test_a_newer_format_is_refused_in_words(path, monkeypatch):
    monkeypatch.setattr(model_file, "FORMAT", FORMAT - 1)
    with pytest.raises(ModelFileError, match=rf"newer Clearfield \(format {FORMAT}, .* reads {FORMAT - 1}\); update"):
        read_model(path)


def test_an_older_format_is_refused_in_words(path, monkeypatch):
    monkeypatch.setattr(model_file, "FORMAT", FORMAT + 1)
    with pytest.raises(ModelFileError, match=rf"older Clearfield \(format {FORMAT}, .* train the model again"):
        read_model(path)


def test_a_card_that_was_edited_is_refused(path):
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    card = json.loads(metadata["clearfield"]) | {"bands": ["r", "g"]}
    save_file(tensors(), path, metadata={**metadata, "clearfield": json.dumps(card)})
    with pytest.raises(ModelFileError, match="card is not the one that was written"):
        read_model(path)


def test_the_same_model_is_the_same_file(tmp_path):
    written = [tmp_path / f"{k}.safetensors" for k in range(8)]
    for file in written:
        write_model(file, tensors(), {"network": "nafnet", "scores": {"psnr": 1 / 3}})
    assert len({file.read_bytes() for file in written}) == 1


def test_a_failure_leaves_no_file(tmp_path):
    with pytest.raises(TypeError):
        write_model(tmp_path / "m.safetensors", tensors(), {"scores": object()})
    assert list(tmp_path.iterdir()) == []


def test_a_spread_network_lies_beside_the_weights_and_leaves_their_hash(path, tmp_path):
    plain, both = tmp_path / "plain.safetensors", tmp_path / "both.safetensors"
    weights, spread = {"first.weight": torch.ones(3)}, {"first.weight": torch.arange(4.0)}
    write_model(plain, weights, {"bands": ["r"]})
    write_model(both, weights, {"bands": ["r"]}, spread)
    one, other = read_model(plain), read_model(both)
    assert other.hash == one.hash
    assert dict(one.spread) == {}
    assert torch.equal(other.spread["first.weight"], spread["first.weight"])
    assert torch.equal(other.tensors["first.weight"], weights["first.weight"])

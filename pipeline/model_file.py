"""A trained model in one file that stands alone: tensors and a card, in safetensors. No pickle is ever loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from pipeline.errors import ClearfieldError
from pipeline.store import written_aside

FORMAT = 3
"""Counts the changes of what a model file holds: 2 came with the weights of a spread network, 3 with the power spectrum
of scenes, by which networks see their data."""
SPREAD = "spread."
"""What the names of those weights begin with in the file."""


class ModelFileError(ClearfieldError):
    """A file that is no model, or a model that was damaged."""


class Model(NamedTuple):
    """What a model file holds."""

    tensors: dict[str, Tensor]
    card: dict[str, Any]
    """How to build and feed the network: architecture, stretch, bands, unit, operator's range, versions, scores."""
    spread: Mapping[str, Tensor] = MappingProxyType({})
    """Weights of the network that says how far the other one is off; none where the model has no intervals."""

    @property
    def hash(self) -> str:
        """Short name of the tensors: the same weights have the same hash, whatever the card says."""
        return self.card["hash"][:12]


def write_model(
    path: str | Path, tensors: dict[str, Tensor], card: dict[str, Any], spread: Mapping[str, Tensor] | None = None
) -> None:
    """Write a model, with the hash of its tensors in the card.

    Parameters
    ----------
    path : path
    tensors : dict of Tensor
        Weights by name, on any device; those that share memory are written once each.
    card : dict
        What JSON can hold; see :class:`Model`.
    spread : dict of Tensor, optional
        Weights of the network that says how far the other one is off. The model's hash does not depend on them.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    tensors, beside = _plain(tensors), _plain({SPREAD + name: tensor for name, tensor in (spread or {}).items()})
    card = {**card, "format": FORMAT, "hash": tensor_hash(tensors)}
    card = card | {"spread_hash": tensor_hash(beside)} if beside else card
    # One entry, since several have no fixed order: the same model is the same file, byte by byte.
    metadata = {"clearfield": json.dumps({**card, "card_hash": _card_hash(card)})}
    with written_aside(path) as aside:
        save_file(tensors | beside, aside, metadata=metadata)


def read_model(path: str | Path) -> Model:
    """Read a model and check that it is whole.

    Raises
    ------
    ModelFileError
        If the file is missing, no safetensors file (a pickle is refused without being loaded), not one of ours, written
        by a newer version or an older one, or altered since it was written, in its weights or in its card.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelFileError(f"{path}: no such file; a model that `publish` or `train` wrote is needed")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelFileError(
            f"{path}: not a safetensors file ({_first_line(error)}); pickles and other formats are refused unread"
        ) from None
    card = _card(path, metadata)
    beside = {name: tensor for name, tensor in tensors.items() if "spread_hash" in card and name.startswith(SPREAD)}
    tensors = {name: tensor for name, tensor in tensors.items() if name not in beside}
    written = card["hash"], card.get("spread_hash", tensor_hash({}))
    if (tensor_hash(tensors), tensor_hash(beside)) != written:
        raise ModelFileError(
            f"{path}: its weights are not those that were written; the file is damaged, fetch it again"
        )
    return Model(tensors, card, {name.removeprefix(SPREAD): tensor for name, tensor in beside.items()})


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: t.detach().cpu().clone(memory_format=torch.contiguous_format) for name, t in tensors.items()}


def _card(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    if "clearfield" not in metadata:
        raise ModelFileError(f"{path}: a safetensors file, but no Clearfield model: it carries no card")
    try:
        card = json.loads(metadata["clearfield"])
        version, _ = int(card["format"]), card["hash"]
    except (KeyError, TypeError, ValueError):
        raise ModelFileError(f"{path}: its card cannot be read; the file is damaged, fetch it again") from None
    if version > FORMAT:
        raise ModelFileError(
            f"{path}: written by a newer Clearfield (format {version}, this one reads {FORMAT}); update clearfield"
        )
    if version < FORMAT:
        raise ModelFileError(
            f"{path}: written by an older Clearfield (format {version}, this one reads {FORMAT}), whose networks saw "
            "their data in another way; train the model again, or use the version that wrote it"
        )
    if card.pop("card_hash", None) != _card_hash(card):
        raise ModelFileError(f"{path}: its card is not the one that was written; the file is damaged, fetch it again")
    return card


def tensor_hash(tensors: dict[str, Tensor]) -> str:
    """SHA-256 over names, shapes, types and bytes, in the order of the names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype} ".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _card_hash(card: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(card).encode()).hexdigest()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__

"""The front matter of a model card: what hubs and other programs read of it (Hugging Face's model card metadata)."""

from __future__ import annotations

from typing import Any

import yaml


def front_matter(card: dict[str, Any], hash: str) -> str:
    """YAML between two lines of dashes.

    Parameters
    ----------
    card : dict
        The model's.
    hash : str
        Its name by its tensors.
    """
    name = f"{card['network']}_{card['output']}"
    results = [
        {
            "task": {"type": "image-to-image", "name": "image restoration"},
            "dataset": {"type": card["trained_on"]["dataset"], "name": f"{card['study']}, {score['condition']}"},
            "metrics": [
                {"type": "psnr", "name": f"median PSNR, {score['space']} (dB)", "value": round(score["median"], 3)}
            ],
        }
        for score in card["scores"]
        if score["median"] is not None
    ]
    values = {
        "library_name": "clearfield",
        "pipeline_tag": "image-to-image",
        "tags": ["image-restoration", "deconvolution", "denoising"],
        **({"license": card["licence"]} if card.get("licence") else {}),
        "model-index": [{"name": f"{name} {hash}", "results": results}],
    }
    return f"---\n{yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)}---"

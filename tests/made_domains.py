"""Two small domains of drawn heads, and crops of them."""

import numpy as np
import torch
from made_training import CPU

from pipeline.body import body_of
from pipeline.config import Images
from pipeline.datasets import open_dataset
from pipeline.domain_scale import DomainScale
from pipeline.store import write_images
from pipeline.tiling import whole
from pipeline.training.domain_crops import DomainCrops
from pipeline.training.regions import Region
from pipeline.training.scenes import Scenes


def write_heads(path, count=2, **phantom):
    """Write one slice of each of some heads."""
    settings = Images(dataset="head_phantom", phantom={"size": 64, "slices": 1, "heads": count, **phantom})
    with write_images(path, data_range=1.0) as writer:
        for image in open_dataset(settings, 1):
            writer.append(image)
    return path


def domain_crops(path, pixels):
    """Crops of the slices of a file, whose values are given too."""
    ids = [f"head{n}_0" for n in range(len(pixels))]
    regions = [Region(id, whole(*slice.shape[-2:])) for id, slice in zip(ids, pixels)]
    bodies = [body_of(slice) for slice in pixels]
    values = np.concatenate([slice[0][body] for slice, body in zip(pixels, bodies)])
    scale = DomainScale.of([values], [(min(s.min() for s in pixels), max(s.max() for s in pixels))])
    return DomainCrops(Scenes(path, regions, CPU), bodies, scale)


def heads(folder, count=2, **phantom):
    """Crops of some drawn heads."""
    path = write_heads(folder / f"{phantom.get('modality', 'ct')}.h5", count, **phantom)
    settings = Images(dataset="head_phantom", phantom={"size": 64, "slices": 1, "heads": count, **phantom})
    return domain_crops(path, [image.pixels for image in open_dataset(settings, 1)])


def weights(module):
    """A copy of all that a module holds."""
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(module, before):
    """Names of what is not as it was."""
    return {name for name, value in module.state_dict().items() if not torch.equal(value, before[name])}

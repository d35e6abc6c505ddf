from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_model import make_card
from made_spectrum import made_preparation
from made_training import awakened

from pipeline.config import Nafnet, Pix2pix, Posterior
from pipeline.image import Image
from pipeline.model_file import Model, ModelFileError
from pipeline.networks.build import build_network
from pipeline.observation import Observation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.restorers.network import NetworkRestorer
from pipeline.stretch import Stretch
from pipeline.tiling import Window, read_reflected

BANDS, NOISE = ("r", "g"), 0.05
PREPARATION = made_preparation(Stretch("linear", (0.1, 0.1), (0.2, 0.1)), (0.04, 0.04))


def model(architecture, seed=0, size=0.3):
    card = make_card(BANDS, settings=architecture.model_dump(mode="json"), preparation=PREPARATION.to_dict())
    network = build_network(card["settings"], len(BANDS), 2)
    return Model(awakened(network, seed, size).state_dict(), card)


def nafnet(encoder=(1, 1), middle=1, **choices):
    blocks = {"encoder_blocks": [*encoder], "middle_blocks": middle, "decoder_blocks": [*encoder[::-1]]}
    return model(Nafnet(width=4, **blocks, **choices))


def observation(height, width, mask=None, seed=0):
    random = np.random.default_rng(seed)
    pixels = (0.1 + random.random((2, height, width)) ** 8 + NOISE * random.standard_normal((2, height, width))).astype(
        np.float32
    )
    mask = np.zeros(pixels.shape, bool) if mask is None else mask
    sigma = (NOISE * (1 + 0.2 * random.random(pixels.shape))).astype(np.float32)
    preview = Image("made", pixels, mask, "display", BANDS, sigma=sigma)
    psf = draw_psf("gaussian", 3.0).expand(2, -1, -1).contiguous()
    return Observation(preview, Blur(psf, GaussianNoise((NOISE, NOISE))))


def restored(made, seen, tile=512):
    return NetworkRestorer(made, tile, device="cpu").restore(seen).pixels


def assert_same_sky(one, other):
    assert np.abs(one - other).max() <= 1e-5 * np.ptp(one)


@pytest.mark.parametrize("tile", [4, 24, 40, 64])
@pytest.mark.parametrize("size", [(61, 83), (64, 64), (17, 101), (9, 5)])
@pytest.mark.parametrize("encoder", [(1, 1), (2, 1, 1)])
def test_tiles_of_any_size_give_what_the_whole_gives(tile, size, encoder):
    if tile == 4 and max(size) > 65:
        pytest.skip("hundreds of tiles say no more than dozens")
    made, seen = nafnet(encoder), observation(*size)
    whole = restored(made, seen)
    assert whole.shape == (2, *size)
    assert np.isfinite(whole).all()
    assert_same_sky(whole, restored(made, seen, tile))


@pytest.mark.parametrize("tile", [24, 40])
def test_tiles_give_what_the_whole_gives_where_the_network_works_on_squares(tile):
    made, seen = nafnet(patch_size=2), observation(61, 83)
    assert_same_sky(restored(made, seen), restored(made, seen, tile))


@settings(max_examples=15, deadline=None)
@given(
    st.integers(3, 90), st.integers(3, 90), st.integers(1, 50), st.integers(0, 1000), st.sampled_from([0.0, 0.02, 0.5])
)
def test_tiles_fill_holes_as_the_whole_does(height, width, tile, seed, share):
    random = np.random.default_rng(seed)
    mask = random.random((2, height, width)) < share
    mask[:, : height // 3, : width // 2] = True
    made, seen = nafnet((1,)), observation(height, width, mask, seed)
    assert_same_sky(restored(made, seen), restored(made, seen, max(tile, 16)))


def test_the_network_sees_what_it_was_trained_on():
    made, seen = nafnet(), observation(40, 52)
    network = build_network(made.card["settings"], 2, 2)
    network.load_state_dict(made.tensors)
    window = Window(0, 0, 40, 52).grown(36 + 32)
    planes = [torch.from_numpy(read_reflected(p, window))[None] for p in (seen.preview.pixels, seen.preview.sigma)]
    mask = torch.ones_like(planes[0], dtype=torch.bool)
    mask[..., 68:108, 68:120] = False
    level = torch.from_numpy(np.median(seen.preview.sigma, (-2, -1)))[None]
    operator = seen.operator
    inputs = PREPARATION(planes[0], mask, planes[1], level, operator, PREPARATION.described(operator)[None])
    with torch.no_grad():
        expected = PREPARATION.stretch.invert(network.eval()(inputs))[0, :, 36:76, 36:88].numpy()
    assert_same_sky(expected, restored(made, seen))


def test_a_frame_without_data_is_taken_for_the_end_of_the_image():
    made, whole = nafnet(), observation(64, 72)
    inner = (slice(None), slice(8, 60), slice(12, 64))
    preview, sigma = whole.preview, whole.preview.sigma
    mask = np.ones(preview.shape, bool)
    mask[inner] = False
    framed = Image("a", np.where(mask, 9, preview.pixels), mask, "display", BANDS, sigma=np.where(mask, 7, sigma))
    cut = Image("b", preview.pixels[inner], mask[inner], "display", BANDS, sigma=sigma[inner])
    one = restored(made, Observation(framed, whole.operator))
    other = restored(made, Observation(cut, whole.operator))
    assert_same_sky(one[inner], other)


def test_an_image_without_a_trusted_pixel_is_restored_to_something():
    seen = observation(20, 20, np.ones((2, 20, 20), bool))
    result = NetworkRestorer(nafnet(), device="cpu").restore(seen)
    assert np.isfinite(result.pixels).all()
    assert result.mask.all()


@pytest.mark.parametrize("crop", [32, 64])
@pytest.mark.parametrize("size", [(33, 70), (100, 64), (5, 9)])
def test_pix2pix_restores_images_of_any_size(crop, size):
    made, seen = model(Pix2pix(steps=1, crop=crop, base_channels=4)), observation(*size)
    result = restored(made, seen)
    assert result.shape == (2, *size)
    assert np.isfinite(result).all()
    # Its tiles have the size that it was trained with, whatever is asked for.
    np.testing.assert_array_equal(result, restored(made, seen, 40))


def test_the_image_keeps_all_but_its_values():
    mask = np.zeros((2, 30, 30), bool)
    mask[:, 3:5, 3:5] = True
    seen = observation(30, 30, mask)
    result = NetworkRestorer(nafnet(), device="cpu").restore(seen)
    assert (result.id, result.unit, result.bands) == ("made", "display", BANDS)
    np.testing.assert_array_equal(result.mask, mask)
    assert not np.array_equal(result.pixels, seen.preview.pixels)
    assert np.isfinite(seen.preview.pixels).all()


def test_what_a_tile_needs_is_told():
    restorer = NetworkRestorer(nafnet((1, 1, 1)), device="cpu")
    assert restorer.stride == 8
    assert restorer.halo % 8 == 0
    assert restorer.halo >= build_network(restorer.model.card["settings"], 2, 2).receptive_radius


def test_weights_of_another_network_are_refused_in_a_line():
    made = nafnet()
    with pytest.raises(ModelFileError, match="weights do not fit the network on its card") as error:
        NetworkRestorer(Model(nafnet((1,)).tensors, made.card))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("size", [(61, 83), (17, 101)])
def test_the_mean_over_orientations_is_the_same_for_all_tiles(size):
    averaged, plain = (
        model(Nafnet(width=4, encoder_blocks=[1, 1], decoder_blocks=[1, 1], average_orientations=value))
        for value in (True, False)
    )
    seen = observation(*size)
    whole = restored(averaged, seen)
    assert_same_sky(restored(averaged, seen, 24), whole)
    assert np.abs(whole - restored(plain, seen)).max() > 1e-3


def orientations(array):
    for turns in range(4):
        turned = np.rot90(array, turns, (-2, -1))
        yield turned
        yield turned[..., ::-1]


def turned_back(array, number):
    array = array[..., ::-1] if number % 2 else array
    return np.rot90(array, -(number // 2), (-2, -1))


@pytest.mark.parametrize("kind", ["linear", "asinh"])
def test_a_mean_over_orientations_is_one_of_light(kind):
    stretch = Stretch(kind, (0.1, 0.1), (0.2, 0.1))
    settings = Nafnet(width=4, encoder_blocks=[1, 1], decoder_blocks=[1, 1], average_orientations=True)
    made = model(settings, size=0.1)
    card = made.card | {"preparation": replace(PREPARATION, stretch=stretch).to_dict()}
    plain = Model(made.tensors, card | {"settings": card["settings"] | {"average_orientations": False}})
    seen, light = observation(64, 64), []
    for number, planes in enumerate(zip(orientations(seen.preview.pixels), orientations(seen.preview.sigma))):
        pixels, sigma = map(np.ascontiguousarray, planes)
        turned = Observation(replace(seen.preview, pixels=pixels, sigma=sigma), seen.operator)
        light.append(turned_back(restored(plain, turned), number))
    mean = restored(Model(made.tensors, card), seen)
    assert_same_sky(mean, np.mean(light, 0))
    # Where the stretch is linear, that is the mean of stretched values too.
    of_stretched = stretch.invert(stretch.apply(torch.from_numpy(np.stack(light))).mean(0)).numpy()
    if kind == "linear":
        assert_same_sky(mean, of_stretched)
    else:
        assert np.abs(mean - of_stretched).max() > 0.01 * np.ptp(mean)


def test_texture_is_not_averaged_away():
    settings = Nafnet(width=4, encoder_blocks=[1, 1], decoder_blocks=[1, 1], average_orientations=True)
    averaged = model(settings)
    sharp = Model(averaged.tensors, averaged.card | {"output": "sharp"})
    plain = Model(averaged.tensors, averaged.card | {"settings": nafnet().card["settings"]})
    seen = observation(40, 40)
    assert np.array_equal(restored(sharp, seen), restored(plain, seen))


def test_what_a_masked_pixel_holds_does_not_matter():
    mask = np.zeros((2, 40, 52), bool)
    mask[0, 10:14, 20:23] = mask[:, :, 30] = True
    made, seen = nafnet(), observation(40, 52, mask)
    lost = seen.preview.with_pixels(np.where(mask, np.float32(1e6), seen.preview.pixels))
    np.testing.assert_array_equal(restored(made, Observation(lost, seen.operator)), restored(made, seen))


def drawing(output, draws=4):
    posterior = Posterior(steps=1, draws=draws, noise_planes=2)
    settings = Nafnet(width=4, encoder_blocks=[1, 1], decoder_blocks=[1, 1], posterior=posterior)
    made = settings.model_dump(mode="json")
    card = make_card(BANDS, settings=made, preparation=PREPARATION.to_dict(), output=output)
    return Model(awakened(build_network(made, len(BANDS), 2, 2), 0, 0.3).state_dict(), card)


@pytest.mark.parametrize("output", ["mean", "sample"])
@pytest.mark.parametrize("tile", [24, 40])
def test_draws_do_not_know_where_tiles_end(output, tile):
    made, seen = drawing(output), observation(61, 83)
    assert_same_sky(restored(made, seen), restored(made, seen, tile))


def test_a_mean_is_the_mean_of_draws_that_differ():
    seen = observation(48, 56)
    once, thrice, often = (restored(drawing("mean", count), seen) for count in (2, 20, 200))
    assert np.abs(once - often).mean() > 1e-3
    assert np.abs(thrice - often).mean() < 0.7 * np.abs(once - often).mean()
    np.testing.assert_array_equal(restored(drawing("sample"), seen), restored(drawing("sample"), seen))

import io
import json
import struct
import zlib

import numpy as np
import PIL.Image
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.config import Images
from pipeline.formats import FormatError, read_image, write_image
from pipeline.formats.png16 import SIGNATURE, decode_png16, encode_png16
from pipeline.image import Image

SIZE = (12, 17)
COLOURS = ("red", "green", "blue")
RGB8 = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)
RGB16 = np.random.default_rng(1).integers(0, 65536, (*SIZE, 3), np.uint16)


def planes(values):
    return np.moveaxis(np.atleast_3d(values), -1, 0)


def save(path, values, **how):
    if path.suffix == ".tif":
        tifffile.imwrite(path, values, **how)
    elif values.dtype == np.uint16:
        path.write_bytes(encode_png16(np.atleast_3d(values)))
    else:
        PIL.Image.fromarray(values).save(path, **how)
    return path


def made(bands=COLOURS, unit="display", seed=0):
    pixels = np.random.default_rng(seed).random((len(bands), *SIZE), dtype=np.float32)
    return Image("a", pixels, np.zeros(pixels.shape, bool), unit, bands)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize(("values", "full"), [(RGB8, 255), (RGB16, 65535), (RGB8[..., 0], 255), (RGB16[..., 0], 65535)])
def test_integers_span_0_to_1_in_display_units(tmp_path, values, full, suffix):
    image = read_image(save(tmp_path / f"a{suffix}", values))
    np.testing.assert_allclose(image.pixels, planes(values) / full, rtol=1e-6)
    assert image.pixels.dtype == np.float32
    assert image.unit == "display"
    assert image.bands == (COLOURS if values.ndim == 3 else ("grey",))
    assert not image.mask.any()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("values", [RGB8, RGB16])
def test_integers_are_counts_where_a_unit_is_configured(tmp_path, values, suffix):
    image = read_image(save(tmp_path / f"a{suffix}", values), Images(unit="count", bands=["i", "r", "g"]))
    np.testing.assert_array_equal(image.pixels, planes(values))
    assert (image.unit, image.bands) == ("count", ("i", "r", "g"))


def test_jpeg_is_read(tmp_path):
    image = read_image(save(tmp_path / "a.jpg", np.full((16, 16, 3), 51, np.uint8)))
    np.testing.assert_allclose(image.pixels, 0.2, atol=0.01)


@pytest.mark.parametrize("kind", ["f4", "f8", "f2"])
def test_floating_point_stays_as_it_is_and_nan_is_masked(tmp_path, kind):
    values = np.arange(204, dtype=kind).reshape(SIZE) - 100
    values[2, 3] = np.nan
    image = read_image(save(tmp_path / "a.tif", values))
    assert np.argwhere(image.mask[0]).tolist() == [[2, 3]]
    np.testing.assert_array_equal(image.pixels[~image.mask], values[~image.mask[0]])


@pytest.mark.parametrize("kind", [np.int32, np.uint32, np.int16])
def test_other_integers_need_a_unit(tmp_path, kind):
    path = save(tmp_path / "a.tif", np.arange(204).reshape(SIZE).astype(kind))
    with pytest.raises(FormatError, match=r"a\.tif.*images\.unit"):
        read_image(path)
    assert read_image(path, Images(unit="count")).pixels.max() == 203


@pytest.mark.parametrize("values", [RGB8, RGB16, RGB8[..., :1], RGB16[..., :1]])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_what_is_fully_transparent_is_masked(tmp_path, values, suffix):
    alpha = np.full((*SIZE, 1), np.iinfo(values.dtype).max, values.dtype)
    alpha[4, 5], alpha[6, 7] = 0, 1
    how = {"extrasamples": ["unassalpha"], "photometric": "rgb" if values.shape[-1] == 3 else "minisblack"}
    how = how | {"planarconfig": "contig"} if suffix == ".tif" else {}
    image = read_image(save(tmp_path / f"a{suffix}", np.concatenate([values, alpha], axis=-1), **how))
    assert len(image.bands) == values.shape[-1]
    assert {(y, x) for _, y, x in np.argwhere(image.mask)} == {(4, 5)}
    seen = np.broadcast_to(~image.mask, image.shape)
    np.testing.assert_allclose(image.pixels[seen], (planes(values) / np.iinfo(values.dtype).max)[seen], rtol=1e-6)


def test_a_grey_that_stands_for_nothing_is_masked_and_the_picture_stays_grey(tmp_path):
    values = np.full((8, 10), 200, np.uint8)
    values[2, 3] = 17
    PIL.Image.fromarray(values).save(tmp_path / "a.png", transparency=17)
    image = read_image(tmp_path / "a.png")
    assert image.pixels.shape == (1, 8, 10)
    assert {(y, x) for _, y, x in np.argwhere(image.mask)} == {(2, 3)}


def test_a_photograph_is_read_as_it_is_shown(tmp_path):
    values = np.zeros((40, 80, 3), np.uint8)
    values[:20] = 255
    turned = PIL.Image.Exif()
    turned[274] = 6  # to be shown a quarter turn clockwise
    PIL.Image.fromarray(values).save(tmp_path / "a.jpg", exif=turned, quality=95)
    image = read_image(tmp_path / "a.jpg")
    assert image.pixels.shape == (3, 80, 40)
    assert image.pixels[:, :, 25:].min() > 0.9
    assert image.pixels[:, :, :15].max() < 0.1


def test_a_tiff_that_is_stored_turned_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 10), np.uint8), extratags=[(274, "H", 1, 6, True)])
    with pytest.raises(FormatError, match=r"turned or mirrored \(Orientation 6\); save it upright"):
        read_image(tmp_path / "a.tif")


def test_a_palette_becomes_colours(tmp_path):
    picture = PIL.Image.fromarray(np.full((8, 8, 3), (255, 0, 51), np.uint8)).quantize(4)
    picture.save(tmp_path / "a.png")
    np.testing.assert_allclose(read_image(tmp_path / "a.png").pixels[:, 0, 0], [1, 0, 0.2], atol=0.02)


@pytest.mark.parametrize(
    ("values", "how"),
    [
        (np.arange(2 * 204, dtype=np.float32).reshape(2, *SIZE), {"photometric": "minisblack"}),
        (np.arange(4 * 204, dtype=np.float32).reshape(4, *SIZE), {"photometric": "minisblack"}),
        (np.arange(9 * 204, dtype=np.float32).reshape(9, *SIZE), {"photometric": "minisblack"}),
        (np.arange(3 * 204, dtype=np.float32).reshape(3, *SIZE), {"photometric": "rgb", "planarconfig": "separate"}),
        (np.arange(204, dtype=np.float32).reshape(1, *SIZE), {"compression": "zlib", "tile": (16, 16)}),
        (np.arange(204, dtype=">f4").reshape(1, *SIZE), {"byteorder": ">"}),
    ],
)
def test_planes_and_pages_of_a_tiff_are_bands(tmp_path, values, how):
    np.testing.assert_array_equal(read_image(save(tmp_path / "a.tif", values, **how)).pixels, values)


@pytest.mark.parametrize("values", [RGB8, RGB8[..., 0], RGB16[..., 0], RGB16[..., 0].astype(np.float32)])
def test_lzw_which_programs_like_is_read(tmp_path, values):
    PIL.Image.fromarray(values).save(tmp_path / "a.tif", compression="tiff_lzw")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", Images(unit="count")).pixels, planes(values))


def test_one_grey_picture_per_band_becomes_one_image(tmp_path):
    paths = [save(tmp_path / f"{n}.png", RGB16[..., n]) for n in range(3)]
    image = read_image(paths, Images(bands=["g", "r", "i"]), "a")
    np.testing.assert_allclose(image.pixels, planes(RGB16) / 65535, rtol=1e-6)
    assert image.bands == ("g", "r", "i")


# 16-bit PNG


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)).flatmap(
        lambda shape: st.tuples(arrays(np.uint16, shape), arrays(np.uint8, shape[0], elements=st.integers(0, 4)))
    )
)
def test_every_filter_of_png_is_undone(case):
    values, filters = case
    np.testing.assert_array_equal(decode_png16(filtered_png(values, filters))[0], values)


def filtered_png(values, filters):
    # A slow encoder, straight from the standard: byte by byte, with any filter in any row.
    height, width, channels = values.shape
    size = 2 * channels
    rows = values.astype(">u2").view(np.uint8).reshape(height, -1).astype(int)
    lines = b""
    for y, kind in enumerate(filters):
        line = bytearray([kind])
        for x in range(rows.shape[1]):
            a = rows[y, x - size] if x >= size else 0
            b = rows[y - 1, x] if y else 0
            c = rows[y - 1, x - size] if y and x >= size else 0
            paeth = min((a, b, c), key=lambda v: abs(a + b - c - v))
            line.append((rows[y, x] - [0, a, b, (a + b) // 2, paeth][kind]) % 256)
        lines += bytes(line)
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def test_what_we_encode_others_decode():
    grey = np.asarray(PIL.Image.open(io.BytesIO(encode_png16(RGB16[..., :1]))))
    np.testing.assert_array_equal(grey, RGB16[..., 0])
    colour = np.asarray(PIL.Image.open(io.BytesIO(encode_png16(RGB16, [("Software", "Clearfield")]))))
    np.testing.assert_allclose(colour, RGB16 / 257, atol=1)


# Writing


@pytest.mark.parametrize("bands", [("g",), ("g", "r"), COLOURS, ("u", "g", "r", "i"), tuple("ugrizyjh")])
@pytest.mark.parametrize("unit", ["display", "nanomaggy"])
def test_tiff_keeps_values_bands_and_unit(tmp_path, bands, unit):
    image = made(bands, unit)
    write_image(tmp_path / "a.tiff", image, history=["restored"])
    again = read_image(tmp_path / "a.tiff")
    np.testing.assert_array_equal(again.pixels, image.pixels)
    assert (again.bands, again.unit) == (bands, unit)
    with tifffile.TiffFile(tmp_path / "a.tiff") as file:
        assert "restored" in file.pages.first.description


@pytest.mark.parametrize("bands", [("g",), COLOURS])
def test_png_keeps_display_units_to_16_bits(tmp_path, bands):
    image = made(bands)
    image.pixels[0, 0, :2] = -0.5, 1.5
    write_image(tmp_path / "a.png", image, history=["restored by ü"])
    again = read_image(tmp_path / "a.png")
    np.testing.assert_allclose(again.pixels, image.pixels.clip(0, 1), rtol=0, atol=0.51 / 65535)
    assert (again.bands, again.unit) == (bands, "display")


def test_values_that_png_cannot_hold_are_counted_in_a_warning_and_in_the_history(tmp_path, caplog):
    image = made()
    image.pixels[0, 0, :2], image.pixels[1, 2, 5], image.pixels[2, 0, 0] = 1.2, -0.1, 1 + 1e-6
    write_image(tmp_path / "a.png", image, history=["restored"])
    says = "1 value below 0 became 0 and 2 values above 1 became 1"
    assert caplog.messages == [f"{tmp_path / 'a.png'}: {says}; TIFF and FITS keep them"]
    about = json.loads(PIL.Image.open(tmp_path / "a.png").text["Description"])["clearfield"]
    assert about["history"] == ["restored", says]


@pytest.mark.parametrize(("name", "value"), [("a.png", 1), ("a.tif", 7), ("a.fits", 7)])
def test_values_that_are_kept_need_no_warning(tmp_path, caplog, name, value):
    image = made()
    image.pixels[0, 0, 0] = value
    write_image(tmp_path / name, image)
    assert not caplog.messages


@pytest.mark.parametrize(
    ("name", "image", "more", "says"),
    [
        ("a.jpg", made(), {}, "8 bits"),
        ("a.png", made(unit="count"), {}, "count"),
        ("a.png", made(("g", "r")), {}, "1 or 3 bands"),
        ("a.tif", made(), {"uncertainty": made().pixels}, "uncertainty"),
    ],
)
def test_what_a_picture_cannot_hold_is_refused_and_leaves_nothing(tmp_path, name, image, more, says):
    with pytest.raises(FormatError, match=f"{name}: .*{says}"):
        write_image(tmp_path / name, image, **more)
    assert list(tmp_path.iterdir()) == []


# Mistakes


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 0.95])
@pytest.mark.parametrize("values", [RGB8, RGB16])
def test_a_picture_that_is_cut_short_is_refused(tmp_path, suffix, share, values):
    if suffix == ".jpg":
        values = RGB8
    whole = save(tmp_path / f"a{suffix}", values).read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(FormatError) as error:
        read_image(cut)
    assert str(cut) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_flipped_bit_in_a_16_bit_png_is_found(tmp_path):
    path = save(tmp_path / "a.png", RGB16)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"a\.png.*damaged"):
        read_image(path)


def refused(tmp_path, case):
    if case == "missing":
        return tmp_path / "no.png", "no such file"
    if case == "text":
        (tmp_path / "a.png").write_text("no picture")
        return tmp_path / "a.png", "cannot be read as a picture"
    if case == "fits called tif":
        (tmp_path / "a.tif").write_text("SIMPLE  =                    T" * 100)
        return tmp_path / "a.tif", "cannot be read as a picture"
    if case == "cmyk":
        PIL.Image.new("CMYK", (20, 20)).save(tmp_path / "a.jpg")
        return tmp_path / "a.jpg", "CMYK"
    if case == "inverted":
        return save(tmp_path / "a.tif", RGB8[..., 0], photometric="miniswhite"), "miniswhite"
    if case == "too many axes":
        return save(tmp_path / "a.tif", np.zeros((2, 3, *SIZE), np.float32), photometric="minisblack"), "4 axes"
    if case == "transparent":
        clear = np.zeros((*SIZE, 4), np.uint8)
        return save(tmp_path / "a.png", clear), "every pixel"
    if case == "colour per band":
        return [save(tmp_path / "a.png", RGB8), save(tmp_path / "b.png", RGB8)], "a.png: 3 planes"
    if case == "shape":
        paths = [save(tmp_path / "a.png", RGB8[..., 0]), save(tmp_path / "b.png", RGB8[:-1, :, 0])]
        return paths, "b.png: 11 x 17 px"
    if case == "two formats":
        (tmp_path / "b.fits").touch()
        return [save(tmp_path / "a.png", RGB8), tmp_path / "b.fits"], "b.fits: of another format"
    return tmp_path / "a.webp", "no image format"


@pytest.mark.parametrize(
    "case",
    [
        "missing", "text", "fits called tif", "cmyk", "inverted", "too many axes", "transparent", "colour per band",
        "shape", "two formats", "suffix",
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_file(tmp_path, case):
    paths, says = refused(tmp_path, case)
    with pytest.raises(FormatError) as error:
        read_image(paths)
    assert says in str(error.value)
    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value)


def test_real_galaxies_in_jpeg_are_read(data):
    path = min((data / "galaxy_zoo_jpg").rglob("*.jpg"))
    image = read_image(path)
    assert image.shape == (3, 424, 424)
    assert image.unit == "display"
    assert 0 <= image.pixels.min() < image.pixels.max() <= 1

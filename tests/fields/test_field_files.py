import errno
import fcntl
import os
import resource
import signal
import time

import h5py
import numpy as np
import pytest
from made_field import made_about, made_field

from pipeline.fields.field_file import FieldFileError, read_field, tiles_of
from pipeline.fields.join_rows import join_rows, row_bands
from pipeline.fields.lock import OutputLockedError, locked
from pipeline.fields.tile_digest import key_of, tile_digest
from pipeline.fields.verify_field import verify_field
from pipeline.fields.write_field import write_field
from pipeline.store import StoreError
from pipeline.tiling import Window

AREA = Window(0, 0, 96, 80)


class KilledAt:
    """A field whose painter dies at a tile."""

    def __init__(self, tile_number, death):
        self.field, self.left, self.death = made_field(), tile_number, death
        self.tile, self.bands = self.field.tile, self.field.bands

    def window(self, window):
        if not self.left:
            self.death()
        self.left -= 1
        return self.field.window(window)


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def in_a_child(work):
    """Do something in a process of its own; its exit status, or minus the signal that ended it."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        except StoreError:
            code = 2
        except OutputLockedError:
            code = 3
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def out(tmp_path):
    return tmp_path / "field.h5"


@pytest.fixture
def written(out):
    write_field(made_field(), made_about(), AREA, out)
    return out


def altered(path, change):
    with h5py.File(path, "r+") as file:
        change(file)


def test_what_is_written_is_the_field(written):
    with read_field(written) as reader:
        assert reader.about["seed"] == 7
        expected = made_field().window(AREA)
        assert np.array_equal(reader.pixels(Window(0, 0, 96, 80)), expected)
        assert np.array_equal(reader.pixels(Window(20, 30, 40, 9)), expected[:, 20:60, 30:39])
        assert np.array_equal(reader.image.part(Window(3, 5, 7, 9)).pixels, expected[:, 3:10, 5:14])
    assert [path.name for path in written.parent.iterdir()] == ["field.h5"]


def test_a_killed_run_goes_on_with_the_missing_tiles_and_ends_with_the_same_file(out, written, tmp_path):
    again = tmp_path / "again.h5"
    assert in_a_child(lambda: write_field(KilledAt(4, killed), made_about(), AREA, again)) == -signal.SIGKILL
    assert not again.exists()
    assert write_field(made_field(), made_about(), AREA, again) == (9 - 4, 4)
    assert again.read_bytes() == written.read_bytes()


def test_a_file_does_not_say_when_it_was_made(out, tmp_path):
    for path in (out, tmp_path / "later.h5"):
        write_field(made_field(), made_about(), AREA, path)
        # HDF5 counts time in seconds.
        time.sleep(1.1)
    assert out.read_bytes() == (tmp_path / "later.h5").read_bytes()


def test_a_tile_that_a_killed_run_left_half_written_is_painted_again(out):
    in_a_child(lambda: write_field(KilledAt(4, killed), made_about(), AREA, out))
    altered(out.with_name(".field.h5.unfinished"), lambda file: file["pixels"].write_direct(np.ones((2, 96, 80), "f4")))
    assert write_field(made_field(), made_about(), AREA, out) == (9, 0)
    assert verify_field(out, made_field()) == 9


@pytest.mark.parametrize("other", [{"seed": 8}, {"model": "other"}, {"unit": "electron/s"}])
def test_what_was_left_of_another_field_is_not_taken_over(out, other):
    in_a_child(lambda: write_field(KilledAt(4, killed), made_about(**other), AREA, out))
    assert write_field(made_field(), made_about(), AREA, out).found == 0


def test_what_was_left_by_another_painter_of_the_same_field_is_painted_anew(out, written):
    half = KilledAt(2, killed)
    assert in_a_child(lambda: write_field(half, made_about(), AREA, out.with_name("other.h5"))) == -signal.SIGKILL
    unfinished = out.with_name(".other.h5.unfinished")
    tile = tiles_of(AREA, made_about()["tile"])[0]
    with h5py.File(unfinished, "r+") as file:
        older = file["pixels"][:, : tile.height, : tile.width] * np.float32(1.001)
        file["pixels"][:, : tile.height, : tile.width] = older
        file["digests"][:, 0, 0] = tile_digest(key_of(made_about()), tile, older)
    assert write_field(made_field(), made_about(), AREA, out.with_name("other.h5")).found == 0
    assert out.with_name("other.h5").read_bytes() == written.read_bytes()


def test_a_file_cut_short_is_begun_anew(out):
    in_a_child(lambda: write_field(KilledAt(4, killed), made_about(), AREA, out))
    unfinished = out.with_name(".field.h5.unfinished")
    unfinished.write_bytes(unfinished.read_bytes()[:9000])
    assert write_field(made_field(), made_about(), AREA, out) == (9, 0)


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(out):
    def work():
        limit = 60_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        write_field(made_field(), made_about(), AREA, out)

    assert in_a_child(work) == 2
    assert not out.exists()
    write_field(made_field(), made_about(), AREA, out)
    verify_field(out, made_field())


def test_a_second_run_on_the_same_output_is_refused(out):
    def second():
        with pytest.raises(OutputLockedError, match=f"process {os.getppid()}"):
            write_field(made_field(), made_about(), AREA, out)
        raise OutputLockedError

    with locked(out):
        assert in_a_child(second) == 3
    write_field(made_field(), made_about(), AREA, out)


@pytest.mark.parametrize("change", ["pixel", "digest", "seed"])
def test_a_tile_that_was_altered_is_never_read(written, change):
    def by_one_pixel(file):
        file["pixels"][1, 40, 40] += 1e-6

    def by_its_checksum(file):
        file["digests"][1, 1, 1] = 0

    def by_the_seed(file):
        file.attrs["about"] = file.attrs["about"].replace('"seed": 7', '"seed": 9')

    altered(written, {"pixel": by_one_pixel, "digest": by_its_checksum, "seed": by_the_seed}[change])
    with read_field(written) as reader, pytest.raises(FieldFileError, match=r"rows 32 to 63, columns 32 to 63.*band g"):
        reader.pixels(Window(40, 40, 2, 2), slice(1, 2))
    with pytest.raises(FieldFileError, match="tile at"):
        verify_field(written)


def test_pixels_beyond_the_file_are_refused(written):
    with read_field(written) as reader, pytest.raises(FieldFileError, match="and it has 96 x 80 px"):
        reader.pixels(Window(0, 70, 8, 11))


def test_other_tiles_of_a_damaged_file_can_be_read(written):
    altered(written, lambda file: file["pixels"].__setitem__((0, 0, 0), 1))
    with read_field(written) as reader:
        assert np.array_equal(reader.pixels(Window(40, 40, 8, 8)), made_field().window(Window(40, 40, 8, 8)))


def test_a_truncated_file_is_refused(written):
    written.write_bytes(written.read_bytes()[:-2000])
    with pytest.raises(StoreError, match="not a readable HDF5 file"), read_field(written):
        pass


def test_tiles_altered_with_their_checksums_do_not_pass_a_second_painting(written, out):
    write_field(made_field(seed=8), made_about(), AREA, out)
    assert verify_field(out) == 0
    with pytest.raises(FieldFileError, match="not what the model paints"):
        verify_field(out, made_field(), most=1)


def test_bands_of_rows_joined_are_the_field_byte_by_byte(tmp_path, written):
    parts = []
    for number, rows in enumerate(row_bands(AREA, 32, 2)):
        parts.append(tmp_path / "rows" / f"{number}.h5")
        write_field(made_field(), made_about(), rows, parts[-1])
    joined = tmp_path / "joined.h5"
    join_rows(parts[::-1], joined)
    assert verify_field(joined, made_field()) == 9
    with read_field(joined) as one, read_field(written) as other:
        assert np.array_equal(one.pixels(Window(0, 0, 96, 80)), other.pixels(Window(0, 0, 96, 80)))
        assert np.array_equal(one.digests, other.digests)
    parts[0].unlink()
    with pytest.raises(FieldFileError, match=r"rows/0\.h5, a part of it, is not there"), read_field(joined):
        pass


def test_parts_with_a_gap_or_of_another_field_are_not_joined(tmp_path):
    bands = row_bands(AREA, 32, 3)
    parts = [tmp_path / f"{number}.h5" for number in range(3)]
    for path, rows in zip(parts, bands):
        write_field(made_field(), made_about(seed=7 if path != parts[1] else 8), rows, path)
    with pytest.raises(FieldFileError, match=r"2\.h5: holds rows 64 to 95, and the rows from 32 on"):
        join_rows([parts[0], parts[2]], tmp_path / "field.h5")
    with pytest.raises(FieldFileError, match=r"1\.h5: of another field"):
        join_rows(parts[:2], tmp_path / "field.h5")


def test_row_bands_cover_an_area_once_between_rows_of_tiles():
    area = Window(-10, 0, 250, 64)
    bands = row_bands(area, 32, 3)
    assert [band.y0 for band in bands[1:]] == [band.y1 for band in bands[:-1]]
    assert (bands[0].y0, bands[-1].y1) == (area.y0, area.y1)
    assert all(band.y1 % 32 == 0 for band in bands[:-1])
    assert len(row_bands(AREA, 32, 50)) == 3


def test_a_field_may_lie_anywhere(out):
    area = Window(2**40 - 5, -(2**40) + 3, 40, 50)
    write_field(made_field(), made_about(), area, out)
    with read_field(out) as reader:
        assert reader.area == area
        assert len(tiles_of(area, 32)) == 3 * 2
        assert np.array_equal(reader.pixels(Window(0, 0, 40, 50)), made_field().window(area))


def test_a_part_is_never_written_over_by_the_whole(tmp_path, written):
    other = tmp_path / "below.h5"
    write_field(made_field(), made_about(), Window(96, 0, 32, 80), other)
    with pytest.raises(FieldFileError, match="one of the parts"):
        join_rows([written, other], written)
    verify_field(written)


def test_pixels_that_are_no_numbers_or_a_band_that_is_gone_do_not_pass_a_second_painting(written):
    for damage in (np.nan, 0.0):
        with h5py.File(written, "r+") as file:
            about = made_about()
            tile = tiles_of(AREA, about["tile"])[0]
            file["pixels"][1, : tile.height, : tile.width] = damage
            file["digests"][:, 0, 0] = tile_digest(key_of(about), tile, file["pixels"][:, : tile.height, : tile.width])
        with pytest.raises(FieldFileError, match="not what the model paints"):
            verify_field(written, made_field())


def test_a_disk_that_knows_no_locks_is_said(out, monkeypatch):
    def refused(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refused)
    with pytest.raises(OutputLockedError, match="knows no locks"), locked(out):
        pass
    assert list(out.parent.iterdir()) == []

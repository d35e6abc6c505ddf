import subprocess
import sys
import textwrap

import pytest
from made_image import left_over

FULL_DISK = """
    import resource, sys
    from pathlib import Path
    import numpy as np
    from pipeline.image import Image
    from pipeline.store import StoreError, scratch, write_images, write_restored
    from pipeline.tiling import whole
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    pixels = np.random.default_rng(0).random((1, 300, 300), np.float32)
    try:
        with {opened} as writer:
            {append}
    except StoreError as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("opened", "append"),
    [
        ("write_images('x.h5')", "writer.append(Image('a', pixels, pixels > 2, 'nJy', ('g',)))"),
        ("write_restored('x.h5')", "writer.append('a', pixels)"),
        ("scratch('x.h5', pixels.shape)", "writer.write(whole(300, 300), pixels)"),
    ],
)
def test_no_space_left_is_one_line_and_no_file(tmp_path, opened, append):
    code = textwrap.dedent(FULL_DISK).format(opened=opened, append=append)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["x.h5: cannot be written (File too large); make room or choose another place"]
    assert done.stderr == ""
    assert left_over(tmp_path) == []

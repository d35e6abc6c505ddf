"""Snakemake for tests: every call is a process of its own, forked from one that has loaded what each would load.

To load Snakemake and to hash the package's code takes longer than to plan a study.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory


class WarmSnakemake:
    """The process that is forked, for as long as it is entered.

    Parameters
    ----------
    home : Path
        Where the package lies that a workflow imports.
    hashed : sequence of str
        Steps whose code is hashed beforehand: none where a test edits the package.
    """

    def __init__(self, home: Path, hashed: tuple[str, ...] = ()) -> None:
        command = [sys.executable, "-P", __file__, *hashed]
        known = os.environ | {"PYTHONPATH": str(home)}
        self._parent = subprocess.Popen(command, env=known, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> WarmSnakemake:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate()

    def run(self, folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Call it in a folder, as ``python -m snakemake`` would be called."""
        with TemporaryDirectory() as said:
            files = [Path(said, name) for name in ("stdout", "stderr")]
            self._parent.stdin.write(json.dumps([str(folder), *map(str, files), *map(str, arguments)]) + "\n")
            self._parent.stdin.flush()
            code = int(self._parent.stdout.readline())
            return subprocess.CompletedProcess(arguments, code, *(file.read_text() for file in files))


def main() -> None:
    """Load, then fork for every line that comes and answer with the exit code."""
    from snakemake import cli

    import pipeline.workflow  # noqa: F401
    from pipeline import code_hash

    cli.get_argument_parser()  # loads the plugins
    if hashed := sys.argv[1:]:
        code_hash.code_hash = cache(code_hash.code_hash)
    for step in hashed:
        code_hash.code_hash(step)
    gc.freeze()
    for line in sys.stdin:
        folder, out, err, *arguments = json.loads(line)
        child = os.fork()
        if not child:
            os.chdir(folder)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for descriptor, path in ((1, out), (2, err)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666), descriptor)
            sys.argv = ["snakemake", *arguments]
            cli.main()
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Programs that take long to load, as processes of their own: each is forked from one that has loaded the program."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

SNAKEMAKE = """
from snakemake.cli import get_argument_parser, main
import pipeline.workflow
get_argument_parser()  # loads the plugins
"""
ITS_HASHES = """
from functools import cache
from pathlib import Path
from pipeline import code_hash
code_hash.code_hash = cache(code_hash.code_hash)
for path in (code_hash.HOME / "steps").glob("[!_]*.py"):
    code_hash.code_hash(path.stem)
"""
"""For tests that do not edit the package: to hash its code takes longer than to plan a study."""


class WarmProcess:
    """The process that is forked, for as long as it is entered.

    Parameters
    ----------
    program : str
        Imports what the program needs and leaves ``main`` behind, which reads ``sys.argv``.
    home : Path
        Where the package lies that is imported.
    environment : str
        Variables that differ from this process's own.
    """

    def __init__(self, program: str, home: Path = Path(__file__).parents[1], **environment: str) -> None:
        command, known = (
            [sys.executable, "-P", __file__, program],
            {**os.environ, "PYTHONPATH": str(home), **environment},
        )
        self._parent = subprocess.Popen(command, env=known, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> WarmProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate()

    def start(self, folder: Path, *arguments: object) -> WarmCall:
        """Call ``main`` in a folder; one call at a time."""
        call = WarmCall(self._parent.stdout, arguments)
        self._parent.stdin.write(json.dumps([str(folder), *map(str, (*call.files, *arguments))]) + "\n")
        self._parent.stdin.flush()
        call.pid = int(self._parent.stdout.readline())
        return call

    def run(self, folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Call ``main`` in a folder and wait for its end."""
        return self.start(folder, *arguments).wait()


class WarmCall:
    """A call that has begun: ``pid`` is its process and its process group."""

    def __init__(self, answers, arguments) -> None:
        self.pid, self._answers, self._arguments = 0, answers, arguments
        self._folder = TemporaryDirectory()
        self.files = [Path(self._folder.name, name) for name in ("stdout", "stderr")]

    def wait(self) -> subprocess.CompletedProcess[str]:
        """The exit code, and what was said."""
        code = int(self._answers.readline())
        with self._folder:
            return subprocess.CompletedProcess(self._arguments, code, *(file.read_text() for file in self.files))


def _serve(program: str) -> None:
    """Fork for every line that comes; answer with the number of the process, and with its exit code when it ends."""
    loaded: dict = {}
    exec(program, loaded)
    gc.freeze()
    for line in sys.stdin:
        folder, out, err, *arguments = json.loads(line)
        for path in (out, err):
            Path(path).touch()
        child = os.fork()
        if not child:
            os.setsid()
            os.chdir(folder)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for descriptor, path in ((1, out), (2, err)):
                os.dup2(os.open(path, os.O_WRONLY), descriptor)
            sys.argv[1:] = arguments
            sys.exit(loaded["main"]())
        _answer(child)
        _answer(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1])

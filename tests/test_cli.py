import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import pipeline.steps
from pipeline import cli, step_runner
from pipeline.config import Audit
from pipeline.errors import ClearfieldError


@pytest.fixture
def clearfield(monkeypatch, capfd, tmp_path):
    """Run a command with an `ingest` of the test's own; return the exit code and what stood on standard error."""

    def run(step, *arguments):
        monkeypatch.setattr(pipeline.steps, "ingest", SimpleNamespace(ingest=step), raising=False)
        monkeypatch.setattr(step_runner, "use_threads", lambda count: None)
        monkeypatch.setattr(sys, "argv", ["clearfield", "ingest", "-o", str(tmp_path / "images.h5"), *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return stopped.value.code, capfd.readouterr().err

    return run


@pytest.fixture
def tiny(tmp_path):
    config = tmp_path / "tiny.yaml"
    config.write_text("study: tiny\n")
    return "--config", str(config)


def test_help_and_a_bad_config_load_neither_torch_nor_numpy():
    code = (
        "import sys; from pipeline.cli import main\n"
        "try: main()\n"
        "except SystemExit as stopped: print(stopped.code, {'torch', 'numpy'} & sys.modules.keys())"
    )
    for arguments, exit_code in (["--help"], 0), (["split", "a", "-o", "b", "--config", "missing.yaml"], 1):
        run = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
        assert run.stdout.endswith(f"{exit_code} set()\n")


def test_every_rule_has_a_command_of_its_name():
    commands = {command.callback.__name__ for command in cli.app.registered_commands}
    rules = {path.stem for path in (Path(__file__).parents[1] / "rules").glob("*.smk")} - {"common"}
    assert rules <= commands


def test_a_users_mistake_is_one_line_and_exit_code_1(clearfield, tiny):
    def step(study, out, survey=None):
        raise ClearfieldError("data/a.fits: no extension called 'SCI'")

    assert clearfield(step, *tiny) == (1, "clearfield: data/a.fits: no extension called 'SCI'\n")


def test_a_config_that_is_missing_is_named(clearfield, tmp_path):
    code, said = clearfield(None, "--config", str(tmp_path / "none.yaml"))
    assert code == 1
    assert said.startswith(f"clearfield: {tmp_path}/none.yaml: ")
    assert said.count("\n") == 1


def test_a_model_is_audited_where_there_is_no_study(monkeypatch, tmp_path):
    asked = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(step_runner, "use_threads", lambda count: None)
    monkeypatch.setattr("pipeline.steps.audit_model.audit_model", lambda model, files, study, *_: asked.append(study))
    monkeypatch.setattr(sys, "argv", ["clearfield", "audit", "m.safetensors", "-o", "audited"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 0
    assert [study.audit for study in asked] == [Audit()]


def test_a_file_that_may_not_be_read_is_named(clearfield, tiny):
    def step(study, out, survey=None):
        raise PermissionError(13, "Permission denied", "data/a.fits")

    assert clearfield(step, *tiny) == (1, "clearfield: data/a.fits: permission denied\n")


def test_control_c_is_exit_code_130(clearfield, tiny):
    def step(study, out, survey=None):
        raise KeyboardInterrupt

    assert clearfield(step, *tiny)[0] == 130


def test_the_log_holds_everything_and_the_terminal_one_line(clearfield, tiny, tmp_path):
    def step(study, out, survey=None):
        logger = logging.getLogger("clearfield")
        logger.info("ingest: 3 images read")
        subprocess.run(["sh", "-c", "echo from C >&2"], check=True)
        sys.stderr.write("odd pixels\n")
        logger.info("ingest: 3 images of 64 x 64 px")

    code, said = clearfield(step, *tiny, "--log", str(tmp_path / "logs" / "ingest.log"))
    assert (code, said) == (0, "ingest: 3 images of 64 x 64 px\n")
    log = (tmp_path / "logs" / "ingest.log").read_text()
    for part in ("ingest: 3 images read", "from C", "odd pixels", "MiB of memory"):
        assert part in log


def test_a_step_that_says_nothing_gets_a_line_nevertheless(clearfield, tiny, tmp_path):
    code, said = clearfield(lambda study, out, survey=None: None, *tiny, "--log", str(tmp_path / "ingest.log"))
    assert (code, said) == (0, "ingest: done in 0 s\n")


def test_warnings_of_ours_reach_the_terminal(clearfield, tiny, tmp_path):
    def step(study, out, survey=None):
        logging.getLogger("clearfield").warning("the PSF was cut at 32 px")

    _, said = clearfield(step, *tiny, "--log", str(tmp_path / "ingest.log"))
    assert said == "clearfield: the PSF was cut at 32 px\ningest: done in 0 s\n"


def test_a_fault_of_our_own_is_one_line_that_names_the_log_with_its_traceback(clearfield, tiny, tmp_path):
    def step(study, out, survey=None):
        return {}["sky"]

    log = tmp_path / "ingest.log"
    code, said = clearfield(step, *tiny, "--log", str(log))
    assert code == 1
    assert said == f"clearfield: ingest failed: KeyError: 'sky' (a fault of Clearfield; {log} says where)\n"
    assert "Traceback" in log.read_text()


FULL_DISK = """
import resource, sys
import numpy as np
import pipeline.cli, pipeline.steps
from types import SimpleNamespace
from pipeline import step_runner
from pipeline.{module} import {writer}
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

def step(study, out, survey=None):
    {write}

pipeline.steps.ingest = SimpleNamespace(ingest=step)
sys.argv = ["clearfield", "ingest", "--config", "{config}", "-o", "{out}", "--log", "{log}"]
pipeline.cli.main()
"""
WRITERS = {
    "hdf5": ("store", "write_restored", "with write_restored(out) as file: file.append('a', np.ones((1, 500, 500)))"),
    "safetensors": ("model_file", "write_model", "import torch; write_model(out, {{'w': torch.ones(100_000)}}, {{}})"),
    "text": ("store", "written_aside", "with written_aside(out) as aside: aside.write_bytes(bytes(300_000))"),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_is_one_line_that_names_the_result_and_leaves_nothing_behind(kind, tiny, tmp_path):
    module, writer, write = WRITERS[kind]
    out = tmp_path / "results" / "images.h5"
    write = write.replace("{{", "{").replace("}}", "}")
    log = tmp_path / "logs" / "ingest.log"
    code = FULL_DISK.format(module=module, writer=writer, write=write, config=tiny[1], out=out, log=log)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr == f"clearfield: {out}: cannot be written (File too large); make room or choose another place\n"
    assert list(out.parent.iterdir()) == []

"""What the Snakefile asks of the package: the study, checked; its file for the steps; one run at a time."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn, TextIO

from pipeline.config import ConfigError, Images, Psf, Study, load_study, named_study_from, parse_width, plain_values
from pipeline.image_files import image_files


def config_or_exit(path: str) -> str:
    """The path of a configuration, if it holds a study; what is wrong with it ends the run with one line.

    Snakemake would name a line of the Snakefile instead. Of a file that is given by ``--configfile`` it speaks for
    itself, since it reads that one before the Snakefile.
    """
    try:
        load_study(path)
    except ConfigError as error:
        _exit(error)
    return path


def study_or_exit(config: dict[str, Any], files: list[Any], changed: bool = False) -> Study:
    """The study that a configuration describes; a mistake in it ends the run with one line, before any job starts.

    Parameters
    ----------
    config : dict
        As Snakemake merged it.
    files : list of path
        The files that it was read from, named in the message.
    changed : bool
        Whether ``--config`` lies on top of them.
    """
    # Steps run as `python -m pipeline`: that must be this Python, also where its environment was not activated.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    sources = [*map(_as_typed, files), *(["--config"] if changed else [])]
    try:
        for file in files:
            plain_values(Path(_as_typed(file)))  # Snakemake has read it, but takes the last of a key that stands twice
        study = named_study_from(config, " + ".join(sources) or "config")
        _refuse_missing(study, sources)
    except ConfigError as error:
        _exit(error)
    _refuse_lost_light(study, " + ".join(sources))
    return study


def _refuse_missing(study: Study, sources: list[str]) -> None:
    # Snakemake would say so in seven lines, of which none names the setting.
    psf = "degrade.psf.file" if study.pairs is None else "pairs.psf.file" if study.pairs.psf else "pairs.stamps"
    named = [("images.groups", study.images.groups), (psf, study.degrade.psf.file)]
    if study.pairs is not None:
        named.append(("pairs.affine", study.pairs.affine))
    for key, path in named:
        # Of a model for each band the name is a pattern.
        if path is not None and "{band}" in path:
            continue
        if path is not None and not Path(path).is_file():
            raise ConfigError(f"{' + '.join(sources)}: {key} is {path}; there is no such file")


def resolved_config(study: Study) -> str:
    """Path of a file with every setting of the study, written if it is not there or says something else."""
    path = Path("work", study.study, "config.json")
    text = json.dumps(study.model_dump(mode="json"), indent=1) + "\n"
    if not path.is_file() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_text(text)
        aside.replace(path)
    return str(path)


def files_of_images(study: Study) -> list[str]:
    """The user's files that ``ingest`` reads, as far as they are there; none for a dataset that a package ships."""
    images = study.images
    # Names of volumes may be those of patients, and Snakemake writes down what it is told.
    if images.path is None or images.dataset == "volumes":
        return []
    found = [file.path for file in image_files(images.path, images.bands)]
    return found + ([images.groups] if images.groups else [])


def files_of_pairs(study: Study) -> list[str]:
    """The user's files that ``pair`` reads, as far as they are there."""
    if study.pairs is None:
        return []
    found = [file.path for file in image_files(study.pairs.blurred, study.images.bands)]
    return found + ([study.pairs.affine] if study.pairs.affine else [])


def translated_or_exit(study: Study) -> Study:
    """The study, if it has a section `translate`; else the run ends with one line."""
    if study.translate is None:
        _exit(ConfigError(f"translate: missing in the study {study.study}; config/translation.yaml is one that has it"))
    return study


def lock_or_exit(study: Study) -> TextIO:
    """Keep a study for this process, or end it with one line if another run works on the study.

    Returns
    -------
    file
        To be held as long as the run lasts. The system lets go of it when the process ends, however it ends.
    """
    path = Path("work", study.study, "lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        sys.stderr.write(f"clearfield: {path}: another run works on this study (process {holder}); wait or stop it\n")
        sys.exit(1)
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _refuse_lost_light(study: Study, source: str) -> None:
    """End the run if a PSF is too wide for its stamp, as far as can be known before there are images.

    The step ``split`` asks again, when the pixel scale is known.
    """
    known = [c for c in study.blurs if _width_in_pixels(c.psf, study.images)]
    # Within the widths that there are stamps for, no Gaussian loses so much; to look at others takes seconds to import.
    if study.degrade.psf.profile == "gaussian" or not known:
        return
    from pipeline.physics.lost_light import lost_light
    from pipeline.physics.psf import PSFError

    try:
        for condition in known:
            lost_light(condition.psf, study.images, None, None)
    except PSFError as error:
        _exit(ConfigError(f"{source}: {error}"))


def _width_in_pixels(psf: Psf, images: Images) -> bool:
    widths = psf.fwhm or [*(psf.fwhm_final or []), *filter(None, [images.psf_fwhm])]
    return bool(psf.fwhm or psf.fwhm_final) and all(parse_width(text).unit == "px" for text in widths)


def _exit(error: ConfigError) -> NoReturn:
    sys.stderr.write(f"clearfield: {error}\n")
    sys.exit(1)


def _as_typed(path: Any) -> str:
    path = Path(path)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)

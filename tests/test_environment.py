"""pyproject.toml, constraints.txt and environment.yml name one set of packages."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib", "snakemake-minimal": "snakemake"}
CONDA_ONLY = {"python", "pip"}
# What `snakemake[reports]` adds on pip is a package of its own on conda.
REPORTS = "pygments"


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


@pytest.fixture(scope="module")
def conda():
    names = [
        line for line in yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"] if type(line) is str
    ]
    pairs = [re.fullmatch(r"(\S+)(?: =(\S+))?(?: >=\S+)?", line).groups() for line in names]
    return {CONDA_NAMES.get(name, name): version for name, version in pairs if name not in CONDA_ONLY}


def required(requirements):
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, requirements)}


def test_conda_and_pip_name_the_same_packages(project, conda):
    assert set(conda) - {REPORTS} == set(required(project["dependencies"]))


def test_conda_and_pip_pin_the_same_versions(pins, conda):
    assert {name: pins[canonicalize_name(name)] for name in conda} == conda


def test_every_requirement_is_pinned_within_its_bounds(project, pins):
    extras = [name for extra in project["optional-dependencies"].values() for name in extra]
    for name, requirement in required([*project["dependencies"], *extras]).items():
        assert name in pins, f"{name} is not in constraints.txt"
        assert pins[name] in requirement.specifier, f"{name} {pins[name]} is not {requirement.specifier}"


def test_torch_is_pinned_for_builds_with_and_without_cuda(pins):
    assert re.fullmatch(r"[0-9.]+", pins["torch"])

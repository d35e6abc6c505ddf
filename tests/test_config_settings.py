import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import (
    CLASSICAL_METHODS,
    ConfigError,
    Study,
    Width,
    load_study,
    parse_width,
    plain_number,
    settings_hash,
    study_from,
)

above_zero = st.floats(0, exclude_min=True, allow_infinity=False)


def refused(values):
    with pytest.raises(ConfigError) as caught:
        study_from(values, "mine.yaml")
    message = str(caught.value)
    assert message.startswith("mine.yaml: ")
    assert "\n" not in message
    return message.removeprefix("mine.yaml: ")


def degrade(**changes):
    return {"degrade": changes}


PSF, NOISE = {"fwhm": ["3px"]}, {"sigma": [0.05]}
NAFNET = {"architecture": "nafnet"}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"sead": 1}, "sead is not a setting; did you mean seed?"),
        ({"images": {"dataste": "hubble"}}, "images.dataste is not a setting; did you mean dataset?"),
        ({"split": {"xyz": 1}}, "split.xyz is not a setting; known here: folds, tune, calibrate, block"),
        (
            {"networks": {"n": {**NAFNET, "regression": {"step": 3}}}},
            "networks.n.regression.step",
        ),
        ({"networks": {"n": {**NAFNET, "widht": 3}}}, "networks.n.widht is not a setting; did you mean width?"),
        ({"seed": -1}, "seed is -1; it should be greater than or equal to 0"),
        ({"seed": 1.5}, "seed is 1.5; it should be a valid integer"),
        ({"seed": None}, "seed is null; it should be a valid integer"),
        ({"study": "a/b"}, "study is a/b; letters, digits, _ and - are allowed"),
        ({"study": "../x"}, "study is ../x; letters, digits, _ and - are allowed"),
        ({"images": 3}, "images is 3; a section with settings of its own is needed"),
        ({"images": {"dataset": "hubbel"}}, "images.dataset is hubbel; it should be 'hubble' or 'folder'"),
        ({"images": {"science": [1]}}, "images.science is [1]; a name or a number is needed"),
        ({"images": {"dataset": "folder"}}, "images.path: missing; the dataset `folder` needs a pattern"),
        ({"images": {"dataset": "folder", "path": "a/*.fits"}}, "images.path: 'a/*.fits' holds no {id}"),
        (
            {"images": {"dataset": "folder", "path": "{id}-{band}.fits"}},
            "images.bands: missing; the pattern holds {band}",
        ),
        ({"images": {"path": "a/{id}.fits"}}, "images.path: 'a/{id}.fits' would not be read; set dataset: folder"),
        (
            {"images": {"dataset": "folder", "path": "{id}-{band}.fits", "bands": ["g", "g"]}},
            'images.bands is ["g", "g"]; g stands there twice; once is enough',
        ),
        ({"images": {"pixel_scale": 0}}, "images.pixel_scale is 0; it should be greater than 0"),
        ({"images": {"psf_fwhm": 3}}, "images.psf_fwhm is 3; a width in pixels or arcsec above 0 is needed"),
        ({"split": {"folds": 1}}, "split.folds is 1; it should be greater than or equal to 2"),
        ({"split": {"tune": 0.5}}, "split.tune is 0.5; it should be less than 0.5"),
        (degrade(psf={"fwhm": ["-3px"]}), "degrade.psf.fwhm is -3px; a width in pixels or arcsec above 0 is needed"),
        (degrade(psf={"fwhm": [3]}), "degrade.psf.fwhm is 3; a width in pixels or arcsec above 0 is needed, such as"),
        (degrade(psf={"fwhm": "3px"}), "degrade.psf.fwhm is 3px; a list is needed, such as [3px]"),
        (degrade(psf={"fwhm": []}), "degrade.psf.fwhm is []; list should have at least 1 item"),
        (degrade(psf={}), "degrade.psf.fwhm: either fwhm or fwhm_final is needed, such as [3px, 4px]"),
        (degrade(psf={"fwhm": ["3px"], "fwhm_final": ["4px"]}), "degrade.psf.fwhm: either fwhm or fwhm_final"),
        (degrade(psf={"profile": "file"}), "degrade.psf.file: the profile `file` needs the path of a FITS image"),
        (degrade(psf={"profile": "file", "file": "a.fits", **PSF}), "degrade.psf.file: the profile `file` needs"),
        (degrade(psf={"profile": "moffat", "beta": 1, **PSF}), "degrade.psf.beta is 1; it should be greater than 1.1"),
        (degrade(psf={"profile": "sinc", **PSF}), "degrade.psf.profile is sinc; it should be 'gaussian', 'moffat'"),
        (degrade(psf={"fwhm_final": ["4px"]}), "degrade.psf.fwhm_final: needs images.psf_fwhm"),
        (
            {"images": {"psf_fwhm": "4px"}, **degrade(psf={"fwhm_final": ["5px", "4px"]})},
            "degrade.psf.fwhm_final: 4px is not above images.psf_fwhm, which is 4px",
        ),
        (degrade(noise={"sigma": [-0.05]}), "degrade.noise.sigma is -0.05; it should be greater than or equal to 0"),
        (degrade(noise={"sigma": [float("nan")]}), "degrade.noise.sigma is NaN; it should be a finite number"),
        (degrade(noise={"ratio": [0.5]}), "degrade.noise.ratio is 0.5; it should be greater than or equal to 1"),
        (degrade(noise={}), "degrade.noise.sigma: `gaussian` needs either sigma or ratio, and no gain"),
        (degrade(noise={"sigma": [1], "ratio": [2]}), "degrade.noise.sigma: `gaussian` needs either"),
        (degrade(noise={"kind": "poisson", "sigma": [1]}), "degrade.noise.gain: `poisson` needs a list of gains"),
        (degrade(noise={"kind": "poisson", "gain": [0]}), "degrade.noise.gain is 0; it should be greater than 0"),
        (
            degrade(protocol="galaxygan", noise={"kind": "poisson", "gain": [1]}),
            "degrade.noise.kind: the protocol galaxygan adds gaussian noise",
        ),
        (degrade(names=["a"]), "degrade.names: 1 names for 2 conditions; one different name each is needed"),
        (degrade(names=["a", "a"]), "degrade.names: 2 names for 2 conditions; one different name each is needed"),
        (degrade(names=["a", "b/c"]), "degrade.names is b/c; letters, digits, _ and . are allowed"),
        (degrade(psf={"fwhm": ["3px", "3.0px"]}), "degrade: two conditions are called fwhm3px_sigma0.05"),
        ({"methods": ["wiener"]}, "methods: `degraded` is missing"),
        ({"methods": ["degraded", "degraded"]}, "degraded stands there twice"),
        ({"methods": ["degraded", "lucy"]}, "methods is lucy; it should be 'degraded', 'wiener'"),
        ({"networks": {"my net": NAFNET}}, "networks.my net is my net; letters and digits are allowed, a letter first"),
        ({"networks": {"n": {}}}, "networks.n.architecture is missing; nafnet or pix2pix is needed"),
        ({"networks": {"n": {"architecture": "unet"}}}, "networks.n.architecture is unet; nafnet or pix2pix is needed"),
        ({"networks": {"n": 3}}, "networks.n"),
        ({"networks": {"nafnet": {**NAFNET, "width": 2}}}, "networks.nafnet.width is 2; it should be greater than"),
        ({"networks": {"pix2pix": {"architecture": "pix2pix"}}}, "networks.pix2pix.steps is missing; a value is"),
        (
            {"networks": {"p": {"architecture": "pix2pix", "steps": 1, "crop": 96}}},
            "networks.p.crop: 96 is no power of two",
        ),
        (
            {"networks": {"n": {**NAFNET, "encoder_blocks": [1, 1]}}},
            "networks.n.decoder_blocks: 3 stages, and the encoder has 2; as many are needed",
        ),
        (
            {
                "networks": {
                    "n": {
                        **NAFNET,
                        "encoder_blocks": [1] * 4,
                        "decoder_blocks": [1] * 4,
                        "regression": {"steps": 1, "crop": 72},
                    }
                }
            },
            "networks.n.regression.crop: 72 px cannot be halved 4 times; take a multiple of 16",
        ),
        ({"evaluate": {"spaces": ["linear", "linear"]}}, "linear stands there twice"),
        (None, "holds no settings"),
        ([1], "holds no settings"),
    ],
)
def test_a_mistake_is_one_line_with_the_key_what_is_wrong_and_what_is_allowed(values, says):
    assert says in refused(values)


def test_every_unknown_key_of_every_section_is_refused():
    for section in ("images", "split", "train", "restore", "evaluate", "publish"):
        assert f"{section}.nonsense is not a setting" in refused({section: {"nonsense": 1}})
    assert "degrade.psf.nonsense" in refused(degrade(psf={**PSF, "nonsense": 1}))


def test_the_default_study_is_whole():
    study = study_from({})
    assert [c.name for c in study.conditions] == ["fwhm3px_sigma0.05", "fwhm4px_sigma0.05"]
    assert study.all_methods == [*CLASSICAL_METHODS, "nafnet_faithful", "nafnet_sharp"]
    assert study_from(study.model_dump(mode="json")) == study


def test_conditions_are_named_by_key_value_and_unit_psf_outside_noise_inside():
    study = study_from(degrade(psf={"fwhm": ["1.4as", "2.50 as"]}, noise={"ratio": [1, 1.2, 10]}))
    assert [c.name for c in study.conditions] == [
        f"fwhm{width}_ratio{ratio}" for width in ("1.4as", "2.5as") for ratio in ("1", "1.2", "10")
    ]
    condition = study.condition("fwhm2.5as_ratio1.2")
    assert (condition.psf.fwhm, condition.noise.ratio) == (["2.5as"], [1.2])


@pytest.mark.parametrize(
    ("psf", "noise", "name"),
    [
        ({"fwhm_final": ["4px"]}, NOISE, "fwhm4px_sigma0.05"),
        (PSF, {"kind": "poisson", "gain": [1e6]}, "fwhm3px_gain1000000"),
        (PSF, {"sigma": [1e-7]}, "fwhm3px_sigma0.0000001"),
        (PSF, {"sigma": [0.123456789]}, "fwhm3px_sigma0.123456789"),
        ({"profile": "file", "file": "psf/ACS F814W (1).fits"}, NOISE, "psfACS_F814W_1__sigma0.05"),
    ],
)
def test_every_kind_of_condition_has_a_name_that_can_be_a_files(psf, noise, name):
    study = study_from({"images": {"psf_fwhm": "2px"}, **degrade(psf=psf, noise=noise)})
    assert [c.name for c in study.conditions] == [name]


def test_conditions_can_be_given_names():
    study = study_from(degrade(names=["mild", "strong"]))
    assert [c.name for c in study.conditions] == ["mild", "strong"]
    assert study.condition("strong").psf.fwhm == ["4px"]


def test_a_condition_that_does_not_exist_is_refused_in_words():
    with pytest.raises(ConfigError, match=r"no condition is called 'x'; the study has fwhm3px_sigma0\.05, fwhm4px"):
        Study().condition("x")


@given(value=above_zero, unit=st.sampled_from(["px", "as"]), blanks=st.sampled_from(["", " ", "  "]))
def test_a_width_that_is_written_out_is_read_back(value, unit, blanks):
    assert parse_width(f"{blanks}{value!r}{blanks}{unit}{blanks}") == Width(value, unit)
    assert parse_width(str(Width(value, unit))) == Width(value, unit)


@given(st.text(max_size=8) | st.from_regex(r"[0-9.eE+-]{0,6}(px|as|pt|)", fullmatch=True) | st.integers() | st.none())
def test_whatever_is_no_width_is_refused_in_words(text):
    if re.fullmatch(r"\s*[0-9.]+([eE][+-]?[0-9]+)?\s*(px|as)\s*", str(text)) and re.search("[1-9].*(px|as)", str(text)):
        return
    with pytest.raises(ValueError, match=r"such as 3px or 1\.4as"):
        parse_width(text)


@pytest.mark.parametrize(
    "text", ["0px", "-1px", "infpx", "nanpx", "1e999px", "1e-999as", "3", "px", "3 pixels", "3PX", 3]
)
def test_these_are_no_widths(text):
    with pytest.raises(ValueError, match="a width in pixels or arcsec above 0"):
        parse_width(text)


def test_a_width_in_arcsec_needs_a_pixel_scale():
    assert Width(1.4, "as").in_pixels(0.396) == pytest.approx(3.5354, rel=1e-4)
    assert Width(3, "px").in_pixels(None) == 3
    with pytest.raises(ConfigError, match=r"a width of 1\.4as needs the pixel scale"):
        Width(1.4, "as").in_pixels(None)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_plain_number_has_no_exponent_and_loses_nothing(value):
    text = plain_number(value)
    assert "e" not in text.lower()
    assert float(text) == value


def test_numbers_in_yaml_may_have_exponents(tmp_path):
    (tmp_path / "mine.yaml").write_text("train: {clip: 1e-3}\n")
    assert load_study(tmp_path / "mine.yaml").train.clip == 1e-3


def test_a_study_is_read_from_yaml_and_from_json(tmp_path):
    values = {"study": "mine", "degrade": {"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [0.1]}}}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(values))
    (tmp_path / "b.json").write_text(Study.model_validate(values).model_dump_json())
    assert load_study(tmp_path / "a.yaml") == load_study(tmp_path / "b.json")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file; `clearfield config` writes one"),
        (b"a: [1\nb: {", "not YAML: "),
        (b"\xff\xfe\x00", "not YAML: "),
        (b"", "holds no settings"),
        (b"study: a b\n", "study is a b; letters"),
    ],
)
def test_a_file_that_is_no_study_is_refused_in_one_line(tmp_path, content, says):
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_study(path)
    assert str(caught.value).startswith(f"{path}: {says}")
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_study(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_study(tmp_path)


def test_settings_have_a_hash_that_follows_their_values_and_not_their_order():
    assert settings_hash({"a": 1, "b": [2]}) == settings_hash({"b": [2], "a": 1})
    assert settings_hash({"a": 1}) != settings_hash({"a": 2})
    assert settings_hash(Study()) == settings_hash(study_from({}))
    assert settings_hash(Study(seed=1)) != settings_hash(Study())

"""The study, typed: every setting with its meaning, unit and bounds. Nothing else reads a configuration file."""

from __future__ import annotations

import itertools
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import ClearfieldError

Method = Literal["degraded", "wiener", "unsupervised_wiener", "richardson_lucy", "total_variation"]
CLASSICAL_METHODS: tuple[Method, ...] = get_args(Method)
NAME = r"^[A-Za-z][A-Za-z0-9]*$"
CONDITION_NAME = r"^[A-Za-z0-9_.]+$"
STUDY_NAME = r"^[A-Za-z0-9_-]+$"
PATTERNS_IN_WORDS = {
    NAME: "letters and digits are allowed, a letter first",
    CONDITION_NAME: "letters, digits, _ and . are allowed",
    STUDY_NAME: "letters, digits, _ and - are allowed",
}


class ConfigError(ClearfieldError):
    """A configuration that names no study."""


class Width(NamedTuple):
    """A width on the sky or on the detector, such as ``3px`` or ``1.4as``."""

    value: float
    unit: str

    def __str__(self) -> str:
        return f"{plain_number(self.value)}{self.unit}"

    def in_pixels(self, pixel_scale: float | None) -> float:
        """The width in px of an image whose pixels are ``pixel_scale`` arcsec wide.

        Raises
        ------
        ConfigError
            If the width is in arcsec and the pixel scale is not known.
        """
        if self.unit == "px":
            return self.value
        if pixel_scale is None:
            raise ConfigError(
                f"a width of {self} needs the pixel scale, which the image does not give: set images.pixel_scale"
            )
        return self.value / pixel_scale


def plain_number(value: float) -> str:
    """A number in full and without an exponent, as it stands in names of conditions: 3, 0.05, 0.0000001."""
    text = format(Decimal(repr(float(value))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_width(text: Any) -> Width:
    """Read ``3px`` or ``1.4as`` (arcsec).

    Raises
    ------
    ValueError
        If the text is no width above 0.
    """
    if isinstance(text, Width):
        return text
    number = r"[0-9]+\.?[0-9]*|\.[0-9]+"
    match = (
        re.fullmatch(rf"\s*((?:{number})(?:[eE][+-]?[0-9]+)?)\s*(px|as)\s*", text, re.ASCII)
        if isinstance(text, str)
        else None
    )
    if match is None or not 0 < float(match[1]) < float("inf"):
        raise ValueError("a width in pixels or arcsec above 0 is needed, such as 3px or 1.4as")
    return Width(float(match[1]), match[2])


WidthField = Annotated[
    str,
    BeforeValidator(lambda text: str(parse_width(text))),
    Field(json_schema_extra={"pattern": "^[0-9.eE+-]+ ?(px|as)$"}),
]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _once_each(values: list[Any]) -> list[Any]:
    twice = [value for value in values if values.count(value) > 1]
    if twice:
        raise ValueError(f"{twice[0]} stands there twice; once is enough")
    return values


OnceEach = AfterValidator(_once_each)


class Settings(BaseModel):
    """Settings of one part of a study; a key that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Images(Settings):
    """Where the images come from and how their files are read."""

    dataset: Literal["hubble", "folder"] = Field(
        "hubble", description="hubble: the eXtreme Deep Field image that scikit-image ships; folder: your own files."
    )
    path: str | None = Field(
        None,
        description="folder: pattern of the files, such as data/{id}/{id}-{band}.fits; {id} names an image, {band} a "
        "band.",
    )
    bands: Annotated[list[str], OnceEach] | None = Field(
        None, description="Names of the bands, in order; required where the pattern holds {band}."
    )
    groups: str | None = Field(
        None, description="Table (CSV with columns id, group); images of one group stay on one side of every split."
    )
    science: str | int | None = Field(
        None, description="FITS extension (name or number) of the values; by default the first with an image."
    )
    noise: str | int | None = Field(None, description="FITS extension of a noise map; by default none.")
    noise_kind: Literal["sigma", "variance", "weight"] = Field(
        "sigma", description="What the noise map holds: standard deviation, variance, or weight (inverse variance)."
    )
    mask: str | int | None = Field(None, description="FITS extension of a data-quality map; by default none.")
    mask_bits: int | None = Field(
        None, ge=1, description="Bits of the data-quality map that make a pixel untrustworthy; by default any."
    )
    unit: str | None = Field(
        None,
        description="Unit of the values where the file names none (BUNIT); `display` for images stretched for the eye.",
    )
    pixel_scale: Positive | None = Field(None, description="Width of a pixel in arcsec where the file has no WCS.")
    psf_fwhm: WidthField | None = Field(
        None, description="FWHM of the PSF that the images have already; needed for degrade.psf.fwhm_final."
    )
    background: Literal["none", "constant", "mesh"] = Field(
        "none",
        description="What is taken off before anything else, and given back in results: nothing, a level per band, a "
        "smooth mesh.",
    )
    background_box: int = Field(64, ge=8, description="Width in px of the boxes of the background mesh.")
    smallest: int = Field(64, ge=8, description="Smallest height and width in px that is taken.")
    small_images: Literal["refuse", "pad"] = Field(
        "refuse", description="What happens to an image below the smallest size: refuse, or pad with a mask."
    )

    @model_validator(mode="after")
    def _pattern_and_bands_agree(self) -> Images:
        if self.dataset == "folder":
            if self.path is None:
                raise ValueError("path: missing; the dataset `folder` needs a pattern such as data/{id}.fits")
            if "{id}" not in self.path:
                raise ValueError(f"path: {self.path!r} holds no {{id}}; a pattern such as data/{{id}}.fits is needed")
            if "{band}" in self.path and not self.bands:
                raise ValueError("bands: missing; the pattern holds {band}, so the bands must be named")
        elif self.path is not None:
            raise ValueError(f"path: {self.path!r} would not be read; set dataset: folder beside it")
        return self


class Split(Settings):
    """Who judges whom: cross-validation folds and the roles within them."""

    folds: int = Field(
        3, ge=2, description="Number of folds; each image is restored by the one fold that never saw its group."
    )
    tune: float = Field(
        0.15,
        gt=0,
        lt=0.5,
        description="Share of what is not held out that tunes classical methods and watches training.",
    )
    calibrate: float = Field(
        0.15, ge=0, lt=0.5, description="Share of what is not held out that is set aside for calibrating uncertainty."
    )
    block: int = Field(
        109, ge=32, description="Length in px of the blocks that one large image is cut into, along its bands of sky."
    )


class Psf(Settings):
    """How the instrument spreads the light of a point."""

    profile: Literal["gaussian", "moffat", "kolmogorov", "airy", "file"] = Field(
        "gaussian", description="Shape of the PSF that is added."
    )
    fwhm: list[WidthField] | None = Field(
        None,
        min_length=1,
        description="Full widths at half maximum that are added, one condition each: 3px, or 1.4as for arcsec.",
    )
    fwhm_final: list[WidthField] | None = Field(
        None,
        min_length=1,
        description="Instead of fwhm: widths that the image has afterwards, where images.psf_fwhm is known.",
    )
    beta: float = Field(2.5, gt=1.1, allow_inf_nan=False, description="Slope of a Moffat profile.")
    obscuration: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of an Airy profile's aperture diameter that is hidden by the secondary mirror.",
    )
    file: str | None = Field(
        None, min_length=1, description="file: FITS image of the PSF, one stamp or a cube with one per band."
    )
    file_scale: Positive | None = Field(
        None, description="file: width of the stamp's pixels in arcsec, where its header does not say."
    )

    @model_validator(mode="after")
    def _one_width(self) -> Psf:
        if self.profile == "file":
            if self.file is None or self.fwhm or self.fwhm_final:
                raise ValueError("file: the profile `file` needs the path of a FITS image, and no fwhm")
        elif (self.fwhm is None) == (self.fwhm_final is None):
            raise ValueError("fwhm: either fwhm or fwhm_final is needed, such as [3px, 4px]")
        return self


class Noise(Settings):
    """What the detector adds."""

    kind: Literal["gaussian", "poisson"] = Field(
        "gaussian", description="gaussian: white noise; poisson: photons with read-out noise."
    )
    sigma: list[NotNegative] | None = Field(
        None, min_length=1, description="gaussian: standard deviations in the unit of the image, one condition each."
    )
    ratio: list[Annotated[float, Field(ge=1, allow_inf_nan=False)]] | None = Field(
        None,
        min_length=1,
        description="gaussian, instead of sigma: noise afterwards as a multiple of the image's own sky noise.",
    )
    gain: list[Positive] | None = Field(
        None, min_length=1, description="poisson: electrons per unit of the image, one condition each."
    )
    read_noise: NotNegative = Field(0.0, description="poisson: standard deviation of the read-out in electrons.")
    sky: NotNegative = Field(0.0, description="poisson: level of the sky that was taken off, in the unit of the image.")

    @model_validator(mode="after")
    def _levels_fit_the_kind(self) -> Noise:
        if self.kind == "poisson" and (self.gain is None or self.sigma or self.ratio):
            raise ValueError("gain: `poisson` needs a list of gains, and neither sigma nor ratio")
        if self.kind == "gaussian" and ((self.sigma is None) == (self.ratio is None) or self.gain):
            raise ValueError("sigma: `gaussian` needs either sigma or ratio, and no gain, such as sigma: [0.05]")
        return self


class Degrade(Settings):
    """What the instrument does to the images: every PSF with every noise level is a condition."""

    protocol: Literal["physical", "galaxygan"] = Field(
        "physical",
        description="physical: values are never clipped and noise is independent per band; galaxygan: as Schawinski "
        "et al. 2017 did it.",
    )
    psf: Psf = Field(default_factory=lambda: Psf(fwhm=["3px", "4px"]), description="The point-spread function.")
    noise: Noise = Field(default_factory=lambda: Noise(sigma=[0.05]), description="The noise.")
    names: list[Annotated[str, Field(pattern=CONDITION_NAME)]] | None = Field(
        None,
        description="Names of the conditions, PSF outside, noise inside; by default made of the values, such as "
        "fwhm3px_sigma0.05.",
    )

    @model_validator(mode="after")
    def _noise_fits_the_protocol(self) -> Degrade:
        if self.protocol == "galaxygan" and self.noise.kind != "gaussian":
            raise ValueError("noise.kind: the protocol galaxygan adds gaussian noise, given as sigma or ratio")
        return self


class Regression(Settings):
    """First stage of training: the network learns the mean of what the scene may have been."""

    steps: int = Field(..., ge=1, description="Number of optimiser steps.")
    batch: int = Field(16, ge=1, description="Crops per step.")
    crop: int = Field(64, ge=16, multiple_of=8, description="Width of a crop in px.")
    learning_rate: Positive = Field(2e-3, description="AdamW's rate at the start; it falls to zero along a cosine.")
    l2_weight: NotNegative = Field(
        5.0, description="Weight of the squared error beside the absolute error, in stretched units."
    )


class Adversarial(Settings):
    """Second stage of training: a discriminator asks for the texture of real images."""

    steps: int = Field(..., ge=0, description="Number of optimiser steps; 0 leaves `sharp` equal to `faithful`.")
    batch: int = Field(4, ge=1, description="Crops per step.")
    # Below 24 px the discriminator's layers leave nothing to judge.
    crop: int = Field(96, ge=24, multiple_of=8, description="Width of a crop in px.")
    learning_rate: Positive = Field(5e-4, description="Adam's rate for the restoring network.")
    discriminator_learning_rate: Positive = Field(2e-3, description="Adam's rate for the discriminator.")
    weight: NotNegative = Field(
        0.04, description="Weight of the discriminator's opinion beside the absolute error of 1."
    )
    l2_weight: NotNegative = Field(5.0, description="Weight of the squared error, as in the first stage.")
    allowed_loss: NotNegative = Field(
        1.35,
        description="PSNR in dB that `sharp` may lose against `faithful` on the tune role; where training lost more, "
        "its weights are moved back towards those of `faithful`.",
    )
    base_channels: int = Field(32, ge=4, description="Channels of the discriminator's first layer.")


class Nafnet(Settings):
    """NAFNet (Chen et al. 2022), given the degraded image, its Wiener estimate, noise, mask and PSF."""

    architecture: Literal["nafnet"] = Field("nafnet", description="Which network this is.")
    width: int = Field(16, ge=4, description="Channels at full resolution.")
    encoder_blocks: list[Annotated[int, Field(ge=1)]] = Field(
        [1, 1, 1], min_length=1, description="Blocks before each halving of the resolution."
    )
    middle_blocks: int = Field(1, ge=1, description="Blocks at the lowest resolution.")
    decoder_blocks: list[Annotated[int, Field(ge=1)]] = Field(
        [1, 1, 1], min_length=1, description="Blocks after each doubling of the resolution."
    )
    regression: Regression = Field(
        default_factory=lambda: Regression(steps=800), description="First stage, which makes the output `faithful`."
    )
    adversarial: Adversarial = Field(
        default_factory=lambda: Adversarial(steps=150), description="Second stage, which makes the output `sharp`."
    )

    @model_validator(mode="after")
    def _stages_fit(self) -> Nafnet:
        down, up = len(self.encoder_blocks), len(self.decoder_blocks)
        if down != up:
            raise ValueError(f"decoder_blocks: {up} stages, and the encoder has {down}; as many are needed")
        for name, crop in (("regression", self.regression.crop), ("adversarial", self.adversarial.crop)):
            if crop % 2**down:
                raise ValueError(f"{name}.crop: {crop} px cannot be halved {down} times; take a multiple of {2**down}")
        return self

    @property
    def outputs(self) -> tuple[str, ...]:
        """The restorers that training makes."""
        return ("faithful", "sharp")


class Pix2pix(Settings):
    """pix2pix (Isola et al. 2017), the network of GalaxyGAN: the named baseline."""

    architecture: Literal["pix2pix"] = Field("pix2pix", description="Which network this is.")
    base_channels: int = Field(64, ge=4, description="Channels of the first layer of both networks.")
    crop: int = Field(
        256, ge=32, description="Width in px of the crops, and of the tiles at restoration; a power of two."
    )
    batch: int = Field(1, ge=1, description="Crops per step.")
    steps: int = Field(..., ge=1, description="Number of optimiser steps.")
    l1_weight: NotNegative = Field(
        100.0, description="Weight of the absolute error beside the discriminator's cross entropy."
    )
    learning_rate: Positive = Field(2e-4, description="Adam's rate.")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's first moment.")

    @model_validator(mode="after")
    def _crop_is_a_power_of_two(self) -> Pix2pix:
        if self.crop & (self.crop - 1):
            raise ValueError(
                f"crop: {self.crop} is no power of two, which the halvings of pix2pix need; take 128 or 256"
            )
        return self

    @property
    def outputs(self) -> tuple[str, ...]:
        """The restorers that training makes."""
        return ("sharp",)


NetworkSettings = Annotated[Nafnet | Pix2pix, Field(discriminator="architecture")]


def _default_networks() -> dict[str, Nafnet | Pix2pix]:
    return {"nafnet": Nafnet()}


class Training(Settings):
    """What every network's training shares."""

    stretch: Literal["asinh", "linear"] = Field(
        "asinh", description="Scaling before the network; linear for images that were stretched for the eye already."
    )
    softening: Positive = Field(
        3.0, description="asinh: the level, in sigmas of the sky, where the scaling turns from linear to logarithmic."
    )
    validate_every: int = Field(
        100, ge=1, description="Steps between looks at the tune role, and between lines of history.csv."
    )
    checkpoint_every: int = Field(100, ge=1, description="Steps between checkpoints, from which a killed run goes on.")
    ema: float = Field(
        0.98, ge=0, lt=1, description="Decay per step of the running mean of the weights, which is what is kept."
    )
    clip: Positive = Field(1.0, description="Largest norm of the gradient.")


class Evaluate(Settings):
    """How restored images are judged."""

    spaces: Annotated[list[Literal["linear", "asinh", "galaxygan"]], OnceEach] = Field(
        ["linear"], min_length=1, description="Scalings in which PSNR, SSIM and MAE are taken."
    )
    apertures: Annotated[list[Positive], OnceEach] = Field(
        [3.0, 6.0], min_length=1, description="Radii in px of the apertures around sources of the truth."
    )
    detection: Positive = Field(5.0, description="Sources are peaks of the truth above this many sigmas of its sky.")
    bootstrap: int = Field(2000, ge=100, description="Resamplings behind every interval.")


class Publish(Settings):
    """The model file that a user applies."""

    final: Literal["retrain", "fold0"] = Field(
        "retrain",
        description="retrain: train once more on all groups; fold0: publish the network of fold 0, which saw the "
        "rest only.",
    )


class Restore(Settings):
    """How large images are restored."""

    tile: int = Field(
        512,
        ge=32,
        description="Width in px of the tiles that a network restores at a time; memory grows with it, results do "
        "not depend on it.",
    )


class Condition(Settings):
    """One PSF with one noise level: one column of the study."""

    name: str
    psf: Psf
    noise: Noise


class Study(Settings):
    """A cross-validated restoration study. Clearfield knows no settings but these."""

    study: str = Field("hubble", pattern=STUDY_NAME, description="Name of the study; results go to results/<study>.")
    seed: int = Field(0, ge=0, description="Everything random follows from this number.")
    threads: int = Field(
        2,
        ge=1,
        description="Cores for training and restoring. Results depend on it in the last digits, so it stands here.",
    )
    images: Images = Field(default_factory=lambda: Images(), description="The images.")
    split: Split = Field(default_factory=lambda: Split(), description="Folds and roles.")
    degrade: Degrade = Field(default_factory=lambda: Degrade(), description="The instrument.")
    methods: Annotated[list[Method], OnceEach] = Field(
        default_factory=lambda: [*CLASSICAL_METHODS],
        min_length=1,
        description="Classical restorers, tuned on the tune role.",
    )
    networks: dict[Annotated[str, Field(pattern=NAME)], NetworkSettings] = Field(
        default_factory=_default_networks, description="Networks by a name of your choice."
    )
    train: Training = Field(default_factory=lambda: Training(), description="Training.")
    restore: Restore = Field(default_factory=lambda: Restore(), description="Restoration.")
    evaluate: Evaluate = Field(default_factory=lambda: Evaluate(), description="Judgement.")
    publish: Publish = Field(default_factory=lambda: Publish(), description="Publication.")
    keep: list[Literal["degraded", "restored"]] = Field(
        default_factory=list,
        description="Images that stay on the disk when all that needs them is done: degraded, restored.",
    )

    @model_validator(mode="after")
    def _parts_agree(self) -> Study:
        if "degraded" not in self.methods:
            raise ValueError("methods: `degraded` is missing; it is what every other method is compared with")
        if self.degrade.psf.fwhm_final and self.images.psf_fwhm is None:
            raise ValueError("degrade.psf.fwhm_final: needs images.psf_fwhm, the width that the images have already")
        own = parse_width(self.images.psf_fwhm) if self.images.psf_fwhm else None
        for final in map(parse_width, self.degrade.psf.fwhm_final or []):
            if own and final.unit == own.unit and final.value <= own.value:
                raise ValueError(f"degrade.psf.fwhm_final: {final} is not above images.psf_fwhm, which is {own}")
        count, names = len(_grid(self.degrade)), self.degrade.names
        if names is not None and (len(names) != count or len(set(names)) != count):
            raise ValueError(
                f"degrade.names: {len(names)} names for {count} conditions; one different name each is needed"
            )
        made = [condition.name for condition in self.conditions]
        twice = [name for name in made if made.count(name) > 1]
        if twice:
            raise ValueError(f"degrade: two conditions are called {twice[0]}; name each width and each level once")
        return self

    @property
    def conditions(self) -> list[Condition]:
        """Every PSF with every noise level, in the order of the configuration."""
        cells = _grid(self.degrade)
        names = self.degrade.names or ["_".join(filter(None, (_psf_name(p), _noise_name(n)))) for p, n in cells]
        return [Condition(name=name, psf=psf, noise=noise) for name, (psf, noise) in zip(names, cells)]

    def condition(self, name: str) -> Condition:
        """The condition of that name.

        Raises
        ------
        ConfigError
            If there is none.
        """
        for condition in self.conditions:
            if condition.name == name:
                return condition
        raise ConfigError(
            f"no condition is called {name!r}; the study has {', '.join(c.name for c in self.conditions)}"
        )

    @property
    def network_methods(self) -> list[str]:
        """Restorers that training makes: ``<network>_<output>``."""
        return [f"{name}_{output}" for name, network in self.networks.items() for output in network.outputs]

    @property
    def all_methods(self) -> list[str]:
        """Every restorer, classical ones first."""
        return [*self.methods, *self.network_methods]


def load_study(path: str | Path) -> Study:
    """Read a study from a YAML or JSON file.

    Raises
    ------
    ConfigError
        One line: the file, the key, what is wrong, what is allowed.
    """
    path = Path(path)
    try:
        values = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file; `clearfield config` writes one with every setting explained"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); a YAML file is needed") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    return study_from(values, str(path))


def study_from(values: Any, source: str = "config") -> Study:
    """Check a study given as plain dictionaries, as Snakemake does.

    Raises
    ------
    ConfigError
        One line: the source, the key, what is wrong, what is allowed.
    """
    if not isinstance(values, dict):
        raise ConfigError(
            f"{source}: holds no settings; `clearfield config` writes a file with every setting explained"
        )
    try:
        return Study.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_in_words(error)}") from None


def settings_hash(values: Any) -> str:
    """A short hash of plain settings, the same on every machine."""
    import hashlib

    text = json.dumps(values, sort_keys=True, default=lambda v: v.model_dump(mode="json"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _grid(degrade: Degrade) -> list[tuple[Psf, Noise]]:
    psf, noise = degrade.psf, degrade.noise
    return list(
        itertools.product(_one_by_one(psf, ("fwhm", "fwhm_final")), _one_by_one(noise, ("sigma", "ratio", "gain")))
    )


def _one_by_one(settings: Any, axes: tuple[str, ...]) -> list[Any]:
    for axis in axes:
        values = getattr(settings, axis)
        if values is not None:
            return [settings.model_copy(update={axis: [value]}) for value in values]
    return [settings]


def _psf_name(psf: Psf) -> str:
    widths = psf.fwhm or psf.fwhm_final
    # The name of a condition becomes the name of a file: only what is safe in one is taken over.
    return f"fwhm{widths[0]}" if widths else "psf" + re.sub(r"[^A-Za-z0-9_.]+", "_", Path(psf.file or "").stem)


def _noise_name(noise: Noise) -> str:
    for axis in ("sigma", "ratio", "gain"):
        values = getattr(noise, axis)
        if values:
            return f"{axis}{plain_number(values[0])}"
    return ""


def _in_words(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    key, kind, found = ".".join(_place(first["loc"])), first["type"], first["input"]
    message = first["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return f"{key} is not a setting; {_nearest(first['loc'])}"
    if kind == "missing":
        return f"{key} is missing; a value is required"
    if kind.startswith("union_tag"):
        found = found.get("architecture", "missing") if isinstance(found, dict) else found
        return f"{key}.architecture is {_shown(found)}; nafnet or pix2pix is needed"
    if kind == "value_error" and isinstance(found, dict | BaseModel):
        return ".".join(filter(None, (key, message)))
    return f"{key} is {_shown(found)}; {_allowed(first, message)}"


def _place(loc: tuple[int | str, ...]) -> list[str]:
    """The key as the user wrote it: without positions in a list and without the branches of a union."""
    parts = [str(part) for part in loc if not isinstance(part, int) and part != "[key]"]
    if parts and parts[0] == "networks":
        del parts[2:3]
    return parts[:-1] if parts and parts[-1] in ("str", "int") else parts


def _allowed(error: Any, message: str) -> str:
    if error["type"] == "string_pattern_mismatch":
        return PATTERNS_IN_WORDS[error["ctx"]["pattern"]]
    if error["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return "a section with settings of its own is needed"
    if error["type"] == "list_type":
        return f"a list is needed, such as [{_shown(error['input'])}]"
    if error["loc"][-1] in ("str", "int"):
        return "a name or a number is needed"
    return (message[0].lower() + message[1:]).replace("input should", "it should")


def _shown(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value, default=str)).split())
    return text if len(text) <= 60 else f"{text[:60]}..."


def _nearest(loc: tuple[int | str, ...]) -> str:
    import difflib

    model: Any = Study
    for part in loc[:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        model = field.annotation if field else {"nafnet": Nafnet, "pix2pix": Pix2pix}.get(str(part))
    known = list(getattr(model, "model_fields", {}))
    close = difflib.get_close_matches(str(loc[-1]), known, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"known here: {', '.join(known)}" if known else "remove it"

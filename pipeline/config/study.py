"""A study, whole: its sections, and what must hold between them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from pipeline.config.audit import Audit
from pipeline.config.degrade import Degrade
from pipeline.config.denoiser import DENOISER, Denoiser
from pipeline.config.evaluate import Evaluate
from pipeline.config.field import SyntheticField
from pipeline.config.fields import GeneratorSettings, SganSettings, XdfGanSettings, default_fields
from pipeline.config.grid import Condition, ScanCondition, conditions_of
from pipeline.config.images import Images
from pipeline.config.methods import METHODS_OF_SCANS, SLOWER_METHODS, USUAL_METHODS, Method
from pipeline.config.names import GENERATOR_NAME, NAME, STUDY_NAME
from pipeline.config.networks import NetworkSettings, default_networks
from pipeline.config.networks.nafnet import Nafnet
from pipeline.config.networks.pix2pix import Pix2pix
from pipeline.config.networks.unrolled import Unrolled
from pipeline.config.pairs import Pairs, with_pairs
from pipeline.config.publish import Publish
from pipeline.config.restore import Restore
from pipeline.config.settings import ConfigError, OnceEach, Settings
from pipeline.config.split import Split
from pipeline.config.train import Training
from pipeline.config.width import parse_width


def _named(schema: dict[str, Any]) -> None:
    schema["required"] = ["study"]
    del schema["properties"]["study"]["default"]


_OF_FILES = ("groups", "science", "noise", "noise_kind", "mask", "mask_bits", "unit")
"""Settings of `images` that say how a user's own files are read."""


class Study(Settings):
    """A cross-validated restoration study. Clearfield knows no settings but these."""

    # A file must name its study; what is made in a program may go by the demo's name.
    model_config = ConfigDict(json_schema_extra=_named)

    study: str = Field(
        "hubble", pattern=STUDY_NAME, description="Name of the study; required, since results go to results/<study>."
    )
    seed: int = Field(0, ge=0, description="Everything random follows from this number.")
    threads: int = Field(
        2,
        ge=1,
        description="Cores for training networks and for restoring with them. Results depend on it in the last digits, "
        "so it stands here.",
    )
    images: Images = Field(default_factory=lambda: Images(), description="The images.")
    split: Split = Field(default_factory=lambda: Split(), description="Folds and roles.")
    degrade: Degrade = Field(default_factory=lambda: Degrade(), description="The instrument.")
    pairs: Pairs | None = Field(
        None,
        description="Real pairs in place of images.path and degrade: sharp, blurred, and psf or stamps.",
    )
    methods: Annotated[list[Method], OnceEach] = Field(
        default_factory=lambda: [*USUAL_METHODS],
        min_length=1,
        description="Classical restorers, tuned on the tune role.",
    )
    denoiser: Denoiser = Field(
        default_factory=lambda: Denoiser(), description="What the method plug_and_play is trained on; else not read."
    )
    networks: dict[Annotated[str, Field(pattern=NAME)], NetworkSettings] = Field(
        default_factory=default_networks, description="Networks by a name of your choice."
    )
    train: Training = Field(default_factory=lambda: Training(), description="Training.")
    restore: Restore = Field(default_factory=lambda: Restore(), description="Restoration.")
    evaluate: Evaluate = Field(default_factory=lambda: Evaluate(), description="Judgement.")
    publish: Publish = Field(default_factory=lambda: Publish(), description="Publication.")
    audit: Audit = Field(default_factory=lambda: Audit(), description="Audit of invention.")
    fields: dict[Annotated[str, Field(pattern=GENERATOR_NAME)], GeneratorSettings] | None = Field(
        None,
        min_length=1,
        description="Generators of synthetic fields by a name of your choice, for `snakemake field`; by default one "
        "called sgan. Each has a `generator`, sgan or xdf_gan.",
    )
    field: SyntheticField = Field(
        default_factory=lambda: SyntheticField(), description="The synthetic field that `snakemake field` paints."
    )
    keep: list[Literal["degraded", "restored"]] = Field(
        default_factory=list,
        description="Images that stay on the disk when all that needs them is done: degraded, restored.",
    )

    @model_validator(mode="before")
    @classmethod
    def _pairs_fill_in(cls, values: Any) -> Any:
        return with_pairs(values) if isinstance(values, dict) and values.get("pairs") else values

    @model_validator(mode="before")
    @classmethod
    def _scanners_have_methods(cls, values: Any) -> Any:
        degrade = values.get("degrade") if isinstance(values, dict) else None
        scanned = isinstance(degrade, dict) and (degrade.get("ct") or degrade.get("mri"))
        return values | {"methods": [*METHODS_OF_SCANS]} if scanned and "methods" not in values else values

    @model_validator(mode="after")
    def _parts_agree(self) -> Study:
        if "degraded" not in self.methods:
            raise ValueError("methods: `degraded` is missing; it is what every other method is compared with")
        if self.denoises and DENOISER in self.networks:
            raise ValueError(
                f"networks.{DENOISER}: is the name of what plug_and_play is trained on; give the network another name"
            )
        self._images_are_read_so()
        if self.degrade.psf.fwhm_final and self.images.psf_fwhm is None:
            raise ValueError("degrade.psf.fwhm_final: needs images.psf_fwhm, the width that the images have already")
        own = parse_width(self.images.psf_fwhm) if self.images.psf_fwhm else None
        for final in map(parse_width, self.degrade.psf.fwhm_final or []):
            if own and final.unit == own.unit and final.value <= own.value:
                raise ValueError(f"degrade.psf.fwhm_final: {final} is not above images.psf_fwhm, which is {own}")
        self._noise_is_there_to_go_by()
        self._photons_can_be_counted()
        self._batches_can_be_shared()
        self._crops_of_fields_can_be_shared()
        self._there_is_what_is_learned_from()
        for method in self.audit.methods or ():
            if method not in self.all_methods:
                raise ValueError(f"audit.methods: {method} is none of the study's, {', '.join(self.all_methods)}")
        self._methods_suit_the_instrument()
        unnamed = self.degrade.model_copy(update={"names": None})
        count, names = len(conditions_of(unnamed)), self.degrade.names
        if names is not None and (len(names) != count or len(set(names)) != count):
            raise ValueError(
                f"degrade.names: {len(names)} names for {count} conditions; one different name each is needed"
            )
        made = [condition.name for condition in self.conditions]
        twice = [name for name in made if made.count(name) > 1]
        if twice:
            raise ValueError(f"degrade: two conditions are called {twice[0]}; name each width and each level once")
        return self

    def _noise_is_there_to_go_by(self) -> None:
        if not self.noise_free_truth:
            return
        instead = "and a survey's truth: noise_free has none; take {}, or images.survey.truth: exposure"
        if self.degrade.noise.ratio:
            raise ValueError(
                f"degrade.noise.ratio: multiplies the noise of the images, {instead.format('sigma, or kind: poisson')}"
            )
        if "asinh" in self.evaluate.spaces:
            raise ValueError(f"evaluate.spaces: asinh is softened by the truth's noise, {instead.format('linear')}")

    def _photons_can_be_counted(self) -> None:
        display = self.images.dataset == "hubble" or self.images.unit == "display"
        if display and self.degrade.noise.kind == "poisson":
            raise ValueError(
                "degrade.noise.kind: poisson counts photons, and images in `display` units, as that of the dataset "
                "hubble, were stretched for the eye; take gaussian, or images in a unit that is linear in the light"
            )

    def _images_are_read_so(self) -> None:
        # Not asked of Images alone: `apply` reads a user's file by those of a study, as far as it has such extensions.
        images = self.images
        if images.dataset == "hubble":
            images.refuse_unread(*_OF_FILES, because="of hubble", instead="set dataset: folder", section="images.")
        if images.dataset == "simulated_survey":
            images.refuse_unread(
                *_OF_FILES, "pixel_scale", because="of a survey", instead="set dataset: folder", section="images."
            )
        for name, whole in (("noise_kind", "noise"), ("mask_bits", "mask")):
            if getattr(images, whole) is None:
                images.refuse_unread(name, because="alone", instead=f"set images.{whole}", section="images.")
        if images.background != "mesh":
            because = f"with background: {images.background}"
            images.refuse_unread("background_box", because=because, instead="set background: mesh", section="images.")

    def _batches_can_be_shared(self) -> None:
        devices = self.train.devices
        for name, network in self.trained.items():
            for stage, batch in network.batches.items():
                if batch % devices:
                    section = name if name == DENOISER else f"networks.{name}"
                    raise ValueError(
                        f"{section}.{stage}: {batch} crops cannot be shared evenly by train.devices, which is "
                        f"{devices}; take a multiple of it"
                    )

    def _crops_of_fields_can_be_shared(self) -> None:
        devices = self.train.devices
        for name, painter in (self.fields or {}).items():
            for width in painter.crops:
                count = painter.crops_of(width)
                if count % (devices * painter.pack):
                    raise ValueError(
                        f"fields.{name}.batch: {count} crops of {width} px cannot be shared evenly by train.devices, "
                        f"which is {devices}, in packs of {painter.pack}; take a larger batch"
                    )

    def _there_is_what_is_learned_from(self) -> None:
        for name, network in self.networks.items():
            if isinstance(network, Unrolled) and self.degrade.scan is None:
                raise ValueError(
                    f"networks.{name}.architecture: unrolled goes by the data of a scan; take nafnet where the "
                    "instrument blurs"
                )
            if network.learns_from == "pairs" and self.pairs is None:
                raise ValueError(f"networks.{name}.learns_from: the study has no pairs; name them, or take simulation")

    def _methods_suit_the_instrument(self) -> None:
        scanned = self.degrade.scan is not None
        suited = METHODS_OF_SCANS if scanned else USUAL_METHODS + SLOWER_METHODS
        for method in self.methods:
            if method not in suited:
                what = "scans" if scanned else "blurs"
                raise ValueError(f"methods: {method} does not restore {what}; {', '.join(suited)} do")
        if not scanned:
            if self.evaluate.lesion:
                raise ValueError(
                    "evaluate.tissue.lesion: lesions are put into slices that are scanned; leave it out where the "
                    "instrument blurs"
                )
            return
        if self.restore.data_consistency:
            raise ValueError("restore.data_consistency: is for blurs; set false where a scanner is the instrument")
        if self.evaluate.shapes:
            raise ValueError("evaluate.shapes: measures sources of light; set false where a scanner is the instrument")
        for name, network in self.networks.items():
            if getattr(getattr(network, "regression", None), "reblur_weight", 0):
                raise ValueError(
                    f"networks.{name}.regression.reblur_weight: crops of a slice cannot be scanned; set 0 where a "
                    "scanner is the instrument"
                )

    def learns_from_pairs(self, network: str) -> bool:
        """Whether a network is trained on real pairs: by default wherever there are any."""
        if self.pairs is None or network not in self.networks:
            return False
        return self.networks[network].learns_from != "simulation"

    @property
    def noise_free_truth(self) -> bool:
        """Whether the truth is a scene that was drawn, without the noise of any exposure."""
        drawn = self.images.dataset == "simulated_survey" and self.images.survey.truth == "noise_free"
        return drawn or self.images.dataset == "head_phantom"

    @property
    def conditions(self) -> list[Condition | ScanCondition]:
        """Every PSF with every noise level, or every scan, in the order of the configuration."""
        return conditions_of(self.degrade)

    @property
    def blurs(self) -> list[Condition]:
        """The conditions that have a PSF."""
        return [condition for condition in self.conditions if isinstance(condition, Condition)]

    def condition(self, name: str) -> Condition | ScanCondition:
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
    def models(self) -> list[str]:
        """What is trained in each fold, by name: ``<network>``, or ``<network>@<condition>`` for specialists."""
        return [model for network in self.networks for model in self.models_of(network)]

    @property
    def denoises(self) -> bool:
        """Whether a method needs a denoiser."""
        return "plug_and_play" in self.methods

    @property
    def trained(self) -> dict[str, Nafnet | Pix2pix | Denoiser]:
        """All that is trained, by name: the networks, and the denoiser where a method needs it."""
        return {**self.networks, **({DENOISER: self.denoiser} if self.denoises else {})}

    @property
    def painters(self) -> dict[str, SganSettings | XdfGanSettings]:
        """The generators of fields, by name: those that are named, or the usual one."""
        return default_fields() if self.fields is None else self.fields

    def models_of(self, network: str) -> list[str]:
        """Names of a network's models: itself, or its specialists in the order of the conditions."""
        if network not in self.networks:
            return [network]
        names = [self.model_for(network, condition.name) for condition in self.conditions]
        return list(dict.fromkeys(names))

    def model_for(self, network: str, condition: str) -> str:
        """Name of the model that restores a condition."""
        return network if self.networks[network].conditions == "grid" else f"{network}@{condition}"

    def seen_by(self, model: str) -> tuple[str, Study]:
        """Network of a model, and the study that it is trained in: for a specialist, one of its condition alone.

        Raises
        ------
        ConfigError
            If there is none of that name.
        """
        network, _, name = model.partition("@")
        if network not in self.trained:
            raise ConfigError(f"no network is called {network!r}; the study has {', '.join(self.trained) or 'none'}")
        if model not in self.models_of(network):
            raise ConfigError(f"no model is called {model!r}; the study has {', '.join(self.models_of(network))}")
        if not name:
            return network, self
        cell, names = self.condition(name), self.degrade.names and [name]
        degrade = self.degrade.model_copy(update={**cell.in_degrade, "names": names})
        return network, self.model_copy(update={"degrade": degrade})

    @property
    def network_methods(self) -> list[str]:
        """Restorers that training makes: ``<network>_<output>``."""
        return [f"{name}_{output}" for name, network in self.networks.items() for output in network.outputs]

    @property
    def audited_methods(self) -> list[str]:
        """The restorers that are audited."""
        return self.all_methods if self.audit.methods is None else self.audit.methods

    @property
    def interval_methods(self) -> list[str]:
        """The restorers whose images get intervals: none where nothing is set aside to calibrate them."""
        asked = self.networks if self.split.calibrate else {}
        return [f"{name}_{output}" for name in asked for output in self.networks[name].with_intervals]

    @property
    def interval_networks(self) -> list[str]:
        """The networks whose images get intervals."""
        return [name for name, network in self.networks.items() if self.split.calibrate and network.with_intervals]

    @property
    def all_methods(self) -> list[str]:
        """Every restorer, classical ones first."""
        return [*self.methods, *self.network_methods]

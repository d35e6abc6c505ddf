"""A study, whole: its sections, and what must hold between them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from pipeline.config.agreement import AGREEMENTS
from pipeline.config.audit import Audit
from pipeline.config.degrade import Degrade
from pipeline.config.denoiser import DENOISER, Denoiser
from pipeline.config.evaluate import Evaluate
from pipeline.config.field import SyntheticField
from pipeline.config.fields import GeneratorSettings, SganSettings, XdfGanSettings, default_fields
from pipeline.config.grid import Condition, ScanCondition, conditions_of
from pipeline.config.images import Images
from pipeline.config.methods import METHODS_OF_SCANS, USUAL_METHODS, Method
from pipeline.config.names import GENERATOR_NAME, NAME, STUDY_NAME
from pipeline.config.networks import NetworkSettings, default_networks
from pipeline.config.networks.nafnet import Nafnet
from pipeline.config.networks.pix2pix import Pix2pix
from pipeline.config.pairs import Pairs, with_pairs
from pipeline.config.publish import Publish
from pipeline.config.restore import Restore
from pipeline.config.settings import ConfigError, OnceEach, Settings
from pipeline.config.split import Split
from pipeline.config.train import Training
from pipeline.config.translate import HISTOGRAM_MATCHING, CycleGan, Translate, TranslatingPix2pix


def _named(schema: dict[str, Any]) -> None:
    schema["required"] = ["study"]
    del schema["properties"]["study"]["default"]


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
    translate: Translate | None = Field(
        None,
        description="Translation into another domain, for `snakemake translation`; none by default. `into` is needed.",
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
        for agree in AGREEMENTS:
            agree(self)
        return self

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

    @property
    def translators(self) -> dict[str, CycleGan | TranslatingPix2pix]:
        """The networks that translate, by name."""
        return {} if self.translate is None else self.translate.networks

    @property
    def translation_methods(self) -> list[str]:
        """All that translate, the classical one first."""
        return [HISTOGRAM_MATCHING, *self.translators] if self.translate else []

    def of_domain(self, domain: str) -> Study:
        """The same study of the images of the other domain, ``into``, or of the ``truth``.

        Raises
        ------
        ConfigError
            If it has none.
        """
        images = getattr(self.translate, domain, None) if domain in ("into", "truth") else None
        if images is None:
            raise ConfigError(f"translate.{domain}: missing; the study {self.study} has no such images")
        return self.model_copy(update={"images": images})

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

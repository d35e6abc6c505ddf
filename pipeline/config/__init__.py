"""The study, typed: every setting with its meaning, unit and bounds. Nothing else reads a configuration file."""

from pipeline.config.audit import Audit
from pipeline.config.augment import Augment
from pipeline.config.ct import Ct
from pipeline.config.defects import Defects
from pipeline.config.degrade import Degrade, Noise, Psf
from pipeline.config.denoiser import DENOISED, DENOISER, Denoiser
from pipeline.config.evaluate import Evaluate
from pipeline.config.field import SyntheticField
from pipeline.config.fields import SganSettings, XdfGanSettings
from pipeline.config.grid import Condition, ScanCondition
from pipeline.config.images import Images
from pipeline.config.load import load_study, named_study_from, study_from
from pipeline.config.methods import CLASSICAL_METHODS, USUAL_METHODS, Method
from pipeline.config.mri import Mri
from pipeline.config.networks import NetworkSettings
from pipeline.config.networks.nafnet import Nafnet
from pipeline.config.networks.pix2pix import Pix2pix
from pipeline.config.networks.stages import Adversarial, Game, Posterior, Regression, Spread
from pipeline.config.networks.unrolled import Unrolled
from pipeline.config.pairs import Pairs
from pipeline.config.plain_values import plain_values
from pipeline.config.publish import Publish
from pipeline.config.restore import Restore
from pipeline.config.scan import Scan
from pipeline.config.settings import ConfigError, Settings, settings_hash
from pipeline.config.split import Split
from pipeline.config.study import Study
from pipeline.config.tissue import Lesion, Tissue
from pipeline.config.train import Training
from pipeline.config.translate import HISTOGRAM_MATCHING, CycleGan, Translate, TranslatingPix2pix
from pipeline.config.width import Width, parse_width, plain_number

__all__ = [
    "CLASSICAL_METHODS",
    "DENOISED",
    "DENOISER",
    "HISTOGRAM_MATCHING",
    "USUAL_METHODS",
    "Adversarial",
    "Audit",
    "Augment",
    "Condition",
    "ConfigError",
    "Ct",
    "CycleGan",
    "Defects",
    "Degrade",
    "Denoiser",
    "Evaluate",
    "Game",
    "Images",
    "Lesion",
    "Method",
    "Mri",
    "Nafnet",
    "NetworkSettings",
    "Noise",
    "Pairs",
    "Pix2pix",
    "Posterior",
    "Psf",
    "Publish",
    "Regression",
    "Restore",
    "Scan",
    "ScanCondition",
    "Settings",
    "SganSettings",
    "Split",
    "Spread",
    "Study",
    "SyntheticField",
    "Tissue",
    "Training",
    "Translate",
    "TranslatingPix2pix",
    "Unrolled",
    "Width",
    "XdfGanSettings",
    "load_study",
    "named_study_from",
    "parse_width",
    "plain_number",
    "plain_values",
    "settings_hash",
    "study_from",
]

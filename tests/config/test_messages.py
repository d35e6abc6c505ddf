import pytest

from pipeline.config import ConfigError, study_from


def refused(values):
    with pytest.raises(ConfigError) as caught:
        study_from(values, "mine.yaml")
    message = str(caught.value)
    assert message.startswith("mine.yaml: ")
    assert "\n" not in message
    return message.removeprefix("mine.yaml: ")


def degrade(**changes):
    return {"degrade": changes}


PSF = {"fwhm": ["3px"]}
NAFNET = {"architecture": "nafnet"}
PHANTOM = {"dataset": "head_phantom", "phantom": {"modality": "t1"}}
FOLDER = {"dataset": "folder", "path": "{id}.fits"}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"sead": 1}, "sead is not a setting; did you mean seed?"),
        ({"images": {"dataset": "folder", "path": "~nobody_at_all/{id}.fits"}}, "there is no such home folder; write"),
        ({"images": {"dataste": "hubble"}}, "images.dataste is not a setting; did you mean dataset?"),
        ({"split": {"xyz": 1}}, "split.xyz is not a setting; known here: folds, tune, calibrate, block"),
        (
            {"networks": {"n": {**NAFNET, "regression": {"step": 3}}}},
            "networks.n.regression.step",
        ),
        ({"networks": {"n": {**NAFNET, "widht": 3}}}, "networks.n.widht is not a setting; did you mean width?"),
        ({"fields": {"f": {"generator": "sgan", "widht": 3}}}, "fields.f.widht is not a setting; did you mean width?"),
        ({"fields": {"f": {"width": 3}}}, "fields.f.generator is missing; sgan or xdf_gan is needed"),
        ({"fields": {"f": {"generator": "dcgan"}}}, "fields.f.generator is dcgan; sgan or xdf_gan is needed"),
        (
            {"fields": {"f": {"generator": "sgan", "crops": [40]}}},
            "fields.f.crops is 40; it should be a multiple of 16",
        ),
        (
            {"fields": {"f": {"generator": "sgan", "batch": 3, "pack": 2}}},
            "fields.f.batch: 3 crops cannot be judged 2 at a time; take a multiple of it",
        ),
        (
            {"fields": {"f": {"generator": "xdf_gan"}}, "train": {"devices": 2}},
            "fields.f.batch: 2 crops of 256 px cannot be shared evenly by train.devices, which is 2, in packs of 2",
        ),
        ({"fields": {"a-b": {"generator": "sgan"}}}, "fields.a-b is a-b; letters, digits and _ are allowed"),
        (
            {"translate": {"into": PHANTOM, "networks": {"c": {"architecture": "cyclegan", "noize": 1}}}},
            "translate.networks.c.noize is not a setting; did you mean noise?",
        ),
        (
            {"translate": {"into": PHANTOM, "networks": {"c": {"architecture": "unit"}}}},
            "translate.networks.c.architecture is unit; cyclegan or pix2pix is needed",
        ),
        (
            {"translate": {"into": PHANTOM, "networks": {"p": {"architecture": "pix2pix"}}}},
            "translate.networks.p.architecture: pix2pix learns from pairs; name their other half in truth, or take",
        ),
        ({"translate": {"intoo": PHANTOM}}, "translate.into is missing; a value is required"),
        ({"translate": {"into": PHANTOM, "truht": PHANTOM}}, "translate.truht is not a setting; did you mean truth?"),
        (
            {"translate": {"into": PHANTOM}, "train": {"devices": 2}},
            "train.devices: 2 cannot share the training of a translator; take 1",
        ),
        ({"field": {"jobs": 30}}, "field.jobs: 30, and the field has 8 rows of tiles; take at most as many"),
        ({"seed": -1}, "seed is -1; it should be greater than or equal to 0"),
        ({"seed": 1.5}, "seed is 1.5; it should be a valid integer"),
        ({"seed": True}, "seed: true and false stand for no number and no name"),
        ({"evaluate": {"apertures": [3, True]}}, "evaluate.apertures: true and false stand for no number"),
        ({"networks": {"n": {**NAFNET, "width": True}}}, "networks.n.width: true and false stand for no number"),
        ({"seed": None}, "seed is null; it should be a valid integer"),
        ({"study": "a/b"}, "study is a/b; letters, digits, _ and - are allowed"),
        ({"study": "../x"}, "study is ../x; letters, digits, _ and - are allowed"),
        ({"images": 3}, "images is 3; a section with settings of its own is needed"),
        (
            {"images": {"dataset": "hubbel"}},
            "images.dataset is hubbel; it should be 'hubble', 'folder', 'simulated_survey', "
            "'head_phantom', 'mni152' or 'volumes'",
        ),
        ({"images": {"science": [1]}}, "images.science is [1]; a name or a number is needed"),
        ({"images": {"noise": "WHT"}}, "images.noise_kind: missing; sigma, variance or weight is needed where"),
        ({"images": {"noise": 2}}, "images.noise_kind: missing; sigma, variance or weight is needed where"),
        (
            {"images": {"noise": "ERR"}},
            "images.noise: is not read of hubble; set dataset: folder, or leave",
        ),
        ({"images": {"groups": "a.csv"}}, "images.groups: is not read of hubble"),
        ({"images": {"science": 1}}, "images.science: is not read of hubble"),
        (
            {"images": {**FOLDER, "mask_bits": 4}},
            "images.mask_bits: is not read alone; set images.mask, or leave mask_bits out",
        ),
        (
            {"images": {**FOLDER, "noise_kind": "sigma"}},
            "images.noise_kind: is not read alone; set images.noise, or leave",
        ),
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
        (
            degrade(psf={**PSF, "file": "a.fits"}),
            "degrade.psf.file: is not read with profile: gaussian; set profile: file",
        ),
        (degrade(psf={**PSF, "beta": 4}), "degrade.psf.beta: is not read with profile: gaussian; set profile: moffat"),
        (degrade(psf={"fwhm": ["3px", "40px"]}), "degrade.psf.fwhm: 40px is too wide; 32px are allowed at most"),
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
        (
            degrade(noise={"sigma": [1], "read_noise": 3}),
            "degrade.noise.read_noise: is not read with kind: gaussian; set",
        ),
        (
            degrade(noise={"ratio": [1], "sky": 3}),
            "degrade.noise.sky: is not read with kind: gaussian; set kind: poisson",
        ),
        (degrade(noise={"kind": "poisson", "sigma": [1]}), "degrade.noise.gain: `poisson` needs a list of gains"),
        (
            degrade(defects={"cosmic_ray_length": 5}),
            "degrade.defects.cosmic_ray_length: is not read without cosmic rays; set cosmic_rays, or leave",
        ),
        (degrade(defects={"bleeding": True}), "degrade.defects.bleeding: is not read without saturation; set"),
        (
            {"images": {**FOLDER, "background": "constant", "background_box": 32}},
            "images.background_box: is not read with background: constant; set background: mesh, or leave",
        ),
        (
            {"images": {"dataset": "folder", "path": "{name}/{id}.fits"}},
            "images.path: {name} in '{name}/{id}.fits' stands for nothing; {id} and {band} do",
        ),
        (degrade(noise={"kind": "poisson", "gain": [0]}), "degrade.noise.gain is 0; it should be greater than 0"),
        (
            degrade(protocol="galaxygan", noise={"kind": "poisson", "gain": [1]}),
            "degrade.noise.kind: the protocol galaxygan adds gaussian noise",
        ),
        (
            degrade(psf=PSF, noise={"kind": "poisson", "gain": [1]}),
            "degrade.noise.kind: poisson counts photons, and images in `display` units, as that of the dataset hubble",
        ),
        (
            {
                "images": {"dataset": "folder", "path": "{id}.png", "unit": "display"},
                **degrade(psf=PSF, noise={"kind": "poisson", "gain": [1]}),
            },
            "degrade.noise.kind: poisson counts photons",
        ),
        (degrade(names=["a"]), "degrade.names: 1 names for 2 conditions; one different name each is needed"),
        (degrade(names=["a", "a"]), "degrade.names: 2 names for 2 conditions; one different name each is needed"),
        (degrade(names=["a", "b/c"]), "degrade.names is b/c; letters, digits, _ and . are allowed"),
        (degrade(psf={"fwhm": ["3px", "3.0px"]}), "degrade: two conditions are called fwhm3px_sigma0.05"),
        ({"methods": ["wiener"]}, "methods: `degraded` is missing"),
        ({"methods": ["degraded", "degraded"]}, "degraded stands there twice"),
        ({"methods": ["degraded", "lucy"]}, "methods is lucy; it should be 'degraded', 'wiener'"),
        ({"networks": {"my net": NAFNET}}, "networks.my net is my net; letters and digits are allowed, a letter first"),
        ({"networks": {"n": {}}}, "networks.n.architecture is missing; nafnet, pix2pix or unrolled is needed"),
        (
            {"networks": {"n": {"architecture": "unet"}}},
            "networks.n.architecture is unet; nafnet, pix2pix or unrolled is needed",
        ),
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

# One rule for each network, since networks differ in their outputs.
for NETWORK, NETWORK_SETTINGS in STUDY.trained.items():

    rule:
        """A network or a specialist of it, trained on one fold's train role; what was killed goes on where it was."""
        name:
            f"train_{NETWORK}"
        input:
            psf=PSF_FILE,
            images="results/{study}/images.h5",
            splits="results/{study}/splits.csv",
            paired=PAIRED,
        output:
            expand(
                "results/{{study}}/models/{{network}}/{{fold}}/{output}.safetensors",
                output=NETWORK_SETTINGS.files,
            ),
            history="results/{study}/models/{network}/{fold}/history.csv",
        log:
            "logs/{study}/train/{network}/{fold}.log",
        wildcard_constraints:
            network="|".join(map(re.escape, STUDY.models_of(NETWORK))),
        conda:
            "../environment.yml"
        threads: STUDY.threads * STUDY.train.devices
        resources:
            mem_mb=growing(4000 * STUDY.train.devices),
            runtime=growing(1440),
        params:
            code=code_hash("train"),
            settings=needs("train"),
            config=CONFIG,
            paired=f"--paired {PAIRED[0]}" if PAIRED else "",
        shell:
            "python -m pipeline train {input.images} {input.splits} --network {wildcards.network} --fold {wildcards.fold} --config {params.config} {params.paired} -o $(dirname {output.history}) --log {log}"

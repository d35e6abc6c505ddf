# One rule for each network, since networks differ in their outputs.
for NETWORK, NETWORK_SETTINGS in STUDY.networks.items():

    rule:
        """A network, trained on one fold's train role; what was killed goes on where it was."""
        name:
            f"train_{NETWORK}"
        input:
            psf=PSF_FILE,
            images="results/{study}/images.h5",
            splits="results/{study}/splits.csv",
        output:
            expand(
                "results/{{study}}/models/{network}/{{fold}}/{output}.safetensors",
                network=NETWORK,
                output=NETWORK_SETTINGS.outputs,
            ),
            history=f"results/{{study}}/models/{NETWORK}/{{fold}}/history.csv",
        log:
            f"logs/{{study}}/train/{NETWORK}/{{fold}}.log",
        conda:
            "../environment.yml"
        threads: STUDY.threads * STUDY.train.devices
        resources:
            mem_mb=growing(4000 * STUDY.train.devices),
            runtime=growing(1440),
        params:
            code=code_hash("train"),
            settings=needs("train", network=NETWORK),
            config=CONFIG,
            network=NETWORK,
        shell:
            "python -m pipeline train {input.images} {input.splits} --network {params.network} --fold {wildcards.fold} --config {params.config} -o $(dirname {output.history}) --log {log}"

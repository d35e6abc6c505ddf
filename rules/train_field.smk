rule train_field:
    """A generator of synthetic fields, on the training role of the first fold; what was killed goes on where it was."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
    output:
        model="results/{study}/field/{generator}/generator.safetensors",
        history="results/{study}/field/{generator}/history.csv",
    log:
        "logs/{study}/train_field/{generator}.log",
    conda:
        "../environment.yml"
    threads: STUDY.threads * STUDY.train.devices
    resources:
        mem_mb=growing(4000 * STUDY.train.devices),
        runtime=growing(1440),
    params:
        code=code_hash("train_field"),
        settings=needs("train_field"),
        config=CONFIG,
    shell:
        "python -m pipeline train-field {input.images} {input.splits} --generator {wildcards.generator} --config {params.config} -o $(dirname {output.model}) --log {log}"

rule train_translation:
    """A translator, on the training role of the first fold; what was killed goes on where it was."""
    input:
        domains_of_translation,
    output:
        model="results/{study}/translation/{translator}/translator.safetensors",
        history="results/{study}/translation/{translator}/history.csv",
    log:
        "logs/{study}/train_translation/{translator}.log",
    conda:
        "../environment.yml"
    threads: STUDY.threads
    resources:
        mem_mb=growing(3000),
        runtime=growing(1440),
    params:
        code=code_hash("train_translation"),
        settings=needs("train_translation"),
        config=CONFIG,
    shell:
        "python -m pipeline train-translation {input} --network {wildcards.translator} --config {params.config} -o $(dirname {output.model}) --log {log}"

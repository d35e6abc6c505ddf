rule tally:
    """What the measured sources say of every method, by the signal-to-noise of the observation."""
    input:
        expand(
            "results/{{study}}/sources/{condition}/{method}.parquet",
            condition=CONDITIONS,
            method=[*METHODS, "truth"],
        ),
    output:
        "results/{study}/sources.csv",
    log:
        "logs/{study}/tally.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code_hash("tally"),
        settings=needs("tally"),
        config=CONFIG,
    shell:
        "python -m pipeline tally {input} --config {params.config} -o {output} --log {log}"

rule collect:
    """What the intervals of all networks are worth, by the signal-to-noise of the observation."""
    input:
        expand("results/{{study}}/intervals/{condition}.parquet", condition=CONDITIONS),
    output:
        "results/{study}/intervals.csv",
    log:
        "logs/{study}/collect.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code_hash("collect"),
        settings=needs("collect"),
        config=CONFIG,
    shell:
        "python -m pipeline collect {input} --config {params.config} -o {output} --log {log}"

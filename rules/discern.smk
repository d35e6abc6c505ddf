rule discern:
    """Whether classifiers can tell what was restored under one condition from real images."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        restored=expand("results/{{study}}/restored/{{condition}}/{method}.h5", method=METHODS),
        tuned=expand("results/{{study}}/tuned/{{condition}}/{method}.json", method=CLASSICAL),
    output:
        "results/{study}/discerned/{condition}.parquet",
    log:
        "logs/{study}/discern/{condition}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=code_hash("discern"),
        settings=needs("discern"),
        config=CONFIG,
    shell:
        "python -m pipeline discern {input} --condition {wildcards.condition} --config {params.config} -o {output} --log {log}"

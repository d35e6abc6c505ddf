rule gallery:
    """A few restored items of one condition, for the report to show when the rest has been deleted."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        restored=expand("results/{{study}}/restored/{{condition}}/{method}.h5", method=METHODS),
        metrics=expand("results/{{study}}/metrics/{{condition}}/{method}.parquet", method=METHODS),
    output:
        expand("results/{{study}}/gallery/{{condition}}/{method}.h5", method=METHODS),
    log:
        "logs/{study}/gallery/{condition}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=code_hash("gallery"),
    shell:
        "python -m pipeline gallery {input} -o results/{wildcards.study}/gallery/{wildcards.condition} --log {log}"

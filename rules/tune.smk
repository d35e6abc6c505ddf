rule tune:
    """The settings of a classical restorer that are best on the tune role of each fold."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        degraded="results/{study}/degraded/{condition}.h5",
        denoisers=denoisers_for,
    output:
        "results/{study}/tuned/{condition}/{method}.json",
    log:
        "logs/{study}/tune/{condition}/{method}.log",
    wildcard_constraints:
        method="|".join(CLASSICAL),
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        code=code_hash("tune"),
        settings=needs("tune"),
        config=CONFIG,
    shell:
        "python -m pipeline tune {input.images} {input.splits} {input.degraded} {input.denoisers} --method {wildcards.method} --config {params.config} -o {output} --log {log}"

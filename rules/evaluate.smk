rule evaluate:
    """What one method made of one condition, scored against the truth."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        degraded="results/{study}/degraded/{condition}.h5",
        restored="results/{study}/restored/{condition}/{method}.h5",
    output:
        "results/{study}/metrics/{condition}/{method}.parquet",
    log:
        "logs/{study}/evaluate/{condition}/{method}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code_hash("evaluate"),
        settings=needs("evaluate"),
        config=CONFIG,
    shell:
        "python -m pipeline evaluate {input.images} {input.splits} {input.degraded} {input.restored} --condition {wildcards.condition} --method {wildcards.method} --config {params.config} -o {output} --log {log}"

rule measure:
    """Light, colour, place, size and shape of every source in what one method made of one condition."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        degraded="results/{study}/degraded/{condition}.h5",
        restored="results/{study}/restored/{condition}/{method}.h5",
    output:
        "results/{study}/sources/{condition}/{method}.parquet",
    log:
        "logs/{study}/measure/{condition}/{method}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code_hash("measure"),
        settings=needs("measure"),
        config=CONFIG,
    shell:
        "python -m pipeline measure {input.images} {input.splits} {input.degraded} {input.restored} --condition {wildcards.condition} --method {wildcards.method} --config {params.config} -o {output} --log {log}"


rule measure_truth:
    """The same of the truth: what every method is compared with."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        degraded="results/{study}/degraded/{condition}.h5",
    output:
        "results/{study}/sources/{condition}/truth.parquet",
    log:
        "logs/{study}/measure/{condition}/truth.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code_hash("measure"),
        settings=needs("measure"),
        config=CONFIG,
    shell:
        "python -m pipeline measure {input.images} {input.splits} {input.degraded} --condition {wildcards.condition} --config {params.config} -o {output} --log {log}"

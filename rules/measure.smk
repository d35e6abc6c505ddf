rule measure:
    """Light, colour, place, size and shape of every source, in the truth and in what each method made of one condition."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        degraded="results/{study}/degraded/{condition}.h5",
        restored=expand("results/{{study}}/restored/{{condition}}/{method}.h5", method=METHODS),
    output:
        expand("results/{{study}}/sources/{{condition}}/{method}.parquet", method=[*METHODS, "truth"]),
    log:
        "logs/{study}/measure/{condition}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        code=code_hash("measure"),
        settings=needs("measure"),
        config=CONFIG,
    shell:
        "python -m pipeline measure {input} --condition {wildcards.condition} --config {params.config} -o results/{wildcards.study}/sources/{wildcards.condition} --log {log}"

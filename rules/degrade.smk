rule degrade:
    """What the instrument would have seen, under one condition."""
    input:
        psf=PSF_FILE,
        images="results/{study}/images.h5",
    output:
        kept("degraded", "results/{study}/degraded/{condition}.h5"),
    log:
        "logs/{study}/degrade/{condition}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code_hash("degrade"),
        settings=needs("degrade"),
        config=CONFIG,
    shell:
        "python -m pipeline degrade {input.images} --condition {wildcards.condition} --config {params.config} -o {output} --log {log}"

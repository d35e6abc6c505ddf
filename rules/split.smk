rule split:
    """Who judges whom: the role of every item in every fold."""
    input:
        psf=PSF_FILE,
        images="results/{study}/images.h5",
    output:
        "results/{study}/splits.csv",
    log:
        "logs/{study}/split.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        code=code_hash("split"),
        settings=needs("split"),
        config=CONFIG,
    shell:
        "python -m pipeline split {input.images} --config {params.config} -o {output} --log {log}"

rule pair:
    """What another instrument saw, on the pixels of the sharp images: real data in place of degraded ones."""
    input:
        psf=PSF_FILE,
        blurred=files_of_pairs(STUDY),
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
    output:
        kept("degraded", "results/{study}/degraded/{condition}.h5"),
    log:
        "logs/{study}/pair/{condition}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        code=code_hash("pair"),
        settings=needs("pair"),
        config=CONFIG,
    shell:
        "python -m pipeline pair {input.images} {input.splits} --config {params.config} -o {output} --log {log}"

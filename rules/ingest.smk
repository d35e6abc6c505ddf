rule ingest:
    """The study's images in one file, in physical units."""
    input:
        user_images,
    output:
        "results/{study}/images.h5",
    log:
        "logs/{study}/ingest.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code_hash("ingest"),
        settings=needs("ingest"),
        config=CONFIG,
        survey=f"--survey {SURVEY}" if MADE else "",
    shell:
        "python -m pipeline ingest --config {params.config} {params.survey} -o {output} --log {log}"

rule simulate:
    """The simulated survey: a FITS file for each image, and a table of all that is in them."""
    output:
        # Written last. The images are not named here, so that those of a run that was killed stay and are not drawn again.
        f"{SURVEY}/catalogue.csv",
    log:
        "logs/{study}/simulate.log",
    conda:
        "../environment.yml"
    threads: STUDY.threads
    resources:
        mem_mb=growing(1000 * (STUDY.threads + 1)),
        runtime=growing(240),
    params:
        code=code_hash("simulate"),
        settings=needs("simulate"),
        config=CONFIG,
        folder=SURVEY,
    shell:
        "python -m pipeline simulate --config {params.config} -o {params.folder} --log {log}"

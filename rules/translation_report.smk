rule translation_report:
    """The page on which translated slices stand beside the truth."""
    input:
        domains=domains_of_translation,
        translated=expand(f"{TRANSLATION}/{{translating}}/translated.h5", translating=TRANSLATING, allow_missing=True),
        scores=f"{TRANSLATION}/scores.csv",
    output:
        f"{TRANSLATION}/report.html",
    log:
        "logs/{study}/translation_report.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=code_hash("translation_report"),
        settings=needs("translation_report"),
        config=CONFIG,
    shell:
        "python -m pipeline translation-report {input} --config {params.config} -o {output} --log {log}"

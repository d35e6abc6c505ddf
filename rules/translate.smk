rule translate:
    """The first fold's test role in the other domain, by one method."""
    input:
        domains=domains_of_translation,
        model=model_of_translator,
    output:
        "results/{study}/translation/{translating}/translated.h5",
    log:
        "logs/{study}/translate/{translating}.log",
    conda:
        "../environment.yml"
    threads: STUDY.threads
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code_hash("translate"),
        settings=needs("translate"),
        config=CONFIG,
    shell:
        "python -m pipeline translate {input} --method {wildcards.translating} --config {params.config} -o {output} --log {log}"

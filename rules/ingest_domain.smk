rule ingest_domain:
    """Images of the other domain of a translation, or the truth, in one file; and who of them may be learned from."""
    input:
        images_of_domain,
    output:
        images="results/{study}/translation/{domain}.h5",
        splits="results/{study}/translation/{domain}.csv",
    log:
        "logs/{study}/ingest_domain/{domain}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code_hash("ingest_domain"),
        settings=needs("ingest_domain"),
        config=CONFIG,
    shell:
        "python -m pipeline ingest-domain {wildcards.domain} --config {params.config} -o {output.images} --splits {output.splits} --log {log}"

rule summarise:
    """All scores, and what may be concluded from them."""
    input:
        expand(
            "results/{{study}}/metrics/{condition}/{method}.parquet",
            condition=CONDITIONS,
            method=METHODS,
        ),
        expand(
            "results/{{study}}/tuned/{condition}/{method}.json",
            condition=CONDITIONS,
            method=CLASSICAL,
        ),
    output:
        metrics="results/{study}/metrics.csv",
        summary="results/{study}/summary.csv",
    log:
        "logs/{study}/summarise.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code_hash("summarise"),
        settings=needs("summarise"),
        config=CONFIG,
    shell:
        "python -m pipeline summarise {input} --metrics {output.metrics} --summary {output.summary} --config {params.config} --log {log}"

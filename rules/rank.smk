rule rank:
    """Which differences between methods stand, how large they are, and who ranks above whom."""
    input:
        "results/{study}/summary.csv",
        expand(
            "results/{{study}}/metrics/{condition}/{method}.parquet",
            condition=CONDITIONS,
            method=METHODS,
        ),
    output:
        comparisons="results/{study}/comparisons.csv",
        ranking="results/{study}/ranking.csv",
    log:
        "logs/{study}/rank.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code_hash("rank"),
        settings=needs("rank"),
        config=CONFIG,
    shell:
        "python -m pipeline rank {input} --comparisons {output.comparisons} --ranking {output.ranking} --config {params.config} --log {log}"

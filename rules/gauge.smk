rule gauge:
    """Whether intervals hold the truth of one condition as often as they say."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        degraded="results/{study}/degraded/{condition}.h5",
        restored=expand("results/{{study}}/restored/{{condition}}/{method}.h5", method=STUDY.interval_methods),
        models=lambda wildcards: [
            path for model in models_with_intervals(wildcards.condition) for path in intervals_of(model)
        ],
        calibration=lambda wildcards: expand(
            "results/{study}/calibration/{network}.json",
            study=wildcards.study,
            network=models_with_intervals(wildcards.condition),
        ),
    output:
        "results/{study}/intervals/{condition}.parquet",
    log:
        "logs/{study}/gauge/{condition}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        code=code_hash("gauge"),
        settings=needs("gauge"),
        config=CONFIG,
    shell:
        "python -m pipeline gauge {input} --condition {wildcards.condition} --config {params.config} -o {output} --log {log}"

rule calibrate:
    """How far a network's images are off on items that neither training nor tuning saw."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        degraded=lambda wildcards: expand(
            "results/{study}/degraded/{condition}.h5",
            study=wildcards.study,
            condition=[condition.name for condition in STUDY.seen_by(wildcards.network)[1].conditions],
        ),
        models=lambda wildcards: intervals_of(wildcards.network),
    output:
        "results/{study}/calibration/{network}.json",
    log:
        "logs/{study}/calibrate/{network}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        code=code_hash("calibrate"),
        settings=needs("calibrate"),
        config=CONFIG,
    shell:
        "python -m pipeline calibrate {input} --network {wildcards.network} --config {params.config} -o {output} --log {log}"

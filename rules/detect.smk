rule detect:
    """How well a reader sees lesions in what each method makes of the scans."""
    input:
        expand(
            "results/{{study}}/lesions/{condition}/{method}.parquet",
            condition=CONDITIONS,
            method=METHODS,
        ),
    output:
        "results/{study}/lesions.csv",
    log:
        "logs/{study}/detect.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code_hash("detect"),
        settings=needs("detect"),
        config=CONFIG,
    shell:
        "python -m pipeline detect {input} --config {params.config} -o {output} --log {log}"

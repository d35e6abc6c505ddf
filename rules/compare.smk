rule compare:
    """How far synthetic fields are from sky that no generator saw, and where a perfect one would be."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        sky=f"{FIELD}/sky.parquet",
        fields=expand(
            f"{FIELD}/{{generator}}/{{file}}",
            generator=GENERATORS,
            file=["field.h5", "catalogue.parquet"],
            allow_missing=True,
        ),
    output:
        findings=f"{FIELD}/compare.csv",
        curves=f"{FIELD}/curves.csv",
        nearest=f"{FIELD}/nearest.csv",
    log:
        "logs/{study}/compare.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(120),
    params:
        code=code_hash("compare"),
        settings=needs("compare"),
        config=CONFIG,
    shell:
        "python -m pipeline compare {input} --config {params.config} -o {output.findings} --curves {output.curves} --nearest {output.nearest} --log {log}"

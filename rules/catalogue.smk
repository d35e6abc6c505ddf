FIELD = "results/{study}/field"


rule catalogue_real_sky:
    """Every source of the sky that fields are compared with, and of that which generators learned from."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
    output:
        f"{FIELD}/sky.parquet",
    log:
        "logs/{study}/catalogue/sky.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code_hash("catalogue"),
        settings=needs("catalogue"),
        config=CONFIG,
    shell:
        "python -m pipeline catalogue {input} --config {params.config} -o {output} --log {log}"


rule catalogue:
    """Every source of a synthetic field, by the same settings."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        field=f"{FIELD}/{{generator}}/field.h5",
    output:
        f"{FIELD}/{{generator}}/catalogue.parquet",
    log:
        "logs/{study}/catalogue/{generator}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        code=code_hash("catalogue"),
        settings=needs("catalogue"),
        config=CONFIG,
    shell:
        "python -m pipeline catalogue {input} --config {params.config} -o {output} --log {log}"

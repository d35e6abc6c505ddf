rule field_report:
    """The page on which synthetic fields stand beside the real sky."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        sky=f"{FIELD}/sky.parquet",
        findings=f"{FIELD}/compare.csv",
        curves=f"{FIELD}/curves.csv",
        nearest=f"{FIELD}/nearest.csv",
        traces=f"{FIELD}/traces.csv",
        fields=expand(
            f"{FIELD}/{{generator}}/{{file}}",
            generator=GENERATORS,
            file=["field.h5", "catalogue.parquet"],
            allow_missing=True,
        ),
        pages=expand(f"{FIELD}/{{generator}}/field.html", generator=GENERATORS, allow_missing=True),
    output:
        page=f"{FIELD}/report.html",
        figures=directory(f"{FIELD}/figures"),
    log:
        "logs/{study}/field_report.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=code_hash("field_report"),
        settings=needs("field_report"),
        config=CONFIG,
    shell:
        "python -m pipeline field-report {input} --config {params.config} -o {output.page} --figures {output.figures} --log {log}"

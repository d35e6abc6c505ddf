rule traces:
    """Whether local correlations give synthetic sky away; the labelled patches are kept as a small benchmark."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        fields=expand(f"{FIELD}/{{generator}}/field.h5", generator=GENERATORS, allow_missing=True),
    output:
        findings=f"{FIELD}/traces.csv",
        patches=f"{FIELD}/benchmark.h5",
        labels=f"{FIELD}/benchmark.csv",
    log:
        "logs/{study}/traces.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code_hash("traces"),
        settings=needs("traces"),
        config=CONFIG,
    shell:
        "python -m pipeline traces {input} --config {params.config} -o {output.findings} --benchmark {output.patches} --log {log}"

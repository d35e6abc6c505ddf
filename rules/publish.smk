rule publish:
    """The model file that a user applies, with its scores on images that it never saw, and its card."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        metrics="results/{study}/metrics.csv",
        summary="results/{study}/summary.csv",
        model=expand(
            "results/{{study}}/models/{{network}}/{fold}/{{output}}.safetensors",
            fold=FINAL,
        ),
        intervals=for_publication,
        evidence=[*SOURCES, *INTERVALS],
    output:
        model="results/{study}/published/{network}_{output}.safetensors",
        card="results/{study}/published/{network}_{output}.MODEL_CARD.md",
    log:
        "logs/{study}/publish/{network}_{output}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        code=code_hash("publish"),
        settings=needs("publish"),
        config=CONFIG,
    shell:
        "python -m pipeline publish {input} --network {wildcards.network} --output {wildcards.output} --config {params.config} -o {output.model} --log {log}"

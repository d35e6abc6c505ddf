rule implant:
    """Lesions in held-out slices, and what a reader sees of them in what a classical method makes of their scans."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        tuned="results/{study}/tuned/{condition}/{method}.json",
    output:
        "results/{study}/lesions/{condition}/{method}.parquet",
    log:
        "logs/{study}/implant/{condition}/{method}.log",
    wildcard_constraints:
        method="|".join(CLASSICAL),
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        code=code_hash("implant"),
        settings=needs("implant"),
        config=CONFIG,
    shell:
        "python -m pipeline implant {input.images} {input.splits} --condition {wildcards.condition} --method {wildcards.method} --tuned {input.tuned} --config {params.config} -o {output} --log {log}"


rule implant_by_network:
    """The same, restored by the network of the fold that never saw the slice."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        models=models_for,
    output:
        "results/{study}/lesions/{condition}/{network}_{output}.parquet",
    log:
        "logs/{study}/implant/{condition}/{network}_{output}.log",
    wildcard_constraints:
        network="|".join(STUDY.networks) or "none",
    conda:
        "../environment.yml"
    threads: STUDY.threads
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        code=code_hash("implant"),
        settings=needs("implant"),
        config=CONFIG,
    shell:
        "python -m pipeline implant {input.images} {input.splits} {input.models} --condition {wildcards.condition} --method {wildcards.network}_{wildcards.output} --config {params.config} -o {output} --log {log}"

rule restore:
    """Every item, restored by a classical method with its fold's settings."""
    input:
        degraded="results/{study}/degraded/{condition}.h5",
        splits="results/{study}/splits.csv",
        tuned="results/{study}/tuned/{condition}/{method}.json",
        denoisers=denoisers_for,
    output:
        kept("restored", "results/{study}/restored/{condition}/{method}.h5"),
    log:
        "logs/{study}/restore/{condition}/{method}.log",
    wildcard_constraints:
        method="|".join(CLASSICAL),
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        code=code_hash("restore"),
        settings=needs("restore"),
        config=CONFIG,
    shell:
        "python -m pipeline restore {input.degraded} {input.splits} {input.denoisers} --method {wildcards.method} --tuned {input.tuned} --config {params.config} -o {output} --log {log}"


rule restore_by_network:
    """Every item, restored by the network of the fold that never saw it."""
    input:
        degraded="results/{study}/degraded/{condition}.h5",
        splits="results/{study}/splits.csv",
        models=models_for,
    output:
        kept("restored", "results/{study}/restored/{condition}/{network}_{output}.h5"),
    log:
        "logs/{study}/restore/{condition}/{network}_{output}.log",
    wildcard_constraints:
        network="|".join(STUDY.networks) or "none",
    conda:
        "../environment.yml"
    threads: STUDY.threads
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        code=code_hash("restore"),
        settings=needs("restore"),
        config=CONFIG,
    shell:
        "python -m pipeline restore {input.degraded} {input.splits} {input.models} --method {wildcards.network}_{wildcards.output} --config {params.config} -o {output} --log {log}"

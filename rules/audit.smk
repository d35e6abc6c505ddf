rule examine:
    """A classical method, audited on held-out items and on empty sky."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        degraded="results/{study}/degraded/{condition}.h5",
        tuned="results/{study}/tuned/{condition}/{method}.json",
    output:
        found="results/{study}/audit/{condition}/{method}.parquet",
        maps="results/{study}/audit/{condition}/{method}.npz",
    log:
        "logs/{study}/examine/{condition}/{method}.log",
    wildcard_constraints:
        method="|".join(CLASSICAL),
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code_hash("examine"),
        settings=needs("examine"),
        config=CONFIG,
    shell:
        "python -m pipeline examine {input.images} {input.splits} {input.degraded} --method {wildcards.method} --tuned {input.tuned} --config {params.config} -o {output.found} --maps {output.maps} --log {log}"


rule examine_network:
    """A network of the first fold, audited likewise."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        degraded="results/{study}/degraded/{condition}.h5",
        models=models_for,
        bounds=bounds_for_audit,
    output:
        found="results/{study}/audit/{condition}/{network}_{output}.parquet",
        maps="results/{study}/audit/{condition}/{network}_{output}.npz",
    log:
        "logs/{study}/examine/{condition}/{network}_{output}.log",
    wildcard_constraints:
        network="|".join(STUDY.networks) or "none",
    conda:
        "../environment.yml"
    threads: STUDY.threads
    resources:
        mem_mb=growing(4000),
        runtime=growing(120),
    params:
        code=code_hash("examine"),
        settings=needs("examine"),
        config=CONFIG,
        bounds=lambda wildcards, input: " ".join(f"--bounds {path}" for path in input.bounds),
    shell:
        "python -m pipeline examine {input.images} {input.splits} {input.degraded} {input.models} {params.bounds} --method {wildcards.network}_{wildcards.output} --config {params.config} -o {output.found} --maps {output.maps} --log {log}"


rule halves:
    """Whether two networks that were trained on disjoint halves invent the same."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        degraded="results/{study}/degraded/{condition}.h5",
        models=lambda wildcards: models_for(wildcards, HALVES),
    output:
        "results/{study}/audit/{condition}/{network}_{output}.halves.parquet",
    log:
        "logs/{study}/halves/{condition}/{network}_{output}.log",
    wildcard_constraints:
        network="|".join(STUDY.networks) or "none",
    conda:
        "../environment.yml"
    threads: STUDY.threads
    resources:
        mem_mb=growing(4000),
        runtime=growing(120),
    params:
        code=code_hash("halves"),
        settings=needs("examine"),
        config=CONFIG,
    shell:
        "python -m pipeline halves {input.images} {input.splits} {input.degraded} {input.models} --method {wildcards.network}_{wildcards.output} --config {params.config} -o {output} --log {log}"


rule audit:
    """Whether the study's methods contradict their data or invent: `snakemake audit`, no part of `all`."""
    input:
        AUDITED,
    output:
        multiext(
            f"results/{STUDY.study}/audit/",
            "report.html",
            "findings.csv",
            "verdicts.csv",
        ),
        figures=directory(f"results/{STUDY.study}/audit/figures"),
    log:
        f"logs/{STUDY.study}/audit.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=code_hash("audit"),
        settings=needs("audit"),
        config=CONFIG,
    shell:
        "python -m pipeline audit {input} --config {params.config} -o $(dirname {output.figures}) --log {log}"

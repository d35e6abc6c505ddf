rule generate:
    """The synthetic field of a generator, or a band of its rows; what was killed goes on with the missing tiles."""
    input:
        "results/{study}/field/{generator}/generator.safetensors",
    output:
        f"results/{{study}}/field/{{generator}}/{FIELD_PART}.h5",
    log:
        f"logs/{{study}}/generate/{{generator}}/{FIELD_PART}.log",
    conda:
        "../environment.yml"
    threads: STUDY.threads
    resources:
        mem_mb=growing(2000),
        runtime=growing(1440),
    params:
        code=code_hash("generate"),
        settings=needs("generate"),
        config=CONFIG,
        part="--part {part}" if STUDY.field.jobs > 1 else "",
    shell:
        "python -m pipeline generate {input} --config {params.config} {params.part} -o {output} --log {log}"

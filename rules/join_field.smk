rule join_field:
    """Bands of rows that several jobs painted, as one field, which refers to them."""
    input:
        expand(
            "results/{{study}}/field/{{generator}}/rows/{part}.h5",
            part=range(STUDY.field.jobs),
        ),
    output:
        "results/{study}/field/{generator}/field.h5",
    log:
        "logs/{study}/join_field/{generator}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        code=code_hash("join_field"),
        settings=needs("join_field"),
    shell:
        "python -m pipeline join-field {input} -o {output} --log {log}"

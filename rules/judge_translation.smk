rule judge_translation:
    """How far translated slices are from the truth, and which lesions were erased and invented."""
    input:
        domains=domains_of_translation,
        translated=expand(f"{TRANSLATION}/{{translating}}/translated.h5", translating=TRANSLATING, allow_missing=True),
    output:
        slices=f"{TRANSLATION}/items.csv",
        lesions=f"{TRANSLATION}/lesions.csv",
        scores=f"{TRANSLATION}/scores.csv",
    log:
        "logs/{study}/judge_translation.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code_hash("judge_translation"),
        settings=needs("judge_translation"),
        config=CONFIG,
    shell:
        "python -m pipeline judge-translation {input} --config {params.config} -o $(dirname {output.scores}) --log {log}"

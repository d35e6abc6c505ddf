rule report:
    """The page that a person reads, its figures, and what was run on what."""
    input:
        images="results/{study}/images.h5",
        splits="results/{study}/splits.csv",
        metrics="results/{study}/metrics.csv",
        summary="results/{study}/summary.csv",
        shown=[
            *expand(
                "results/{{study}}/gallery/{condition}/{method}.h5",
                condition=CONDITIONS,
                method=METHODS,
            ),
            *expand(
                "results/{{study}}/models/{network}/{fold}/history.csv",
                network=STUDY.models,
                fold=FOLDS,
            ),
            *expand(
                "results/{{study}}/tuned/{condition}/{method}.json",
                condition=CONDITIONS,
                method=CLASSICAL,
            ),
            *DISCERNED,
            *SOURCES,
        ],
    output:
        page="results/{study}/report.html",
        figures=report(
            directory("results/{study}/figures"),
            patterns=["{figure}.svg"],
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        provenance="results/{study}/provenance.json",
    log:
        "logs/{study}/report.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=code_hash("report"),
        settings=needs("report"),
        config=CONFIG,
    shell:
        "python -m pipeline report {input} --config {params.config} -o {output.page} --figures {output.figures} --provenance {output.provenance} --log {log}"

rule deep_zoom:
    """A synthetic field as pictures, with a page that opens them in a browser from the disk."""
    input:
        f"{FIELD}/{{generator}}/field.h5",
    output:
        page=f"{FIELD}/{{generator}}/field.html",
        index=f"{FIELD}/{{generator}}/field.dzi",
        pictures=directory(f"{FIELD}/{{generator}}/field_files"),
    log:
        "logs/{study}/deep_zoom/{generator}.log",
    conda:
        "../environment.yml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        code=code_hash("deep_zoom"),
        settings=needs("deep_zoom"),
    shell:
        "python -m pipeline deep-zoom {input} -o {output.page} --log {log}"

"""On a GPU: how much of a step is the networks' own work, and what half precision and compiling save."""


def run() -> None:
    """To be written."""

"""How many cores a step uses, and that it gives the same numbers every time."""

from __future__ import annotations

import os

_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def use_threads(count: int) -> None:
    """Set the size of every pool of threads and choose deterministic algorithms.

    Sums depend on how they are shared out, so the count comes from the study and never from the machine. To be called
    before NumPy is imported for the first time: its libraries read the environment once.
    """
    os.environ.update(dict.fromkeys(_POOLS, str(count)))
    # Threads that wait for one another spin, by default for as long as other programs' turns last: beside a single busy
    # one, two threads then trained six to seventeen times more slowly. Alone, to sleep after so many turns costs 4%.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it, sums on a GPU differ from run to run
    import torch

    torch.set_num_threads(count)
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Otherwise deterministic mode fills every new tensor before its use, which costs time and changes nothing here.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]

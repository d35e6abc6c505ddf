"""Networks: torch modules only; each restoring network declares ``receptive_radius`` and ``stride``."""

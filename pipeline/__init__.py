"""Clearfield: restore blurred and noisy scientific images, and say how far the result can be trusted."""

__version__ = "0.1.0"

"""Synthetic fields of any size: every pixel is a function of a seed and of where it lies."""

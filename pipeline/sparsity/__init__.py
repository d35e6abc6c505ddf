"""Scenes that fit what was measured and are sparse in some sense: in what, and how they are found."""

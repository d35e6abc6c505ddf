"""Restorers: what undoes an instrument."""

"""Training: one loop, tasks that plug in."""

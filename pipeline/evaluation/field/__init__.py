"""A synthetic field beside the real sky that its generator never saw: how far apart both are, and a perfect one."""

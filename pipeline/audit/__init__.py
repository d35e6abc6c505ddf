"""The audit: whether a restorer contradicts its data, and whether it invents; each part a file, for any restorer."""

"""Claims about quality and cost, each measured by one command: ``python -m benchmarks NAME``."""

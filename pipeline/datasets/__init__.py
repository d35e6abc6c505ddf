"""Names that a study can ingest."""

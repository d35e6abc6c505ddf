"""Steps of a study: files in, files out. One module and one rule for each verb."""

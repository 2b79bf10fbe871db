"""The pages of datasets, imports and stored files."""

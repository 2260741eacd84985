"""Judge what a repository declares; never ranks."""

"""The Overview page: tiles, coverage, space and the last events."""

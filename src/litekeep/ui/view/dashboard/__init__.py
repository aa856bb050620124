"""Everything at once, where the window is large enough: tiles, coverage, backups, and the most used settings."""

"""The dashboard: everything at once, where there is room for it."""

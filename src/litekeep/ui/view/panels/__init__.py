"""Panels: what is laid over the pages for one question, and goes."""

"""Byte layouts. The docstring of each module is the specification; the reference pages are generated from them."""

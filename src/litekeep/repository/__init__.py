"""Blocks, formats and a storage put together: packs and manifests are written, found, read back and collected here."""

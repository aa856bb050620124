"""All knowledge of live SQLite files: consistent capture, checks on rebuilt copies, installation of a restored file."""

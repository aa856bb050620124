"""Live SQLite files: real databases, real writer processes, real kills. Nothing is simulated but time."""

"""BackupManager as an application uses it: real databases, real helper processes, real host programs."""

"""BackupView in real windows."""

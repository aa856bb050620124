"""The Backups page in real windows."""

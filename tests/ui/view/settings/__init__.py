"""The Settings page in real windows."""

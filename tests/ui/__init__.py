"""The window, in real windows."""

"""The helper process: its messages, its life, and what an application can do to it."""

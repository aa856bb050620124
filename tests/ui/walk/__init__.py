"""A person's walk through the example application: a real process, a real pointer, a real keyboard."""

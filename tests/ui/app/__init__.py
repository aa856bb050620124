"""The standalone program."""

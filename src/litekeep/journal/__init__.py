"""What happened, run by run: the facts of every command that changes or proves something, good and bad."""

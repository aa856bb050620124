"""The command line: parse, call an operation, print its result, return its exit code. One file per command."""

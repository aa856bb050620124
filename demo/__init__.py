"""A sample application's data and a guided run of the main job on it: `make demo`."""

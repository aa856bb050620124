"""No models. Django sends pre_migrate for every app that has this module: so it is sent in every project."""

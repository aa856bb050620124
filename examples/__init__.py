"""Programs that show how Litekeep is used."""

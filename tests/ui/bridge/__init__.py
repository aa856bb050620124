"""What happens off the Tk thread."""

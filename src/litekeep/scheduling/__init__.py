"""When backups are due, who starts them, and how the operating system's own timers are told."""

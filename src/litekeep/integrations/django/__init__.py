"""A Django app: INSTALLED_APPS = ["litekeep.integrations.django", ...], and settings.LITEKEEP.

    settings.LITEKEEP -> managers (one BackupManager for each database) -> before_migrate, checks, management commands

Nothing here starts a schedule: a web server runs in many processes that come and go, so that scheduled backups are
`litekeep watch`, or the scheduler of the system.
"""

from litekeep.integrations.extras import library

library("django", "django")

from litekeep.integrations.django.managers import close_managers, manager_for  # noqa: E402 - after the check

__all__ = ["close_managers", "manager_for"]

"""What Django loads."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import pre_migrate


class LitekeepConfig(AppConfig):
    """The app. Put it first, so that its backup comes before what other apps do before migrations."""

    name = "litekeep.integrations.django"
    label = "litekeep"
    verbose_name = "Litekeep"

    def ready(self) -> None:
        """Remember which files the databases are, before a test runner puts others in their place."""
        from litekeep.integrations.django.before_migrate import migrations
        from litekeep.integrations.django.checks import check_places, check_settings, check_status
        from litekeep.integrations.django.managers import remember_files

        remember_files()
        pre_migrate.connect(migrations.begin, dispatch_uid="litekeep")
        for check in (check_settings, check_places, check_status):
            checks.register(check, "litekeep")

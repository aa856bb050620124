"""Write phone numbers in the international form, and find expiring certificates faster."""

from typing import Any

SPREAD = " || ' ' || ".join(f"substr(phone, {start}, 2)" for start in (3, 5, 7, 9))


def migrate(migrator: Any, _database: Any, **_rest: Any) -> None:
    """0612345678 becomes +33 6 12 34 56 78."""
    digits = "[0-9]" * 8
    migrator.sql(
        f"UPDATE employees SET phone = '+33 ' || substr(phone, 2, 1) || ' ' || {SPREAD} "
        f"WHERE phone GLOB '0[1-9]{digits}'"
    )
    migrator.sql("CREATE INDEX IF NOT EXISTS caces_by_expiry ON caces (expires)")


def rollback(migrator: Any, _database: Any, **_rest: Any) -> None:
    """And back."""
    migrator.sql("DROP INDEX IF EXISTS caces_by_expiry")
    migrator.sql(
        "UPDATE employees SET phone = '0' || replace(substr(phone, 5), ' ', '') WHERE phone GLOB '+33 [1-9] *'"
    )

"""Where Litekeep meets the libraries that applications are written with. Each module is loaded only by who wants it.

    peewee, peewee_migrate          -> integrations.peewee
    SQLAlchemy, Alembic             -> integrations.sqlalchemy, integrations.alembic
    Django                          -> integrations.django

All do the same two things through a BackupManager: a verified backup before pending migrations touch the database, and
connections that let go while a restore goes over it. Nothing below imports this package.
"""

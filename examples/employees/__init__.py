"""A small employee manager: CustomTkinter in front, peewee and SQLite behind, protected by Litekeep.

python -m examples.employees --sample

models      what is stored          office      what is done with it      rules       what is allowed
importing   people from CSV         upgrades    migrations                protection  the ten lines of Litekeep
app         window and navigation   people, import_page, maintenance, backups: the pages
look, table, form, words, background: colours, parts, languages, work off the window's thread
sample, past  invented people, and a past with backups
"""

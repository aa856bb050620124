"""English and French: texts stand in the code in English, French is a dictionary."""

from __future__ import annotations

from datetime import date, datetime

LANGUAGES = {"en": "English", "fr": "Français"}


class Words:
    """The texts of the window in one language; by convention the variable is called `say`."""

    def __init__(self, code: str) -> None:
        self.code = code if code in LANGUAGES else "en"

    def __call__(self, text: str, /, **values: object) -> str:
        """The text, with `values` put in after the translation."""
        found = FRENCH.get(text, text) if self.code == "fr" else text
        return found.format(**values) if values else found

    def many(self, one: str, several: str, count: int) -> str:
        """The form for a number, which the text names as {n}; French has one thing also for none."""
        single = count == 1 or (self.code == "fr" and count == 0)
        return self(one if single else several, n=self.number(count))

    def number(self, value: int) -> str:
        """With thousands set apart."""
        return f"{value:,}".replace(",", "\u202f") if self.code == "fr" else f"{value:,}"

    def day(self, day: date | None) -> str:
        """24/09/2026, or 2026-09-24; a dash for none."""
        if day is None:
            return "–"
        return f"{day:%d/%m/%Y}" if self.code == "fr" else f"{day:%Y-%m-%d}"

    def moment(self, moment: datetime) -> str:
        """A day and a time."""
        return f"{self.day(moment.date())} {moment:%H:%M}"


FRENCH = {
    # navigation
    "Employees": "Personnel",
    "Import": "Importer",
    "Maintenance": "Entretien",
    "Backups": "Sauvegardes",
    "Dark": "Sombre",
    "Light": "Clair",
    "Close": "Fermer",
    "Cancel": "Annuler",
    "Something else is still going on. Try again in a moment.": (
        "Une autre opération est en cours. Réessayez dans un instant."
    ),
    "Making a last backup before closing…": "Dernière sauvegarde avant la fermeture…",
    "Discard what you changed?": "Abandonner vos modifications ?",
    "What was changed on this page is not saved.": "Les modifications de cette page ne sont pas enregistrées.",
    "Discard": "Abandonner",
    "It did not work: {error}": "Échec : {error}",
    "The state before is backup {id}, on the Backups page.": (
        "L’état précédent est la sauvegarde {id}, à la page Sauvegardes."
    ),
    # people
    "nobody": "personne",
    "one person": "une personne",
    "{n} people": "{n} personnes",
    "{n} of {total}": "{n} sur {total}",
    "Search by name, number, role or zone": "Chercher par nom, matricule, poste ou zone",
    "Everybody": "Tous",
    "Active only": "Actifs",
    "Inactive only": "Inactifs",
    "Add a person": "Ajouter",
    "Delete": "Supprimer",
    "Delete all…": "Tout supprimer…",
    "Name": "Nom",
    "Number": "Matricule",
    "Role": "Poste",
    "Zone": "Zone",
    "Contract": "Contrat",
    "Papers": "Validités",
    "Status": "Statut",
    "active": "actif",
    "inactive": "inactif",
    "valid": "à jour",
    "soon": "à renouveler",
    "expired": "expiré",
    "Nobody here yet": "Encore personne",
    "Add the first person, or bring people in from a CSV file.": (
        "Ajoutez la première personne, ou importez un fichier CSV."
    ),
    "Import from a file": "Importer un fichier",
    "Nobody found": "Aucun résultat",
    "No name, number, role or zone contains “{text}”.": "Aucun nom, matricule, poste ou zone ne contient « {text} ».",
    "Clear the search": "Effacer la recherche",
    "Delete one person?": "Supprimer une personne ?",
    "Delete {n} people?": "Supprimer {n} personnes ?",
    "With certificates, medical visits and trainings.": "Avec certificats, visites médicales et formations.",
    "A backup is made first. Certificates, medical visits and trainings go too.": (
        "Une sauvegarde est faite avant. Certificats, visites médicales et formations sont aussi supprimés."
    ),
    "Making a backup, then deleting…": "Sauvegarde, puis suppression…",
    "One person was deleted.": "Une personne a été supprimée.",
    "{n} people were deleted.": "{n} personnes ont été supprimées.",
    # form
    "New person": "Nouvelle personne",
    "Details": "Fiche",
    "First name": "Prénom",
    "Last name": "Nom de famille",
    "Workspace": "Zone de travail",
    "Since": "Entrée le",
    "Phone": "Téléphone",
    "E-mail": "Courriel",
    "Comment": "Commentaire",
    "Save": "Enregistrer",
    "needed": "obligatoire",
    "not one of the choices": "valeur inconnue",
    "not a date": "date non valable",
    "not an e-mail address": "adresse non valable",
    "not a phone number": "numéro non valable",
    "belongs to somebody else": "déjà attribué",
    "stands twice in the file": "deux fois dans le fichier",
    "Saved: {name}": "Enregistré : {name}",
    "The database is busy. Nothing was saved; try again.": (
        "La base est occupée. Rien n’a été enregistré ; réessayez."
    ),
    "This person is no longer there.": "Cette personne n’existe plus.",
    "Kind": "Type",
    "Title": "Intitulé",
    "Until": "Échéance",
    "certificate": "certificat",
    "medical visit": "visite médicale",
    "training": "formation",
    "No papers yet": "Aucun document",
    "quay": "quai",
    "zone A": "zone A",
    "zone B": "zone B",
    "cold store": "chambre froide",
    "office": "bureau",
    "driver": "cariste",
    "picker": "préparateur",
    "storekeeper": "magasinier",
    "team leader": "chef d’équipe",
    "planner": "planificateur",
    "manager": "responsable",
    "permanent": "CDI",
    "fixed term": "CDD",
    "temporary": "intérim",
    "apprentice": "apprenti",
    # import
    "Import people": "Importer des personnes",
    "From a CSV file, as spreadsheets save it. Nothing is written before you have seen what would change.": (
        "Depuis un fichier CSV de tableur. Rien n’est écrit avant que vous ayez vu ce qui changerait."
    ),
    "Path of a CSV file": "Chemin d’un fichier CSV",
    "Choose a file…": "Choisir un fichier…",
    "Preview": "Aperçu",
    "CSV files": "Fichiers CSV",
    "All files": "Tous les fichiers",
    "New": "Nouvelles",
    "Changed": "Modifiées",
    "Lines with mistakes": "Lignes en erreur",
    "Line": "Ligne",
    "What happens": "Ce qui se passe",
    "new": "nouvelle personne",
    "changed: {fields}": "modifié : {fields}",
    "left out: {problems}": "ignorée : {problems}",
    "Import one person": "Importer une personne",
    "Import {n} people": "Importer {n} personnes",
    "Nothing to import": "Rien à importer",
    "No file yet": "Aucun fichier",
    "Choose a file to see what it would change.": "Choisissez un fichier pour voir ce qu’il changerait.",
    "Everybody in this file is here already": "Toutes ces personnes sont déjà là",
    "Making a backup, then importing…": "Sauvegarde, puis import…",
    "Imported: {added} new, {changed} changed.": "Importé : {added} nouvelles, {changed} modifiées.",
    "Nothing was imported. {error}": "Rien n’a été importé. {error}",
    "The problem is in line {line}: {error}": "Le problème est à la ligne {line} : {error}",
    "This file cannot be read: {error}": "Fichier illisible : {error}",
    "This file is empty.": "Ce fichier est vide.",
    "This is not a text file.": "Ce n’est pas un fichier texte.",
    "The first line must have the headings number, first_name and last_name.": (
        "La première ligne doit contenir matricule, prénom et nom."
    ),
    # maintenance
    "Changes of the database": "Mises à jour de la base",
    "Everything is up to date.": "Tout est à jour.",
    "one change is waiting": "une mise à jour en attente",
    "{n} changes are waiting": "{n} mises à jour en attente",
    "waiting": "en attente",
    "done": "faite",
    "Change": "Mise à jour",
    "Back up and run": "Sauvegarder et exécuter",
    "Making a backup, then changing the database…": "Sauvegarde, puis mise à jour…",
    "The database is up to date.": "La base est à jour.",
    "If a change fails, the database is brought back by itself.": (
        "En cas d’échec, la base est ramenée à son état précédent."
    ),
    "Latest changes": "Dernières modifications",
    "When": "Quand",
    "Who": "Qui",
    "What": "Quoi",
    "Nothing was changed yet": "Aucune modification",
    "added": "ajout",
    "changed": "modification",
    "deleted": "suppression",
    "deleted all": "tout supprimé",
    "import": "import",
    # migrations
    "Write phone numbers in the international form, and find expiring certificates faster.": (
        "Numéros de téléphone au format international, et recherche rapide des certificats à renouveler."
    ),
}

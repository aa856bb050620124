"""The window: what people see who never open a terminal.

    presenter/  what is to be said (pure)          language/  in which words: English, French, numbers, dates
    bridge/     what happens off the Tk thread     widgets/   how it is drawn and used
    view/       BackupView: the pages              app/       the standalone program
"""

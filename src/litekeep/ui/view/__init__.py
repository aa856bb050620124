"""BackupView: a window on a manager, never its owner.

view       the frame: hero, notice, pages, panel      stage   what its parts and it may ask of each other
deeds      what each action does                      keys    the keyboard
files      the system's file dialogs                  pages   which pages there are; each made when first visited
overview/  tiles and charts                           panels/ restore, confirm, label, clean-up, folder, shortcuts
backups/   the table and its pane                     settings/  schedule, how long to keep, notifications, doctor
"""

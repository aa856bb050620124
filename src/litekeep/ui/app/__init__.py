"""The standalone program: `litekeep gui`. The same BackupView as in applications, with what a host would do around it.

program      the window: which database is shown, closing       remembered   databases and size, from last time
fleet        a manager for each database                        first_run    setting a database up (no Tk)
bar, first_page, trouble, waiting   what is around and instead of the view
"""

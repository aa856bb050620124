"""How the window is drawn and used: widgets that show the values of presenter/models.py and decide nothing.

look.py has the colours and sizes, ctk.py all that reaches into CustomTkinter. Texts come in; what people do goes out
through callbacks.
"""

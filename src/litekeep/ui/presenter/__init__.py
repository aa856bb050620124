"""Decides what the window says: facts in, texts and meanings out. Pure, and tested without Tk.

facts.py (ViewFacts, gathered by the bridge) -> hero, tiles, coverage, ... -> models.py (drawn by ui/widgets)
"""

"""The Settings page, and its cards, some of which stand on the dashboard too.

page      the page: cards in one column or two, and the bar          draft    what is edited and not saved (pure)
editor    the draft with the world: previews, saving, other changes  card     what the cards share
schedule, keeping, notifications, location, doctor: the cards        savebar  Save and Discard
"""

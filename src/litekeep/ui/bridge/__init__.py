"""What happens off the Tk thread: facts are gathered and people's wishes carried out on threads; the view only looks.

bridge = Bridge(manager)              # at once; shows what was known when a view was last there
bridge.drain()  -> updates            # from `after`, every bridge.pause_ms; bridge.facts is the newest ViewFacts
bridge.back_up()                      # returns at once; progress and the end come through drain
bridge.close()                        # when the view goes; what runs goes on

scene      what goes on, folded from events (pure)      endings   results and errors as outcomes (pure)
gathering  facts from a manager                         deeds     what a person asks for, step by step
lanes      threads that end when nothing is to do       board     what all views of one manager share
"""

from litekeep.ui.bridge.bridge import Answer, Bridge
from litekeep.ui.bridge.updates import Ended, FactsChanged, SendingChanged, Update, WorkChanged

__all__ = ["Answer", "Bridge", "Ended", "FactsChanged", "SendingChanged", "Update", "WorkChanged"]

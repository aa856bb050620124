"""Decides which snapshots of one source stay: values in, a plan with a reason for every snapshot out.

    snapshots (catalog) + RetentionPolicy (settings) + now (an argument)
        -> plan_retention -> RetentionPlan: kept | removed (to the trash) | trashed | expired (to be forgotten)
        -> shown by the command line and the view, executed as it is by forget and prune

Nothing here touches a file or a clock. The rules are those of restic's `--keep-within 30d --keep-weekly 12
--keep-monthly 12 --keep-last 7`; docs/explanation/retention.md tells the differences and why.

Why unverified data cannot cause a deletion. The rules see sound snapshots only (read back, undamaged, source without
problems), and so does the point from which ages are counted. One that is not sound takes no sound one's place and moves
no window. As long as nothing is sound, nothing goes. The newest sound snapshot stays whatever the rules say. And a
snapshot that loses its soundness is not thrown away for it: it stays as long as the rules would keep it if they did not
ask for soundness, so that damage can still be looked at and healed from a copy.

Why a wrong clock cannot cause a deletion. No age of a live snapshot is counted from `now`:
- Ages are counted from the newest sound snapshot, so a clock that runs ahead makes nothing old.
- A snapshot dated after now stays, counts for no rule, and is never "the newest".
- A snapshot dated too early (1970, after a flat battery) is recognised by its number: it was made after snapshots of a
  later date, and is treated as no older than they are. The sound snapshot with the highest number always stays.
- Emptying the trash, the one place where an age is counted from now, stops when now and the snapshots disagree.
- Such a disagreement puts on the brake: the plan waits for a person. So does a plan that removes much, which limits the
  one case that no arithmetic can tell from a real pause: a backup that was itself made under a clock that was ahead.
"""

from litekeep.retention.decide import plan_retention
from litekeep.retention.history import AUTOMATIC
from litekeep.retention.plan import Code, Decision, RetentionPlan, Why
from litekeep.retention.policy import RetentionPolicy

__all__ = ["AUTOMATIC", "Code", "Decision", "RetentionPlan", "RetentionPolicy", "Why", "plan_retention"]

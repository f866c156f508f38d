"""The platform's beat as a seed hears it: the real timetable, of which a part is lost among everything else."""

from datetime import datetime, timedelta

from celery import current_app

from copytrading.worlds.simulating.deeds import own_accounts
from copytrading.worlds.simulating.world import World

# How often a beat is heard while there is so much else to see. Those not named here draw curves and explain: they
# cost most and move nothing, so once the faults have ended one look of theirs is enough.
BEAT_CHANCES = {
    "sync_leads": 0.9,
    "check_stop_losses": 0.35,
    "work_off_orders": 0.2,
    "compare_trades": 0.35,
    "reconcile": 0.25,
    "finish_transfers": 0.2,
    "settle_profit_shares": 0.3,
    "watch_listings": 0.06,
}
BEAT_CHANCE = 0.06
# These ask what a simulated world does not have: processes that may be silent, an exchange's own history, copies of
# the platform's own, jurisdictions and their checks. Loss limits are rung for by who sets them.
NOT_HEARD = {
    "answer_ring",
    "look_at_transfers",
    "keep_reference_copies",
    "count_losses",
    "finish_cases",
    "check_loss_limits",
}


class Beats:
    """When each entry of the timetable is due next, and which of them ring."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.next_at: dict[str, datetime] = {}

    def ring(self, *, calm_look: int | None = None) -> None:
        """Ring what is due; all of it is heard at the first look without faults, later what moves something."""
        for entry in current_app.conf.beat_schedule.values():
            if not isinstance(entry["schedule"], int | float):
                # What is done once a day tidies up and moves nothing.
                continue
            task = entry["task"].rpartition(".")[2]
            if task in NOT_HEARD:
                continue
            if calm_look != 0 and self.next_at.setdefault(task, self.world.now) > self.world.now:
                continue
            self.next_at[task] = self.world.now + timedelta(seconds=float(entry["schedule"]))
            chances = BEAT_CHANCES | (own_accounts.BEAT_CHANCES if self.world.has_own_accounts else {})
            if calm_look is None:
                if self.world.random.random() >= chances.get(task, BEAT_CHANCE):
                    continue
            elif calm_look and task not in chances:
                continue
            # A beat that nobody has answered yet is not rung once more.
            if not self.world.rings.is_waiting(task):
                self.world.rings.add(task)
            if self.world.swarm.strikes("two beats at once"):
                self.world.rings.add(task)

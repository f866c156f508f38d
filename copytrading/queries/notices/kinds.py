"""
Every kind of notice: the topic that people switch it by, and the words it is told in.

A new kind is a member of `Notice.Kind` and one entry of `KINDS`. Sentences are templates with figures: `{value}` and
`{second}` are money or coins, `{percent}` and `{number}` plain numbers, `{words}` a name that only the moment knew.
Those of a kind that may come without its figure stand in `plain`. A test holds kinds, topics and words together.
"""

from dataclasses import dataclass
from enum import StrEnum

from copytrading.models import Notice, NoticeSwitch

Kind = Notice.Kind
Channel = NoticeSwitch.Channel


class Page(StrEnum):
    """Where somebody goes who wants to know more."""

    COPY = "copy"
    WALLET = "wallet"
    COCKPIT = "cockpit"
    COPIES = "copies"
    TOGETHER = "together"
    ACCOUNT = "account"
    PROGRAMS = "programs"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """
    What people switch: some kinds at once. `mail` and `push` are whether it comes there unless they say otherwise.

    What is urgent waits for no quiet hour and no digest; what is fixed cannot be switched off.
    """

    name: str
    label: str
    section: str
    mail: bool
    push: bool
    page: Page = Page.COPY
    is_urgent: bool = False
    is_fixed: bool = False

    def is_on_by_default(self, channel: str) -> bool:
        return {Channel.BELL: True, Channel.EMAIL: self.mail, Channel.PUSH: self.push}[Channel(channel)]


@dataclass(frozen=True, kw_only=True)
class NoticeKind:
    """The topic of a kind; its headline and detail, and both once more for when it comes without its figure."""

    topic: str
    words: tuple[str, str]
    plain: tuple[str, str] | None = None


COPIES, LEADS, COINS = "Your copies", "The leads you copy", "Coins and markets"
WALLET, LEADING, ACCOUNT = "Your wallet", "When you lead", "Your account"

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(
            name="STOP_LOSS_FIRED",
            label="A stop loss fired",
            section=COPIES,
            mail=True,
            push=True,
            is_urgent=True,
        ),
        Topic(name="STOP_LOSS_NEAR", label="A stop loss is 80 % used up", section=COPIES, mail=True, push=True),
        Topic(
            name="LOSS_LIMIT_FIRED",
            label="Your loss limit over all copies fired",
            section=COPIES,
            mail=True,
            push=True,
            page=Page.TOGETHER,
            is_urgent=True,
        ),
        Topic(
            name="LOSS_LIMIT_NEAR",
            label="Your loss limit over all copies is 80 % used up, or was changed",
            section=COPIES,
            mail=True,
            push=True,
            page=Page.TOGETHER,
        ),
        Topic(
            name="COPY_FALLS",
            label="A copy fell by 10 % in a day, and by each further 10 %",
            section=COPIES,
            mail=True,
            push=True,
        ),
        Topic(name="COPY_STOPS", label="A copy stopped, and why", section=COPIES, mail=True, push=True),
        Topic(
            name="COPY_CHANGES",
            label="A copy was started, changed, paused or resumed",
            section=COPIES,
            mail=False,
            push=False,
        ),
        Topic(
            name="COPY_RESTS",
            label="What became of the rest of a coin at a stop",
            section=COPIES,
            mail=False,
            push=False,
        ),
        Topic(name="PROFIT_SHARES", label="A profit share was paid", section=COPIES, mail=False, push=False),
        Topic(
            name="RESULTS",
            label="The result of the week and of the month",
            section=COPIES,
            mail=True,
            push=False,
            page=Page.COPIES,
        ),
        Topic(name="LEAD_STATE", label="Paused, goes on, or ended", section=LEADS, mail=True, push=True),
        Topic(name="LEAD_SIGHT", label="Cannot be seen or valued, or can again", section=LEADS, mail=True, push=True),
        Topic(name="LEAD_WORDS", label="Wrote to the followers", section=LEADS, mail=True, push=True),
        Topic(name="LEAD_MONEY", label="Moved own money in or out", section=LEADS, mail=False, push=True),
        Topic(name="LEAD_PORTFOLIO", label="Changed much of the portfolio", section=LEADS, mail=False, push=True),
        Topic(name="LEAD_TERMS", label="Changed the terms", section=LEADS, mail=True, push=False),
        Topic(
            name="MARKETS",
            label="A market of a coin you hold was suspended, delisted or trades again",
            section=COINS,
            mail=True,
            push=True,
            page=Page.WALLET,
        ),
        Topic(
            name="COINS",
            label="A coin you hold is in doubt or halted, or no longer",
            section=COINS,
            mail=True,
            push=True,
        ),
        Topic(
            name="TRANSFERS",
            label="Money came in or went out",
            section=WALLET,
            mail=True,
            push=True,
            page=Page.WALLET,
        ),
        Topic(
            name="LIMIT_ORDERS",
            label="A limit order of yours was filled, expired or was ended",
            section=WALLET,
            mail=False,
            push=True,
            page=Page.WALLET,
        ),
        Topic(
            name="APPLICATION",
            label="Your application was decided on",
            section=LEADING,
            mail=True,
            push=True,
            page=Page.COCKPIT,
        ),
        Topic(
            name="FOLLOWERS",
            label="You reached 1, 10, 50, 100 … followers",
            section=LEADING,
            mail=False,
            push=True,
            page=Page.COCKPIT,
        ),
        Topic(
            name="OWN_STAKE",
            label="Your own stake is low",
            section=LEADING,
            mail=True,
            push=True,
            page=Page.COCKPIT,
        ),
        Topic(
            name="EARNINGS",
            label="What you earned in a week",
            section=LEADING,
            mail=True,
            push=False,
            page=Page.COCKPIT,
        ),
        Topic(
            name="SECURITY",
            label="A sign-in from a new device; password, e-mail address or second factor changed",
            section=ACCOUNT,
            mail=True,
            push=True,
            page=Page.ACCOUNT,
            is_urgent=True,
            is_fixed=True,
        ),
        Topic(
            name="CHECKS",
            label="A check of the operator that you waited for is decided",
            section=ACCOUNT,
            mail=True,
            push=True,
            page=Page.WALLET,
        ),
        Topic(
            name="WEBHOOKS",
            label="A webhook of yours takes nothing any more",
            section=ACCOUNT,
            mail=True,
            push=False,
            page=Page.PROGRAMS,
        ),
    )
}

NOT_YOU = "Was it not you? Change your password at once, and set up a second factor."
SELLING = "Everything is sold now and returned to your wallet; nothing more is bought."
SETTLING = "Ratios settle for {minutes} before anything is repaired."
ENOUGH_IS_SOLD = "Enough is sold of all coins alike, then it is paid to your wallet."

KINDS: dict[str, NoticeKind] = {
    Kind.COPY_STARTED: NoticeKind(
        topic="COPY_CHANGES", words=("You copy {lead} with {value}", "{start}"), plain=("You copy {lead}", "{start}")
    ),
    Kind.COPY_INCREASED: NoticeKind(
        topic="COPY_CHANGES",
        words=("You put {value} more behind {lead}", "{invested}"),
        plain=("You put more behind {lead}", "{invested}"),
    ),
    Kind.COPY_REDUCED: NoticeKind(
        topic="COPY_CHANGES",
        words=("You take {value} out of your copy of {lead}", ENOUGH_IS_SOLD),
        plain=("You take money out of your copy of {lead}", ENOUGH_IS_SOLD),
    ),
    Kind.COPY_PAUSED: NoticeKind(
        topic="COPY_CHANGES",
        words=("Copying {lead} is paused", "Nothing is traded; a stop loss still guards."),
    ),
    Kind.COPY_RESUMED: NoticeKind(topic="COPY_CHANGES", words=("Copying {lead} goes on", "{resumed}")),
    Kind.STOP_LOSS_CHANGED: NoticeKind(
        topic="COPY_CHANGES",
        words=("Your copy of {lead} stops itself at a loss of {value}", ""),
        plain=("Your copy of {lead} has no stop loss any more", ""),
    ),
    Kind.COPY_STOPPING: NoticeKind(topic="COPY_STOPS", words=("Copying {lead} is being stopped: {why}", SELLING)),
    Kind.COPY_STOPPED: NoticeKind(
        topic="COPY_STOPS",
        words=("Your copy of {lead} has stopped: {value} came back to your wallet", "Why: {why}."),
        plain=("Your copy of {lead} has stopped and is paid out", "Why: {why}."),
    ),
    Kind.COINS_FROZEN: NoticeKind(
        topic="COPY_STOPS",
        words=(
            "Copying {lead} ended; {value} could not be sold and went to your wallet as coins",
            "{symbol} trades nowhere here at the moment. The coins stay yours; sell them there if it ever trades"
            " again.",
        ),
        plain=(
            "Copying {lead} ended; a coin could not be sold and went to your wallet as it is",
            "It trades nowhere here at the moment. The coins stay yours; sell them there if it ever trades again.",
        ),
    ),
    Kind.REST_TAKEN_OVER: NoticeKind(
        topic="COPY_RESTS",
        words=(
            "The rest of your {symbol}, {coins} coins, was taken over by the platform at the mark for {second}",
            "It was too little for an order at the venue, and your copy of {lead} ends with nothing in it.",
        ),
        plain=(
            "The rest of a coin was taken over by the platform at the mark",
            "It was too little for an order at the venue, and your copy of {lead} ends with nothing in it.",
        ),
    ),
    Kind.STOP_LOSS_NEAR: NoticeKind(
        topic="STOP_LOSS_NEAR",
        words=(
            "Your copy of {lead} is {value} down and near its stop loss",
            "It stops itself at a loss of {second}. You can change that, or stop it now.",
        ),
        plain=("Your copy of {lead} is near its stop loss", "You can change that, or stop it now."),
    ),
    Kind.STOP_LOSS_FIRED: NoticeKind(
        topic="STOP_LOSS_FIRED",
        words=("The stop loss of your copy of {lead} fired, at a loss of {value}", SELLING),
        plain=("The stop loss of your copy of {lead} fired", SELLING),
    ),
    Kind.LOSS_LIMIT_CHANGED: NoticeKind(
        topic="LOSS_LIMIT_NEAR",
        words=("All your copies stop at a loss of {words} together", "That holds from now on, for new copies too."),
        plain=("Your copies have no loss limit together any more", "Stop losses of single copies guard on."),
    ),
    Kind.LOSS_LIMIT_NEAR: NoticeKind(
        topic="LOSS_LIMIT_NEAR",
        words=(
            "Your copies are {value} down together and near your loss limit",
            "All of them stop at a loss of {second}. You can change that, or stop some of them now.",
        ),
        plain=("Your copies are near your loss limit", "You can change that, or stop some of them now."),
    ),
    Kind.LOSS_LIMIT_FIRED: NoticeKind(
        topic="LOSS_LIMIT_FIRED",
        words=(
            "Your copies have lost {value} together: your loss limit fired, and all of them are being stopped",
            "It was {second}, and is used up: set a new one when you copy again. Everything is sold now and returned"
            " to your wallet.",
        ),
        plain=(
            "Your loss limit over all copies fired, and all of them are being stopped",
            "It is used up: set a new one when you copy again. Everything is sold now and returned to your wallet.",
        ),
    ),
    Kind.COPY_FELL: NoticeKind(
        topic="COPY_FALLS",
        words=("Your copy of {lead} has fallen by more than {percent} today", "It is worth {value} now."),
        plain=("Your copy of {lead} has fallen by more than {percent} today", ""),
    ),
    Kind.PROFIT_SHARED: NoticeKind(
        topic="PROFIT_SHARES",
        words=("{lead} got {value} as profit share", "{rate} of what lies above the highest so far."),
        plain=("{lead} got a profit share", "{rate} of what lies above the highest so far."),
    ),
    Kind.WEEK_RESULT: NoticeKind(
        topic="RESULTS",
        words=("Your copies in the week {words}: {result}", "Together they were worth {second} in the end."),
        plain=("Your copies in the week {words}", ""),
    ),
    Kind.MONTH_RESULT: NoticeKind(
        topic="RESULTS",
        words=("Your copies in {words}: {result}", "Together they were worth {second} in the end."),
        plain=("Your copies in {words}", ""),
    ),
    Kind.LEAD_DEPOSITED: NoticeKind(
        topic="LEAD_MONEY", words=("{lead} moved {value} in", SETTLING), plain=("{lead} moved money in", SETTLING)
    ),
    Kind.LEAD_WITHDREW: NoticeKind(
        topic="LEAD_MONEY", words=("{lead} moved {value} out", SETTLING), plain=("{lead} moved money out", SETTLING)
    ),
    Kind.STAKE_LOW: NoticeKind(
        topic="LEAD_MONEY",
        words=(
            "{lead} took money out and has {value} of own money left",
            "That is little beside what follows. Your copy goes on; you can stop it at any time.",
        ),
        plain=(
            "{lead} took money out and has little own money left",
            "Your copy goes on; you can stop it at any time.",
        ),
    ),
    Kind.LEAD_PAUSED: NoticeKind(
        topic="LEAD_STATE",
        words=("{lead} is paused", "Your copy keeps what it holds; a stop loss still guards."),
    ),
    Kind.LEAD_RESUMED: NoticeKind(topic="LEAD_STATE", words=("{lead} goes on", "Your copy follows again.")),
    Kind.LEAD_ENDED: NoticeKind(
        topic="LEAD_STATE", words=("{lead} has ended", "Your copy is sold and paid out without your doing.")
    ),
    Kind.LEAD_UNSEEN: NoticeKind(
        topic="LEAD_SIGHT",
        words=(
            "{lead} cannot be seen at the moment",
            "The account elsewhere cannot be read. Nothing is traded on old numbers; a stop loss still guards.",
        ),
    ),
    Kind.LEAD_SEEN: NoticeKind(topic="LEAD_SIGHT", words=("{lead} can be seen again", "{resumed}")),
    Kind.LEAD_UNPRICED: NoticeKind(
        topic="LEAD_SIGHT",
        words=(
            "{lead} holds something that nobody can value",
            "It counts nothing in the ratios until there is a price for it. The lead’s page names it.",
        ),
    ),
    Kind.LEAD_WROTE: NoticeKind(topic="LEAD_WORDS", words=("{lead} writes", "{text}")),
    Kind.LEAD_TERMS_CHANGED: NoticeKind(
        topic="LEAD_TERMS",
        words=(
            "{lead} changed the terms for new copies",
            "The profit share of a new copy is {percent}. Yours stays at {rate}, and keeps its place.",
        ),
    ),
    Kind.LEAD_REARRANGED: NoticeKind(
        topic="LEAD_PORTFOLIO",
        words=("{lead} changed {percent} of the portfolio", "Your copy follows on your terms."),
    ),
    Kind.COIN_IN_DOUBT: NoticeKind(
        topic="COINS",
        words=(
            "Your copy of {lead}: the price of {symbol} is in doubt",
            "It may be counted in another unit, or be another coin. Until the operators have said so nothing is"
            " started, changed, paid out or shared by it, and no stop loss acts on it. What you asked for is carried"
            " out then.",
        ),
    ),
    Kind.COIN_CLEARED: NoticeKind(
        topic="COINS",
        words=(
            "Your copy of {lead}: the price of {symbol} is no longer in doubt",
            "Everything goes on where it stopped.",
        ),
    ),
    Kind.COIN_HALTED: NoticeKind(
        topic="COINS",
        words=(
            "Your copy of {lead}: {symbol} is halted by the operators",
            "Until it goes on nothing is started, changed, paid out or shared by its price, and no stop loss acts"
            " on it.",
        ),
    ),
    Kind.COIN_RESUMED: NoticeKind(
        topic="COINS",
        words=("Your copy of {lead}: {symbol} is no longer halted", "Everything goes on where it stopped."),
    ),
    Kind.COIN_RECOUNTED: NoticeKind(
        topic="COINS",
        words=(
            "Your copy of {lead}: {symbol} is counted in another unit now",
            "You have another number of coins at another price, and as much as before. Everything goes on.",
        ),
    ),
    Kind.MARKET_SUSPENDED: NoticeKind(
        topic="MARKETS",
        words=(
            "{symbol}, which you hold, cannot be traded at the moment",
            "Its market was suspended at the venue. It counts at its last price, and what was to be sold waits.",
        ),
    ),
    Kind.MARKET_DELISTED: NoticeKind(
        topic="MARKETS",
        words=(
            "{symbol}, which you hold, is no longer traded here",
            "The venue does not list it any more. The coins stay yours.",
        ),
    ),
    Kind.MARKET_REOPENED: NoticeKind(
        topic="MARKETS",
        words=("{symbol}, which you hold, is traded again", "What waited for it goes on."),
    ),
    Kind.DEPOSITED: NoticeKind(
        topic="TRANSFERS",
        words=("{value} came into your wallet", ""),
        plain=("Money came into your wallet", ""),
    ),
    Kind.WITHDRAWN: NoticeKind(
        topic="TRANSFERS",
        words=("{value} left your wallet", ""),
        plain=("Money left your wallet", ""),
    ),
    Kind.LIMIT_FILLED: NoticeKind(
        topic="LIMIT_ORDERS",
        words=("Your limit order to {words} is filled", "It came to {second} in all, the fee not counted."),
    ),
    Kind.LIMIT_EXPIRED: NoticeKind(
        topic="LIMIT_ORDERS",
        words=(
            "Your limit order to {words} has expired",
            "{value} of it were traded for {second}. What was held for the rest is yours to use again.",
        ),
        plain=(
            "Your limit order to {words} has expired",
            "Nothing of it was traded. What was held for it is yours to use again.",
        ),
    ),
    Kind.LIMIT_ENDED: NoticeKind(
        topic="LIMIT_ORDERS",
        words=(
            "Your limit order to {words}",
            "{value} of it were traded for {second}. What was held for the rest is yours to use again.",
        ),
        plain=(
            "Your limit order to {words}",
            "Nothing of it was traded. What was held for it is yours to use again.",
        ),
    ),
    Kind.APPLICATION_ACCEPTED: NoticeKind(
        topic="APPLICATION",
        words=(
            "You lead now, under the name {lead}",
            "Bring own money in first: nobody can follow before there is some.",
        ),
    ),
    Kind.APPLICATION_DECLINED: NoticeKind(
        topic="APPLICATION",
        words=("Your application to lead as {lead} was declined", "You can ask the operators why, and apply again."),
    ),
    Kind.FOLLOWERS_REACHED: NoticeKind(
        topic="FOLLOWERS",
        words=("{lead} has {followers} now", "Their money follows yours, trade by trade."),
    ),
    Kind.OWN_STAKE_LOW: NoticeKind(
        topic="OWN_STAKE",
        words=(
            "You took money out and have {value} of your own left in {lead}",
            "That is little beside what follows you, and everybody sees it. Bring some in to end that.",
        ),
        plain=(
            "You took money out and have little of your own left in {lead}",
            "Everybody sees it. Bring some in to end that.",
        ),
    ),
    Kind.EARNED: NoticeKind(
        topic="EARNINGS",
        words=("{lead} earned you {value} in the week {words}", "That is the profit share of {copies}."),
        plain=("{lead} earned you a profit share in the week {words}", "That is of {copies}."),
    ),
    Kind.SIGNED_IN: NoticeKind(topic="SECURITY", words=("A sign-in from a device that is new here: {words}", NOT_YOU)),
    Kind.PASSWORD_CHANGED: NoticeKind(topic="SECURITY", words=("Your password was changed", NOT_YOU)),
    Kind.EMAIL_CHANGED: NoticeKind(
        topic="SECURITY",
        words=(
            "The e-mail address of your account was changed; it was {words}",
            "This goes to the address before. Was it not you? Write to the operators at once.",
        ),
    ),
    Kind.SECOND_FACTOR_CHANGED: NoticeKind(
        topic="SECURITY", words=("Your second factor was changed: {words}", NOT_YOU)
    ),
    Kind.WEBHOOK_PAUSED: NoticeKind(
        topic="WEBHOOKS",
        words=(
            "Nothing is sent any more to your webhook {words}",
            "It took nothing for a day, or said that it is gone. Its attempts stand under Programs and devices.",
        ),
    ),
    Kind.CHECK_PASSED: NoticeKind(
        topic="CHECKS",
        words=(
            "A check is over, and you may go on: {words}",
            "A deposit that was held for it is yours to use now; for anything else press again.",
        ),
    ),
    Kind.CHECK_FAILED: NoticeKind(
        topic="CHECKS",
        words=(
            "A check ended with no: {words}",
            "A deposit that was held for it is on its way back. Nothing that you hold here changes.",
        ),
    ),
}


def topic_of(kind: str) -> Topic:
    """Return the topic of a kind; of one that another version of the program wrote, the copies' own changes."""
    known = KINDS.get(kind)
    return TOPICS[known.topic if known else "COPY_CHANGES"]


def kinds_of(topics: set[str]) -> list[str]:
    """Return the kinds of some topics."""
    return [str(kind) for kind, known in KINDS.items() if known.topic in topics]

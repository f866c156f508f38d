"""
Every kind of notice: the topic that people switch it by, and the words it is told in.

A new kind is a member of `Notice.Kind` and one entry of `KINDS`. Sentences are templates with figures: `{value}` and
`{second}` are money or coins, `{percent}` and `{number}` plain numbers, `{words}` a name that only the moment knew.
Those of a kind that may come without its figure stand in `plain`. A test holds kinds, topics and words together. `_`
only marks them for the catalogue: they are put into a language when somebody reads them.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

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
    NOTICES = "notices"
    COMPLAINTS = "complaints"
    OWN_DATA = "own data"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """
    What people switch: some kinds at once. `mail` and `push` are whether it comes there unless they say otherwise.

    What is urgent waits for no quiet hour and no digest; what is fixed cannot be switched off.
    """

    name: str
    title: str
    about: str
    mail: bool
    push: bool
    page: Page = Page.COPY
    is_urgent: bool = False
    is_fixed: bool = False

    @property
    def label(self) -> str:
        """Return what it is about, in the language that is read."""
        return gettext(self.title)

    @property
    def section(self) -> str:
        """Return what it stands under, in the language that is read."""
        return gettext(self.about)

    def is_on_by_default(self, channel: str) -> bool:
        return {Channel.BELL: True, Channel.EMAIL: self.mail, Channel.PUSH: self.push}[Channel(channel)]


@dataclass(frozen=True, kw_only=True)
class NoticeKind:
    """The topic of a kind; its headline and detail, and both once more for when it comes without its figure."""

    topic: str
    words: tuple[str, str]
    plain: tuple[str, str] | None = None


COPIES, LEADS, COINS = _("Your copies"), _("The leads you copy"), _("Coins and markets")
WALLET, LEADING, ACCOUNT = _("Your wallet"), _("When you lead"), _("Your account")

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(
            name="STOP_LOSS_FIRED",
            title=_("A stop loss fired"),
            about=COPIES,
            mail=True,
            push=True,
            is_urgent=True,
        ),
        # xgettext:no-python-format
        Topic(name="STOP_LOSS_NEAR", title=_("A stop loss is 80 % used up"), about=COPIES, mail=True, push=True),
        Topic(
            name="LOSS_LIMIT_FIRED",
            title=_("Your loss limit over all copies fired"),
            about=COPIES,
            mail=True,
            push=True,
            page=Page.TOGETHER,
            is_urgent=True,
        ),
        Topic(
            name="LOSS_LIMIT_NEAR",
            # xgettext:no-python-format
            title=_("Your loss limit over all copies is 80 % used up, or was changed"),
            about=COPIES,
            mail=True,
            push=True,
            page=Page.TOGETHER,
        ),
        Topic(
            name="COPY_FALLS",
            title=_("A copy fell by 10 % in a day, and by each further 10 %"),
            about=COPIES,
            mail=True,
            push=True,
        ),
        Topic(name="COPY_STOPS", title=_("A copy stopped, and why"), about=COPIES, mail=True, push=True),
        Topic(
            name="COPY_CHANGES",
            title=_("A copy was started, changed, paused or resumed"),
            about=COPIES,
            mail=False,
            push=False,
        ),
        Topic(
            name="COPY_RESTS",
            title=_("What became of the rest of a coin at a stop"),
            about=COPIES,
            mail=False,
            push=False,
        ),
        Topic(name="PROFIT_SHARES", title=_("A profit share was paid"), about=COPIES, mail=False, push=False),
        Topic(
            name="RESULTS",
            title=_("The result of the week and of the month"),
            about=COPIES,
            mail=True,
            push=False,
            page=Page.COPIES,
        ),
        Topic(name="LEAD_STATE", title=_("Paused, goes on, or ended"), about=LEADS, mail=True, push=True),
        Topic(name="LEAD_SIGHT", title=_("Cannot be seen or valued, or can again"), about=LEADS, mail=True, push=True),
        Topic(name="LEAD_WORDS", title=_("Wrote to the followers"), about=LEADS, mail=True, push=True),
        Topic(name="LEAD_MONEY", title=_("Moved own money in or out"), about=LEADS, mail=False, push=True),
        Topic(name="LEAD_PORTFOLIO", title=_("Changed much of the portfolio"), about=LEADS, mail=False, push=True),
        Topic(name="LEAD_TERMS", title=_("Changed the terms"), about=LEADS, mail=True, push=False),
        Topic(
            name="MARKETS",
            title=_("A market of a coin you hold was suspended, delisted or trades again"),
            about=COINS,
            mail=True,
            push=True,
            page=Page.WALLET,
        ),
        Topic(
            name="COINS",
            title=_("A coin you hold is in doubt or halted, or no longer"),
            about=COINS,
            mail=True,
            push=True,
        ),
        Topic(
            name="TRANSFERS",
            title=_("Money came in or went out"),
            about=WALLET,
            mail=True,
            push=True,
            page=Page.WALLET,
        ),
        Topic(
            name="LIMIT_ORDERS",
            title=_("A limit order of yours was filled, expired or was ended"),
            about=WALLET,
            mail=False,
            push=True,
            page=Page.WALLET,
        ),
        Topic(
            name="APPLICATION",
            title=_("Your application was decided on"),
            about=LEADING,
            mail=True,
            push=True,
            page=Page.COCKPIT,
        ),
        Topic(
            name="FOLLOWERS",
            title=_("You reached 1, 10, 50, 100 … followers"),
            about=LEADING,
            mail=False,
            push=True,
            page=Page.COCKPIT,
        ),
        Topic(
            name="OWN_STAKE",
            title=_("Your own stake is low"),
            about=LEADING,
            mail=True,
            push=True,
            page=Page.COCKPIT,
        ),
        Topic(
            name="EARNINGS",
            title=_("What you earned in a week"),
            about=LEADING,
            mail=True,
            push=False,
            page=Page.COCKPIT,
        ),
        Topic(
            name="SECURITY",
            title=_("A sign-in from a new device; password, e-mail address or second factor changed"),
            about=ACCOUNT,
            mail=True,
            push=True,
            page=Page.ACCOUNT,
            is_urgent=True,
            is_fixed=True,
        ),
        Topic(
            name="OWN_DATA",
            title=_("A withdrawal that waits before it goes; your data asked for, or to be erased"),
            about=ACCOUNT,
            mail=True,
            push=True,
            page=Page.OWN_DATA,
            is_urgent=True,
            is_fixed=True,
        ),
        Topic(
            name="CHECKS",
            title=_("A check of the operator that you waited for is decided"),
            about=ACCOUNT,
            mail=True,
            push=True,
            page=Page.WALLET,
        ),
        Topic(
            name="COMPLAINTS",
            title=_("A complaint of yours was read or answered"),
            about=ACCOUNT,
            mail=True,
            push=True,
            page=Page.COMPLAINTS,
        ),
        Topic(
            name="ANNOUNCEMENTS",
            title=_("Announcements of the platform’s operators"),
            about=ACCOUNT,
            mail=True,
            push=False,
            page=Page.NOTICES,
        ),
        Topic(
            name="WEBHOOKS",
            title=_("A webhook of yours takes nothing any more"),
            about=ACCOUNT,
            mail=True,
            push=False,
            page=Page.PROGRAMS,
        ),
    )
}

NOT_YOU = _("Was it not you? Change your password at once, and set up a second factor.")
SELLING = _("Everything is sold now and returned to your wallet; nothing more is bought.")
SETTLING = _("Ratios settle for {minutes} before anything is repaired.")
ENOUGH_IS_SOLD = _("Enough is sold of all coins alike, then it is paid to your wallet.")

# What is said instead of a copy on an account of the follower's own: its money was never in the wallet.
STOPPED_WITH = _("Your copy of {lead} has stopped: {value} came back to your wallet")
OWN_WORDS: dict[str, str] = {
    SELLING: _("Everything is sold now and stays in your account at the exchange; nothing more is bought."),
    ENOUGH_IS_SOLD: _("Enough is sold of all coins alike; the money stays in your account at the exchange."),
    STOPPED_WITH: _("Your copy of {lead} has stopped: {value} are free in your account at the exchange"),
}

KINDS: dict[str, NoticeKind] = {
    Kind.COPY_STARTED: NoticeKind(
        topic="COPY_CHANGES",
        words=(_("You copy {lead} with {value}"), "{start}"),
        plain=(_("You copy {lead}"), "{start}"),
    ),
    Kind.COPY_INCREASED: NoticeKind(
        topic="COPY_CHANGES",
        words=(_("You put {value} more behind {lead}"), "{invested}"),
        plain=(_("You put more behind {lead}"), "{invested}"),
    ),
    Kind.COPY_REDUCED: NoticeKind(
        topic="COPY_CHANGES",
        words=(_("You take {value} out of your copy of {lead}"), ENOUGH_IS_SOLD),
        plain=(_("You take money out of your copy of {lead}"), ENOUGH_IS_SOLD),
    ),
    Kind.COPY_PAUSED: NoticeKind(
        topic="COPY_CHANGES",
        words=(_("Copying {lead} is paused"), _("Nothing is traded; a stop loss still guards.")),
    ),
    Kind.COPY_RESUMED: NoticeKind(topic="COPY_CHANGES", words=(_("Copying {lead} goes on"), "{resumed}")),
    Kind.STOP_LOSS_CHANGED: NoticeKind(
        topic="COPY_CHANGES",
        words=(_("Your copy of {lead} stops itself at a loss of {value}"), ""),
        plain=(_("Your copy of {lead} has no stop loss any more"), ""),
    ),
    Kind.COPY_STOPPING: NoticeKind(topic="COPY_STOPS", words=(_("Copying {lead} is being stopped: {why}"), SELLING)),
    Kind.COPY_STOPPED: NoticeKind(
        topic="COPY_STOPS",
        words=(STOPPED_WITH, _("Why: {why}.")),
        plain=(_("Your copy of {lead} has stopped and is paid out"), _("Why: {why}.")),
    ),
    Kind.COINS_FROZEN: NoticeKind(
        topic="COPY_STOPS",
        words=(
            _("Copying {lead} ended; {value} could not be sold and went to your wallet as coins"),
            _(
                "{symbol} trades nowhere here at the moment. The coins stay yours; sell them there if it ever trades"
                " again."
            ),
        ),
        plain=(
            _("Copying {lead} ended; a coin could not be sold and went to your wallet as it is"),
            _("It trades nowhere here at the moment. The coins stay yours; sell them there if it ever trades again."),
        ),
    ),
    Kind.REST_TAKEN_OVER: NoticeKind(
        topic="COPY_RESTS",
        words=(
            _("The rest of your {symbol}, {coins} coins, was taken over by the platform at the mark for {second}"),
            _("It was too little for an order at the venue, and your copy of {lead} ends with nothing in it."),
        ),
        plain=(
            _("The rest of a coin was taken over by the platform at the mark"),
            _("It was too little for an order at the venue, and your copy of {lead} ends with nothing in it."),
        ),
    ),
    Kind.OWN_REST_LEFT: NoticeKind(
        topic="COPY_RESTS",
        words=(
            _("The rest of your {symbol}, {coins} coins, stays in your account at the exchange, counted at {second}"),
            _("It was not sold: too little for an order there, or the account could not be traded on any more."),
        ),
        plain=(
            _("The rest of a coin stays in your account at the exchange"),
            _("It was not sold: too little for an order there, or the account could not be traded on any more."),
        ),
    ),
    Kind.OWN_KEY_REFUSED: NoticeKind(
        topic="COPY_STOPS",
        words=(
            _("Your copy of {lead} is paused: your account at the exchange cannot be traded on any more"),
            _("The exchange does not take your key, or the key may do too much. Connect a new one, then resume."),
        ),
    ),
    Kind.OWN_COINS_MISSING: NoticeKind(
        topic="COPY_STOPS",
        words=(
            _("Your copy of {lead} is paused: your account at the exchange holds less than your copies"),
            _("Something was sold or sent away there. Put it back and resume, or stop the copy as it stands."),
        ),
    ),
    Kind.STOP_LOSS_NEAR: NoticeKind(
        topic="STOP_LOSS_NEAR",
        words=(
            _("Your copy of {lead} is {value} down and near its stop loss"),
            _("It stops itself at a loss of {second}. You can change that, or stop it now."),
        ),
        plain=(_("Your copy of {lead} is near its stop loss"), _("You can change that, or stop it now.")),
    ),
    Kind.STOP_LOSS_FIRED: NoticeKind(
        topic="STOP_LOSS_FIRED",
        words=(_("The stop loss of your copy of {lead} fired, at a loss of {value}"), SELLING),
        plain=(_("The stop loss of your copy of {lead} fired"), SELLING),
    ),
    Kind.LOSS_LIMIT_CHANGED: NoticeKind(
        topic="LOSS_LIMIT_NEAR",
        words=(
            _("All your copies stop at a loss of {words} together"),
            _("That holds from now on, for new copies too."),
        ),
        plain=(
            _("Your copies have no loss limit together any more"),
            _("Stop losses of single copies guard on."),
        ),
    ),
    Kind.LOSS_LIMIT_NEAR: NoticeKind(
        topic="LOSS_LIMIT_NEAR",
        words=(
            _("Your copies are {value} down together and near your loss limit"),
            _("All of them stop at a loss of {second}. You can change that, or stop some of them now."),
        ),
        plain=(_("Your copies are near your loss limit"), _("You can change that, or stop some of them now.")),
    ),
    Kind.LOSS_LIMIT_FIRED: NoticeKind(
        topic="LOSS_LIMIT_FIRED",
        words=(
            _("Your copies have lost {value} together: your loss limit fired, and all of them are being stopped"),
            _(
                "It was {second}, and is used up: set a new one when you copy again. Everything is sold now and"
                " returned to your wallet."
            ),
        ),
        plain=(
            _("Your loss limit over all copies fired, and all of them are being stopped"),
            _("It is used up: set a new one when you copy again. Everything is sold now and returned to your wallet."),
        ),
    ),
    Kind.COPY_FELL: NoticeKind(
        topic="COPY_FALLS",
        words=(_("Your copy of {lead} has fallen by more than {percent} today"), _("It is worth {value} now.")),
        plain=(_("Your copy of {lead} has fallen by more than {percent} today"), ""),
    ),
    Kind.PROFIT_SHARED: NoticeKind(
        topic="PROFIT_SHARES",
        words=(_("{lead} got {value} as profit share"), _("{rate} of what lies above the highest so far.")),
        plain=(_("{lead} got a profit share"), _("{rate} of what lies above the highest so far.")),
    ),
    Kind.WEEK_RESULT: NoticeKind(
        topic="RESULTS",
        words=(_("Your copies in the week {words}: {result}"), _("Together they were worth {second} in the end.")),
        plain=(_("Your copies in the week {words}"), ""),
    ),
    Kind.MONTH_RESULT: NoticeKind(
        topic="RESULTS",
        words=(_("Your copies in {words}: {result}"), _("Together they were worth {second} in the end.")),
        plain=(_("Your copies in {words}"), ""),
    ),
    Kind.LEAD_DEPOSITED: NoticeKind(
        topic="LEAD_MONEY", words=(_("{lead} moved {value} in"), SETTLING), plain=(_("{lead} moved money in"), SETTLING)
    ),
    Kind.LEAD_WITHDREW: NoticeKind(
        topic="LEAD_MONEY",
        words=(_("{lead} moved {value} out"), SETTLING),
        plain=(_("{lead} moved money out"), SETTLING),
    ),
    Kind.STAKE_LOW: NoticeKind(
        topic="LEAD_MONEY",
        words=(
            _("{lead} took money out and has {value} of own money left"),
            _("That is little beside what follows. Your copy goes on; you can stop it at any time."),
        ),
        plain=(
            _("{lead} took money out and has little own money left"),
            _("Your copy goes on; you can stop it at any time."),
        ),
    ),
    Kind.LEAD_PAUSED: NoticeKind(
        topic="LEAD_STATE",
        words=(_("{lead} is paused"), _("Your copy keeps what it holds; a stop loss still guards.")),
    ),
    Kind.LEAD_RESUMED: NoticeKind(topic="LEAD_STATE", words=(_("{lead} goes on"), _("Your copy follows again."))),
    Kind.LEAD_ENDED: NoticeKind(
        topic="LEAD_STATE", words=(_("{lead} has ended"), _("Your copy is sold and paid out without your doing."))
    ),
    Kind.LEAD_UNSEEN: NoticeKind(
        topic="LEAD_SIGHT",
        words=(
            _("{lead} cannot be seen at the moment"),
            _("The account elsewhere cannot be read. Nothing is traded on old numbers; a stop loss still guards."),
        ),
    ),
    Kind.LEAD_SEEN: NoticeKind(topic="LEAD_SIGHT", words=(_("{lead} can be seen again"), "{resumed}")),
    Kind.LEAD_UNPRICED: NoticeKind(
        topic="LEAD_SIGHT",
        words=(
            _("{lead} holds something that nobody can value"),
            _("It counts nothing in the ratios until there is a price for it. The lead’s page names it."),
        ),
    ),
    Kind.LEAD_WROTE: NoticeKind(topic="LEAD_WORDS", words=(_("{lead} writes"), "{text}")),
    Kind.LEAD_TERMS_CHANGED: NoticeKind(
        topic="LEAD_TERMS",
        words=(
            _("{lead} changed the terms for new copies"),
            _("The profit share of a new copy is {percent}. Yours stays at {rate}, and keeps its place."),
        ),
    ),
    Kind.LEAD_REARRANGED: NoticeKind(
        topic="LEAD_PORTFOLIO",
        words=(_("{lead} changed {percent} of the portfolio"), _("Your copy follows on your terms.")),
    ),
    Kind.COIN_IN_DOUBT: NoticeKind(
        topic="COINS",
        words=(
            _("Your copy of {lead}: the price of {symbol} is in doubt"),
            _(
                "It may be counted in another unit, or be another coin. Until the operators have said so nothing is"
                " started, changed, paid out or shared by it, and no stop loss acts on it. What you asked for is"
                " carried out then."
            ),
        ),
    ),
    Kind.COIN_CLEARED: NoticeKind(
        topic="COINS",
        words=(
            _("Your copy of {lead}: the price of {symbol} is no longer in doubt"),
            _("Everything goes on where it stopped."),
        ),
    ),
    Kind.COIN_HALTED: NoticeKind(
        topic="COINS",
        words=(
            _("Your copy of {lead}: {symbol} is halted by the operators"),
            _(
                "Until it goes on nothing is started, changed, paid out or shared by its price, and no stop loss acts"
                " on it."
            ),
        ),
    ),
    Kind.COIN_RESUMED: NoticeKind(
        topic="COINS",
        words=(_("Your copy of {lead}: {symbol} is no longer halted"), _("Everything goes on where it stopped.")),
    ),
    Kind.COIN_RECOUNTED: NoticeKind(
        topic="COINS",
        words=(
            _("Your copy of {lead}: {symbol} is counted in another unit now"),
            _("You have another number of coins at another price, and as much as before. Everything goes on."),
        ),
    ),
    Kind.MARKET_SUSPENDED: NoticeKind(
        topic="MARKETS",
        words=(
            _("{symbol}, which you hold, cannot be traded at the moment"),
            _("Its market was suspended at the venue. It counts at its last price, and what was to be sold waits."),
        ),
    ),
    Kind.MARKET_DELISTED: NoticeKind(
        topic="MARKETS",
        words=(
            _("{symbol}, which you hold, is no longer traded here"),
            _("The venue does not list it any more. The coins stay yours."),
        ),
    ),
    Kind.MARKET_REOPENED: NoticeKind(
        topic="MARKETS",
        words=(_("{symbol}, which you hold, is traded again"), _("What waited for it goes on.")),
    ),
    Kind.DEPOSITED: NoticeKind(
        topic="TRANSFERS",
        words=(_("{value} came into your wallet"), ""),
        plain=(_("Money came into your wallet"), ""),
    ),
    Kind.WITHDRAWN: NoticeKind(
        topic="TRANSFERS",
        words=(_("{value} left your wallet"), ""),
        plain=(_("Money left your wallet"), ""),
    ),
    Kind.LIMIT_FILLED: NoticeKind(
        topic="LIMIT_ORDERS",
        words=(_("Your limit order to {words} is filled"), _("It came to {second} in all, the fee not counted.")),
    ),
    Kind.LIMIT_EXPIRED: NoticeKind(
        topic="LIMIT_ORDERS",
        words=(
            _("Your limit order to {words} has expired"),
            _("{value} of it were traded for {second}. What was held for the rest is yours to use again."),
        ),
        plain=(
            _("Your limit order to {words} has expired"),
            _("Nothing of it was traded. What was held for it is yours to use again."),
        ),
    ),
    Kind.LIMIT_ENDED: NoticeKind(
        topic="LIMIT_ORDERS",
        words=(
            _("Your limit order to {words}"),
            _("{value} of it were traded for {second}. What was held for the rest is yours to use again."),
        ),
        plain=(
            _("Your limit order to {words}"),
            _("Nothing of it was traded. What was held for it is yours to use again."),
        ),
    ),
    Kind.APPLICATION_ACCEPTED: NoticeKind(
        topic="APPLICATION",
        words=(
            _("You lead now, under the name {lead}"),
            _("Bring own money in first: nobody can follow before there is some."),
        ),
    ),
    Kind.APPLICATION_DECLINED: NoticeKind(
        topic="APPLICATION",
        words=(
            _("Your application to lead as {lead} was declined"),
            _("You can ask the operators why, and apply again."),
        ),
    ),
    Kind.FOLLOWERS_REACHED: NoticeKind(
        topic="FOLLOWERS",
        words=(_("{lead} has {followers} now"), _("Their money follows yours, trade by trade.")),
    ),
    Kind.OWN_STAKE_LOW: NoticeKind(
        topic="OWN_STAKE",
        words=(
            _("You took money out and have {value} of your own left in {lead}"),
            _("That is little beside what follows you, and everybody sees it. Bring some in to end that."),
        ),
        plain=(
            _("You took money out and have little of your own left in {lead}"),
            _("Everybody sees it. Bring some in to end that."),
        ),
    ),
    Kind.EARNED: NoticeKind(
        topic="EARNINGS",
        words=(_("{lead} earned you {value} in the week {words}"), _("That is the profit share of {copies}.")),
        plain=(_("{lead} earned you a profit share in the week {words}"), _("That is of {copies}.")),
    ),
    Kind.SIGNED_IN: NoticeKind(
        topic="SECURITY", words=(_("A sign-in from a device that is new here: {words}"), NOT_YOU)
    ),
    Kind.PASSWORD_CHANGED: NoticeKind(topic="SECURITY", words=(_("Your password was changed"), NOT_YOU)),
    Kind.EMAIL_CHANGED: NoticeKind(
        topic="SECURITY",
        words=(
            _("The e-mail address of your account was changed; it was {words}"),
            _("This goes to the address before. Was it not you? Write to the operators at once."),
        ),
    ),
    Kind.SECOND_FACTOR_CHANGED: NoticeKind(
        topic="SECURITY", words=(_("Your second factor was changed: {words}"), NOT_YOU)
    ),
    Kind.WITHDRAWAL_HELD: NoticeKind(
        topic="OWN_DATA",
        words=(
            _("A withdrawal is held for {number} h before it goes: {value}"),
            _("Until then you can cancel it in your wallet. Was it not you? Do so, and change your password at once."),
        ),
    ),
    Kind.ARCHIVE_READY: NoticeKind(
        topic="OWN_DATA",
        words=(
            _("The archive of your data is ready"),
            _("Days that it stands under Your data: {number}. Was it not you? Change your password at once."),
        ),
    ),
    Kind.ERASURE_ASKED: NoticeKind(
        topic="OWN_DATA",
        words=(
            _("Your account is to be erased; days until then: {number}"),
            _("Until then you can take that back under Your data. Was it not you? Do so, and change your password."),
        ),
    ),
    Kind.WEBHOOK_PAUSED: NoticeKind(
        topic="WEBHOOKS",
        words=(
            _("Nothing is sent any more to your webhook {words}"),
            _("It took nothing for a day, or said that it is gone. Its attempts stand under Programs and devices."),
        ),
    ),
    Kind.CHECK_PASSED: NoticeKind(
        topic="CHECKS",
        words=(
            _("A check is over, and you may go on: {words}"),
            _("A deposit that was held for it is yours to use now; for anything else press again."),
        ),
    ),
    Kind.CHECK_FAILED: NoticeKind(
        topic="CHECKS",
        words=(
            _("A check ended with no: {words}"),
            _("A deposit that was held for it is on its way back. Nothing that you hold here changes."),
        ),
    ),
    Kind.ANNOUNCED: NoticeKind(topic="ANNOUNCEMENTS", words=(_("Announcement: {words}"), "{text}")),
    Kind.COMPLAINT_ACKNOWLEDGED: NoticeKind(
        topic="COMPLAINTS",
        words=(
            _("Your complaint has been read: no. {words}"),
            _("Somebody looks into it. By when you have an answer stands on its page."),
        ),
    ),
    Kind.COMPLAINT_ANSWERED: NoticeKind(
        topic="COMPLAINTS",
        words=(
            _("Your complaint is answered: no. {words}"),
            _("The answer stands on its page. If it is none, say so there within thirty days."),
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

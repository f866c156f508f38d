"""
Errors of the four exchanges as they were published or reported, and what each of them proves.

A row is: exchange, case, HTTP status, body, what it proves of an order that was sent (the code of a rejection, a
duplicate, or that nothing is known), and what it means for a question (there is no such order, or a kind of silence).
Those of Binance and OKX that are recorded stand in test_verdicts; these come beside them.
"""

from typing import Any, NamedTuple

from copytrading.exchange.errors import (
    AnswerNotUnderstood,
    ClockSkewed,
    DuplicateOrder,
    KeyRefused,
    OutcomeUnknown,
    PlaceBarred,
    QuestionRefused,
    VenueBusy,
    VenueUnreachable,
)
from copytrading.exchange.errors import RejectionCode as No


class Row(NamedTuple):
    exchange: str
    case: str
    status: int
    body: Any
    of_order: object
    of_question: type[Exception] | None


def binance(
    case: str, code: int, message: str, of_order: object, of_question: type[Exception] | None, status: int = 400
) -> Row:
    return Row("binance", case, status, {"code": code, "msg": message}, of_order, of_question)


def okx(case: str, code: str, of_order: object, of_question: type[Exception] | None, status: int = 401) -> Row:
    return Row("okx", case, status, {"code": code, "msg": case, "data": []}, of_order, of_question)


def okx_order(case: str, code: str, of_order: object, of_question: type[Exception] = QuestionRefused) -> Row:
    row = {"clOrdId": "ss1a1", "ordId": "", "sCode": code, "sMsg": case, "tag": "", "ts": "1753979177157"}
    body = {"code": "1", "msg": "All operations failed", "data": [row]}
    return Row("okx", case, 200, body, of_order, of_question)


def bybit(
    case: str, code: int, of_order: object, of_question: type[Exception] | None = QuestionRefused, status: int = 200
) -> Row:
    body = {"retCode": code, "retMsg": case, "result": {}, "retExtInfo": {}, "time": 1_700_000_000_000}
    return Row("bybit", case, status, body, of_order, of_question)


def bitget(
    case: str, code: str, of_order: object, of_question: type[Exception] | None = QuestionRefused, status: int = 400
) -> Row:
    body = {"code": code, "msg": case, "requestTime": 1_700_000_000_000, "data": None}
    return Row("bitget", case, status, body, of_order, of_question)


RESTRICTED = (
    "Service unavailable from a restricted location according to 'b. Eligibility' in"
    " https://www.binance.com/en/terms. Please contact customer service if you believe you received this message in"
    " error."
)
CLOUDFRONT = (
    "<HTML><BODY><H1>403 ERROR</H1>The Amazon CloudFront distribution is configured to block access from your country."
    "</BODY></HTML>"
)

ROWS: tuple[Row, ...] = (
    # -- Binance -------------------------------------------------------------------------------------------------------
    binance("key unknown", -2008, "Invalid Api-Key ID.", No.KEY_UNKNOWN, KeyRefused, 401),
    binance("key of another form", -2014, "API-key format invalid.", No.KEY_UNKNOWN, KeyRefused, 401),
    binance("key, address or right", -2015, "Invalid API-key, IP, or permissions.", No.KEY_REFUSED, KeyRefused, 401),
    binance("keys locked", -2017, "API Keys are locked on this account.", No.ACCOUNT_BARRED, KeyRefused),
    binance("not white-listed", -1005, "No such IP has been white listed", No.ADDRESS_BARRED, KeyRefused),
    binance("market not permitted", -2010, "This symbol is not permitted for this account.", No.MARKET_BARRED,
            QuestionRefused),
    binance("market restricted", -2010, "This symbol is restricted for this account.", No.MARKET_BARRED,
            QuestionRefused),
    binance("market not permitted, in other words", -2010, "Symbol BNBUSDT not permitted for this account",
            No.MARKET_BARRED, QuestionRefused),
    binance("market not permitted, as a filter", -1013, "This symbol is not permitted for this account.",
            No.MARKET_BARRED, QuestionRefused),
    binance("account may not trade", -2010, "This account may not place or cancel orders.", No.ACCOUNT_BARRED,
            KeyRefused),
    binance("no trading by key", -2010, "Rest API trading is not enabled.", No.RIGHT_MISSING, KeyRefused),
    binance("barred country", 0, RESTRICTED, No.PLACE_BARRED, PlaceBarred, 451),
    # -- OKX -----------------------------------------------------------------------------------------------------------
    okx("APIKey does not match current environment.", "50101", No.ENVIRONMENT_WRONG, KeyRefused),
    okx("Request header OK-ACCESS-PASSPHRASE incorrect.", "50105", No.SECRET_WRONG, KeyRefused),
    okx("Your IP is not included in your API key's IP whitelist", "50110", No.ADDRESS_BARRED, KeyRefused),
    okx("Invalid OK-ACCESS-KEY", "50111", No.KEY_UNKNOWN, KeyRefused),
    okx("Invalid Sign", "50113", No.SECRET_WRONG, KeyRefused),
    okx("API key doesn't exist", "50119", No.KEY_UNKNOWN, KeyRefused),
    okx("No permission to use this function", "50120", No.RIGHT_MISSING, KeyRefused),
    okx("API frozen, please contact customer service.", "50100", No.ACCOUNT_BARRED, KeyRefused),
    okx("Account blocked.", "50007", No.ACCOUNT_BARRED, KeyRefused, 200),
    okx_order("You can't trade this pair due to local compliance restrictions.", "51155", No.MARKET_BARRED),
    okx_order("Unified account blocked.", "51024", No.ACCOUNT_BARRED, KeyRefused),
    Row("okx", "barred country", 451, "<html>Unavailable For Legal Reasons</html>", No.PLACE_BARRED, PlaceBarred),
    # -- Bybit ---------------------------------------------------------------------------------------------------------
    bybit("params error", 10001, No.MALFORMED),
    bybit("please check your server timestamp or recv_window param", 10002, No.CLOCK_SKEWED, ClockSkewed),
    bybit("API key is invalid.", 10003, No.KEY_UNKNOWN, KeyRefused, 401),
    bybit("error sign! please check your signature generation algorithm.", 10004, No.SECRET_WRONG, KeyRefused),
    bybit("Permission denied, please check your API key permissions.", 10005, No.RIGHT_MISSING, KeyRefused),
    bybit("Too many visits. Exceeded the API Rate Limit.", 10006, No.RATE_LIMITED, VenueBusy),
    bybit("User authentication failed.", 10007, No.KEY_REFUSED, KeyRefused),
    bybit("Common banned, please check your account mode", 10008, No.ACCOUNT_BARRED, KeyRefused),
    bybit("IP has been banned.", 10009, No.RATE_LIMITED, VenueBusy),
    bybit("Unmatched IP, please check your API key's bound IP addresses.", 10010, No.ADDRESS_BARRED, KeyRefused),
    bybit("Invalid duplicate request.", 10014, OutcomeUnknown),
    bybit("Server error.", 10016, OutcomeUnknown),
    bybit("Server Timeout", 10000, OutcomeUnknown),
    bybit("Compliance rules triggered", 10024, No.PLACE_BARRED, PlaceBarred),
    bybit("Transactions are banned.", 10027, No.ACCOUNT_BARRED, KeyRefused),
    bybit("The API can only be accessed by unified account users.", 10028, No.ACCOUNT_BARRED, KeyRefused),
    bybit("The requested symbol is invalid, please check symbol whitelist", 10029, No.MARKET_BARRED),
    bybit("Demo trading are not supported.", 10032, No.ENVIRONMENT_WRONG, KeyRefused),
    bybit("Your api key has expired.", 33004, No.KEY_UNKNOWN, KeyRefused),
    bybit("(Spot) Your api key has expired", -2015, No.KEY_UNKNOWN, KeyRefused),
    bybit("OrderLinkedID is duplicate", 110072, DuplicateOrder),
    bybit("Internal error.", 170001, OutcomeUnknown),
    bybit("Too many new orders; current limit is %s orders per %s.", 170005, No.RATE_LIMITED, VenueBusy),
    bybit("Timeout waiting for response from backend server.", 170007, OutcomeUnknown),
    bybit("The feature has been suspended", 170031, No.MARKET_SUSPENDED),
    bybit("Network error. Please try again later", 170032, OutcomeUnknown),
    bybit("Submitted to the system for processing!", 170035, OutcomeUnknown),
    bybit("Parameter 'x' was empty.", 170105, No.MALFORMED),
    bybit("Invalid symbol.", 170121, No.MARKET_UNKNOWN, VenueUnreachable),
    bybit("Order amount too large.", 170124, No.POSITION_LIMIT),
    bybit("Insufficient balance.", 170131, No.NOT_ENOUGH_BALANCE),
    bybit("Order price too high.", 170132, No.PRICE_BAND),
    bybit("Order price lower than the minimum.", 170133, No.PRICE_BAND),
    bybit("Order price decimal too long.", 170134, No.TICK_SIZE),
    bybit("Order quantity exceeded upper limit.", 170135, No.POSITION_LIMIT),
    bybit("Order quantity exceeded lower limit.", 170136, No.VALUE_TOO_SMALL),
    bybit("Order volume decimal too long.", 170137, No.LOT_SIZE),
    bybit("Order value exceeded lower limit.", 170140, No.VALUE_TOO_SMALL),
    bybit("Duplicate clientOrderId.", 170141, DuplicateOrder),
    bybit("Order creation timeout", 170146, OutcomeUnknown),
    bybit("Create order failed", 170149, OutcomeUnknown),
    bybit("The trading pair is not open yet.", 170151, No.MARKET_SUSPENDED),
    bybit("The trading pair is not available for api trading", 170157, No.MARKET_BARRED),
    bybit("Buy order price cannot be higher than %s.", 170193, No.PRICE_BAND),
    bybit("Sell order price cannot be lower than %s.", 170194, No.PRICE_BAND),
    bybit("This trading pair is only available to the Brunei ... region.", 170209, No.MARKET_BARRED),
    bybit("New order rejected.", 170210, OutcomeUnknown),
    bybit("Order does not exist.", 170213, OutcomeUnknown, None),
    bybit("You're not a user of the Innovation Zone.", 170224, No.MARKET_BARRED),
    bybit("System Error", 170234, OutcomeUnknown),
    bybit("users must confirm the project's risk disclosure document.", 170241, No.MARKET_BARRED),
    bybit("Order price cannot be lower than 0.0025, the price limitation.", 170371, No.PRICE_BAND),
    bybit("Who knows.", 179999, OutcomeUnknown),
    bybit("System level frequency protection", 0, OutcomeUnknown, VenueBusy, 429),
    bybit("Insufficient balance.", 170131, OutcomeUnknown, VenueUnreachable, 500),
    Row("bybit", "address kept out", 403, "403, access too frequent", No.RATE_LIMITED, VenueBusy),
    Row("bybit", "barred country at the edge", 403, CLOUDFRONT, No.PLACE_BARRED, PlaceBarred),
    Row("bybit", "barred country", 451, "", No.PLACE_BARRED, PlaceBarred),
    Row("bybit", "taken, without an id", 200, {"retCode": 0, "retMsg": "OK", "result": {}}, OutcomeUnknown,
        AnswerNotUnderstood),
    # -- Bitget --------------------------------------------------------------------------------------------------------
    bitget("Bitget is currently unable to provide services to your region", "40000", No.PLACE_BARRED, PlaceBarred),
    bitget("ACCESS_KEY cannot be empty", "40001", No.KEY_REFUSED, KeyRefused),
    bitget("Invalid ACCESS_TIMESTAMP", "40005", No.CLOCK_SKEWED, ClockSkewed),
    bitget("Invalid ACCESS_KEY", "40006", No.KEY_UNKNOWN, KeyRefused),
    bitget("Request timestamp expired", "40008", No.CLOCK_SKEWED, ClockSkewed),
    bitget("sign signature error", "40009", No.SECRET_WRONG, KeyRefused),
    bitget("Request timed out", "40010", OutcomeUnknown),
    bitget("ACCESS_PASSPHRASE cannot be empty", "40011", No.SECRET_WRONG, KeyRefused),
    bitget("apikey/password is incorrect", "40012", No.SECRET_WRONG, KeyRefused),
    bitget("User status is abnormal", "40013", No.ACCOUNT_BARRED, KeyRefused),
    bitget("Incorrect permissions, need spot trade permissions", "40014", No.RIGHT_MISSING, KeyRefused),
    bitget("System is abnormal, please try again later", "40015", OutcomeUnknown),
    bitget("Parameter verification failed", "40017", No.MALFORMED),
    bitget("Invalid IP", "40018", No.ADDRESS_BARRED, KeyRefused),
    bitget("Parameter price cannot be empty", "40019", No.MALFORMED),
    bitget("Account has been frozen", "40024", No.ACCOUNT_BARRED, KeyRefused),
    bitget("User is disabled", "40026", No.ACCOUNT_BARRED, KeyRefused),
    bitget("passphrase is error", "40036", No.SECRET_WRONG, KeyRefused),
    bitget("Apikey does not exist", "40037", No.KEY_UNKNOWN, KeyRefused),
    bitget("The current ip is not in the apikey ip whitelist", "40038", No.ADDRESS_BARRED, KeyRefused),
    bitget("Timestamp for this request is outside of the ME receiveWindow.", "40078", No.CLOCK_SKEWED, ClockSkewed),
    bitget("You are in Unified Account mode", "40085", No.ACCOUNT_BARRED, KeyRefused),
    bitget("exchange environment is incorrect", "40099", No.ENVIRONMENT_WRONG, KeyRefused),
    bitget("Please complete KYC", "40101", No.ACCOUNT_BARRED, KeyRefused),
    bitget("Symbol does not exist", "40102", No.MARKET_UNKNOWN, VenueUnreachable),
    bitget("based on your IP address, we are unable to provide services", "40103", No.PLACE_BARRED, PlaceBarred),
    bitget("The data of the order cannot be found", "40109", OutcomeUnknown, None),
    bitget("Server upgrade, please try again later", "40200", OutcomeUnknown),
    bitget("clientOid length cannot greater than 64", "40305", No.MALFORMED),
    bitget("Service return error", "40725", OutcomeUnknown),
    bitget("The order amount exceeds the balance", "40762", No.NOT_ENOUGH_BALANCE),
    bitget("Order does not exist", "40768", OutcomeUnknown, None),
    bitget("Duplicate clientOid", "40786", DuplicateOrder),
    bitget("Parameter verification exception size checkBDScale error", "40808", No.LOT_SIZE),
    bitget("Parameter verification exception price checkBDScale error", "40808", No.TICK_SIZE),
    bitget("param price scale error error", "41103", No.TICK_SIZE),
    bitget("The current trading pair is under maintenance", "41114", No.MARKET_SUSPENDED),
    bitget("The order does not exist", "43001", OutcomeUnknown, None),
    bitget("Pending order failed", "43002", OutcomeUnknown),
    bitget("The order quantity is less than the minimum transaction quantity", "43006", No.VALUE_TOO_SMALL),
    bitget("The order quantity is greater than the maximum", "43007", No.POSITION_LIMIT),
    bitget("The current order price cannot be less than 1", "43008", No.PRICE_BAND),
    bitget("The current order price exceeds the limit 1", "43009", No.PRICE_BAND),
    bitget("The transaction amount cannot be less than 1", "43010", No.VALUE_TOO_SMALL),
    bitget("Insufficient balance", "43012", No.NOT_ENOUGH_BALANCE),
    bitget("The current trading pair is opening soon", "43115", No.MARKET_SUSPENDED),
    bitget("clientOrderId duplicate", "43118", DuplicateOrder),
    bitget("symbol is not open trade", "43120", No.MARKET_SUSPENDED),
    bitget("Request failed, please try again", "43059", OutcomeUnknown),
    bitget("less than the minimum amount 5 USDT", "45110", No.VALUE_TOO_SMALL),
    bitget("less than the minimum order quantity", "45111", No.VALUE_TOO_SMALL),
    bitget("more than the maximum order quantity", "45112", No.POSITION_LIMIT),
    bitget("The price you enter should be a multiple of 0.01", "45115", No.TICK_SIZE),
    bitget("This symbol BTCUSDT not support API trade", "22004", No.MARKET_BARRED),
    bitget("Too Many Requests", "429", No.RATE_LIMITED, VenueBusy, 429),
    bitget("Who knows.", "99999", OutcomeUnknown),
    bitget("Insufficient balance", "43012", OutcomeUnknown, VenueUnreachable, 500),
    Row("bitget", "barred country", 451, "", No.PLACE_BARRED, PlaceBarred),
    Row("bitget", "taken, without an id", 200, {"code": "00000", "msg": "success", "data": {}}, OutcomeUnknown,
        AnswerNotUnderstood),
)  # fmt: skip

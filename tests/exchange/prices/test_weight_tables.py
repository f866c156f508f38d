import pytest

from copytrading.exchange.prices.files import RecordingError, read_prices, read_weights

WEIGHTS_HEADER = "ts,trader,symbol,weight_target"


class TestReadWeights:
    def test_makes_one_row_of_each_rebalance(self, written):
        path = written(
            WEIGHTS_HEADER,
            "2021-01-01,fund,BTC-USD,0.25",
            "2021-01-01,fund,CASH,0.75",
            "2021-01-02,fund,ETH-USD,0.4",
            "2021-01-02,fund,BTC-USD,0.6",
        )

        table = read_weights(path)

        assert table.symbols == ("BTC-USDT", "ETH-USDT")
        assert table.weights.tolist() == [[0.25, 0], [0.6, 0.4]]
        assert table.cash_weights.tolist() == [0.75, 0]
        assert table.lines.tolist() == [2, 4]

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            (
                ["2021-01-01,fund,BTC-USD,0.25"],
                "line 2: The weights of this time sum to 0.250000, not to 1. Add the missing part as CASH.",
            ),
            (
                ["2021-01-01,fund,BTC-USD,1.5"],
                "line 2: weight_target '1.5' is not a weight. Write a number from 0 to 1.",
            ),
            (
                ["2021-01-01,fund,BTC-USD,0.5", "2021-01-01,fund,BTC-USDT,0.5"],
                "line 3: BTC-USDT has a weight at this time already. Keep one of the two.",
            ),
            (
                ["2021-01-02,fund,CASH,1", "2021-01-01,fund,CASH,1"],
                "line 3: The weight is older than the one above it. Sort the weights by time.",
            ),
            (
                ["2021-01-02,fund,PEPE-USDT,1"],
                "line 2: There are no prices of PEPE-USDT. Add a file that has them.",
            ),
        ],
    )
    def test_names_the_line_at_fault(self, written, lines, sentence):
        prices = read_prices(written("ts,symbol,open,high,low,close", "2021-01-01,BTC-USDT,1,1,1,1", name="prices.csv"))

        with pytest.raises(RecordingError) as refusal:
            read_weights(written(WEIGHTS_HEADER, *lines), prices=prices)

        assert str(refusal.value) == f"some.csv, {sentence}"

    def test_forgives_the_last_printed_digit(self, written):
        path = written(WEIGHTS_HEADER, "2021-01-01,fund,BTC-USD,0.333333333", "2021-01-01,fund,CASH,0.666666666")

        assert len(read_weights(path)) == 1

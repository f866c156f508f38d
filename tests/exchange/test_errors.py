from copytrading.exchange.errors import OrderRejected, RejectionCode


class TestOrderRejected:
    def test_reads_as_its_sentence_and_carries_its_code(self):
        refusal = OrderRejected(RejectionCode.LOT_SIZE, "3 is not a whole number of lots.")

        assert str(refusal) == "3 is not a whole number of lots."
        assert refusal.code == "LOT_SIZE"

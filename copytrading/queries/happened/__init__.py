"""What happened, in order and in words: receipts, the stream of them, the sentences and the rows behind them."""

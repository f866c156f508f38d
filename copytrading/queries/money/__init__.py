"""What a person reads of their money: the wallet, orders by hand, the books of an account."""

"""How each exchange says what the fake venue knows."""

"""Where prices come from: a simulated market, or recordings; and the files that recordings are read from."""

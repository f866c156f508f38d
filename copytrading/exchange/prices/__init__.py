"""Where prices come from: a simulated market, or recordings played back."""

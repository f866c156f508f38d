"""The main account over the API: money in and out, orders at once and at a limit."""

"""What programs are told: streams and webhooks."""

"""A campaign of its own: whoever calls webhooks is killed while events go out to a receiver that fails."""

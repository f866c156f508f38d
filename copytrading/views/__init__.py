"""What the portal answers: look up, one call into a service, render the part for HTMX and the whole page otherwise."""

"""What somebody is asked before they copy, over the API."""

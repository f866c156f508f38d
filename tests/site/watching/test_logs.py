from smartsync_site.watching.logs import hide_secrets


class TestHideSecrets:
    def test_blanks_what_is_nobodys_business(self) -> None:
        event = hide_secrets(None, "info", {"event": "signed in", "Password": "x", "api_key": "y", "user": 7})

        assert event == {"event": "signed in", "Password": "(hidden)", "api_key": "(hidden)", "user": 7}

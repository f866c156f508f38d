"""The platform as tools of an assistant (Model Context Protocol): each tool is one request to the API, by a key."""

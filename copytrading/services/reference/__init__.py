"""The platform's own copies: one of every lead that takes money, held by the platform itself."""

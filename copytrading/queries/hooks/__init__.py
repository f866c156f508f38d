"""Webhooks as their person sees them, and what each of them wants to be told."""

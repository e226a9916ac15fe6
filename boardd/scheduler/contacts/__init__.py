"""Contacts: what callers experience, from the first ring to the record."""

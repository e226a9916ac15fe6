"""The store: facts, contacts, records, agents. One SQLite file, one writer thread."""

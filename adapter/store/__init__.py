"""Message log, outbox, consents, audit chain and vault in SQL."""

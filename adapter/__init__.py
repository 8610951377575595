"""Sambro: records pass between care providers through one consent-gated door."""

"""Agreements, system mappings and terminology, as data."""

"""Mapping files compiled into message translators."""

"""How the definitions and examples of this package are made from their FSH sources. Not part of the wheel."""

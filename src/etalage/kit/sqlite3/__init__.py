"""Django's database back end for SQLite whose writers take turns; the name says to others which database it is."""

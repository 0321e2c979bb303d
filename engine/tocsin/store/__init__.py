"""The committed truth: tables, journal, sealed segments and their verification."""

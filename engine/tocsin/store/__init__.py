"""What is true, and the journal that proves it: tables, migrations, journal, restore, verify."""

from tocsin.store.store import Mode, Store, open_store

__all__ = ["Mode", "Store", "open_store"]

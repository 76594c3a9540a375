"""Notes the locks that each transaction of the tests takes, and which of them out of order (core/lock_order.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Delete, Engine, Select, Update, event

from regapp.core import limits
from regapp.core.db import db
from regapp.core.limits import Limit
from regapp.core.lock_order import ORDER


class Watch:
    """Listens to every engine; `wrong` says what was taken after what."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.held: WeakKeyDictionary[Connection, list[tuple[int, str]]] = WeakKeyDictionary()

    def take(self, connection: Connection, name: str, identity: str = "", *, waits: bool = True) -> None:
        """`identity` is a key, or a row's number; rows that a statement finds by itself have none."""
        held = self.held.setdefault(connection, [])
        lock = ORDER.index(name), identity
        is_held = lock in held or (not identity and lock[0] in {place for place, _ in held})
        if waits and not is_held and held and lock < max(held):
            self.wrong.append(f"{name} {identity} after {[f'{ORDER[place]} {which}' for place, which in held]}")
        held.append(lock)

    def look(self, connection: Connection, statement: Any, _many: Any, values: dict[str, Any], _options: Any) -> None:
        if isinstance(statement, Select) and statement._for_update_arg is not None:
            table = statement.get_final_froms()[0].name
            identity = f"{values['identity']:>20}" if "identity" in values else ""
            waits = not statement._for_update_arg.skip_locked
        elif isinstance(statement, Update | Delete) and statement.whereclause is not None:
            # Everything goes only when a test clears its tables.
            table, identity, waits = statement.table.name, "", True
        else:
            return
        if table in ORDER:
            self.take(connection, table, identity, waits=waits)
        elif identity:
            self.wrong.append(f"{table} has no place in the order")

    def forget(self, connection: Connection) -> None:
        self.held.pop(connection, None)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What was taken out of order so far."""
    watch, count_alone = Watch(), limits._one_at_a_time

    def note(limit: Limit, hashed: str) -> None:
        if limit.name in ORDER:
            watch.take(db.session.connection(), limit.name, hashed)
        elif not limit.name.startswith("test."):
            watch.wrong.append(f"{limit.name} has no place in the order")
        count_alone(limit, hashed)

    listeners = [("before_execute", watch.look), *((end, watch.forget) for end in ("begin", "commit", "rollback"))]
    limits._one_at_a_time = note
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield watch.wrong
    finally:
        limits._one_at_a_time = count_alone
        for name, listener in listeners:
            event.remove(Engine, name, listener)

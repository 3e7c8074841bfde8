"""Takes typed values out of a TOML table and remembers what was asked for: any other key is a problem.

One `Keys` a table, with the name of its owner ("box qr") for messages. A fault is recorded and a harmless
value handed on, so that all faults of a file are told at once. Refuses nothing itself; the caller does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from elqr.problems import Problem, Where

Raw = Mapping[str, Any]
REQUIRED = object()


class Keys:
    """One table of the file. Each method takes one type; a default says that the key may be left out."""

    def __init__(self, data: Raw, *, file: str, owner: str, problems: list[Problem]) -> None:
        self.data = data
        self.file = file
        self.owner = owner
        self.problems = problems
        self._asked: set[str] = set()
        self._inner: dict[str, list[Keys]] = {}

    def refuse(self, code: str, key: str, *, found: object, expected: str) -> None:
        """Record a fault at `key` of this table."""
        self.problems.append(
            Problem(
                code,
                f"{self.owner}.{key}" if self.owner else key,
                {
                    "file": self.file,
                    "owner": self.owner or "最上位(top level)",
                    "found": str(found),
                    "expected": expected,
                },
                Where(self.file),
            )
        )

    def _take(self, key: str, default: object, kinds: tuple[type, ...], expected: str) -> Any:
        self._asked.add(key)
        if key not in self.data:
            if default is REQUIRED:
                self.refuse("layout.missing_key", key, found="", expected=expected)
            return None
        value = self.data[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.refuse("layout.wrong_type", key, found=repr(value), expected=expected)
            return None
        return value

    def number(self, key: str, default: float | object = REQUIRED, *, least: float | None = None) -> float:
        value = self._take(key, default, (int, float), "a number")
        if value is None:
            return float(default) if isinstance(default, int | float) else 0.0
        if least is not None and value < least:
            self.refuse("layout.bad_value", key, found=value, expected=f"at least {least:g}")
        return float(value)

    def whole(self, key: str, default: int | object = REQUIRED, *, least: int = 0) -> int:
        value = self._take(key, default, (int,), "a whole number")
        if value is None:
            return default if isinstance(default, int) else least
        if value < least:
            self.refuse("layout.bad_value", key, found=value, expected=f"at least {least}")
        return int(value)

    def string(
        self, key: str, default: str | object = REQUIRED, *, choices: Sequence[str] | None = None
    ) -> str:
        value = self._take(key, default, (str,), "a text")
        if value is None:
            return default if isinstance(default, str) else (choices[0] if choices else "")
        if choices is not None and value not in choices:
            self.refuse("layout.bad_value", key, found=value, expected=" | ".join(choices))
            return choices[0]
        return str(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self._take(key, default, (bool,), "true | false")
        return default if value is None else bool(value)

    def strings(
        self, key: str, default: Sequence[str] | object = REQUIRED, *, choices: Collection[str] | None = None
    ) -> tuple[str, ...]:
        value = self._take(key, default, (list,), "a list of texts")
        if value is None:
            return () if default is REQUIRED else tuple(default)  # type: ignore[arg-type]
        if not all(isinstance(v, str) for v in value):
            self.refuse("layout.wrong_type", key, found=repr(value), expected="a list of texts")
            return ()
        if choices is not None and (others := [v for v in value if v not in choices]):
            self.refuse("layout.bad_value", key, found=", ".join(others), expected=" | ".join(choices))
        return tuple(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        value = self._take(key, (), (list,), "a list of numbers")
        if value is None:
            return ()
        if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in value):
            self.refuse("layout.wrong_type", key, found=repr(value), expected="a list of numbers")
            return ()
        return tuple(float(v) for v in value)

    def groups(self, key: str) -> tuple[tuple[str, ...], ...]:
        value = self._take(key, (), (list,), "a list of lists of texts")
        if value is None:
            return ()
        if not all(isinstance(g, list) and all(isinstance(v, str) for v in g) for g in value):
            self.refuse("layout.wrong_type", key, found=repr(value), expected="a list of lists of texts")
            return ()
        return tuple(tuple(g) for g in value)

    def table(self, key: str) -> Keys:
        """The sub-table `key`; an empty one, with a fault recorded, where it is missing."""
        if key not in self._inner:
            value = self._take(key, REQUIRED, (dict,), "a table")
            owner = f"{self.owner}.{key}" if self.owner else key
            self._inner[key] = [Keys(value or {}, file=self.file, owner=owner, problems=self.problems)]
        return self._inner[key][0]

    def tables(self, key: str, *, styles: Mapping[str, Raw] | None = None) -> list[Keys]:
        """The tables `[[key]]`, each under the `style` it names (its own keys win)."""
        value = self._take(key, (), (list,), f"tables [[{key}]]") or []
        inner: list[Keys] = []
        for place, entry in enumerate(value, 1):
            if not isinstance(entry, dict):
                self.refuse("layout.wrong_type", key, found=repr(entry), expected=f"tables [[{key}]]")
                continue
            owner = " ".join(p for p in (self.owner, key, str(entry.get("id", place))) if p)
            one = Keys(entry, file=self.file, owner=owner, problems=self.problems)
            if styles is not None:
                style = one.string("style", "", choices=("", *styles))
                one.data = {**styles.get(style, {}), **entry}
            inner.append(one)
        self._inner[key] = inner
        return inner

    def raw_tables(self, key: str) -> Mapping[str, Raw]:
        """The sub-tables of `key` by name, unread: whoever merges them reads them."""
        self._asked.add(key)
        value = self.data.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
            self.refuse("layout.wrong_type", key, found=repr(value), expected=f"tables [{key}.name]")
            return {}
        return value

    def unique(self, kind: str, names: Sequence[str]) -> None:
        """Record every name that stands twice."""
        for name, count in Counter(names).items():
            if count > 1:
                self.refuse("layout.duplicate_id", f"{kind} {name}", found=name, expected="once")

    def finish(self) -> None:
        """Record every key that nobody asked for, here and in the tables below."""
        for key in self.data:
            if key not in self._asked:
                self.refuse("layout.unknown_key", key, found=key, expected=", ".join(sorted(self._asked)))
        for inner in self._inner.values():
            for one in inner:
                one.finish()

"""What a match may ask besides the event: lists, areas and the site's time zone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from zoneinfo import ZoneInfo

from tocsin.book.book import Content, Table
from tocsin.rules.lists import VALIDITY, ListError, Members, members_of
from tocsin.rules.places import AreaIndex


@dataclass(frozen=True)
class Tables:
    """The named things of one book."""

    lists: Mapping[str, Table]
    areas: AreaIndex
    zone: ZoneInfo
    _members: dict[tuple[str, str, bool, bool], Members] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, content: Content) -> Self:
        return cls(content.lists, AreaIndex(content.areas.values()), ZoneInfo(content.site.time_zone))

    def members(self, name: str, *, fold: bool = False, plates: bool = False) -> Members:
        """The members named by ``list`` (its first column) or ``list.column``, with or without ``lists/`` before it;
        ``plates`` compares them as number plates.

        Built once for all rules that ask. Raises ListError for an unknown list or column.
        """
        listed, column = self._locate(name.removeprefix("lists/"))
        place = (listed, column, fold, plates)
        if place not in self._members:
            self._members[place] = members_of(listed, self.lists[listed], column, self.zone, fold=fold,
                                                plates=plates)
        return self._members[place]

    def _locate(self, name: str) -> tuple[str, str]:
        if name in self.lists:
            first = next((column for column in self.lists[name].columns if column not in VALIDITY), None)
            if first is None:
                raise ListError(f'list "{name}" has no column to look in: it needs one beside from and until')
            return name, first
        listed, _, column = name.rpartition(".")
        if listed not in self.lists:
            raise ListError(f'there is no list "{listed or name}": the lists are {_words(self.lists)}')
        if column not in self.lists[listed].columns:
            raise ListError(
                f'list "{listed}" has no column "{column}": its columns are {_words(self.lists[listed].columns)}'
            )
        return listed, column


def _words(names: Mapping[str, Table] | tuple[str, ...]) -> str:
    return ", ".join(names) or "none"

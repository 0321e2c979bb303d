"""What the watchdog says, in the languages of the people it says it to; the first SMS segment says what matters."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tocsin.domain.time import DAY, MINUTE, to_datetime
from tocsin.watch.position import DAMAGED, HANGS, LOCKED, MISSING, RESTARTS, STILL, UNREADABLE
from tocsin.watch.standstill import STANDS

_STANDS = {
    "uk": "УВАГА: система оповіщення стоїть з {since}, тривоги НЕ йдуть! {site}.",
    "ru": "ВНИМАНИЕ: система оповещения стоит с {since}, тревоги НЕ идут! {site}.",
    "en": "ALERT: Tocsin stands still since {since}, alarms are NOT going out! {site}.",
}
_DO = {
    "uk": "Причина: {why}. Перевірте на сервері службу tocsin; до того часу передавайте тривоги голосом. "
          "Повтор кожні 5 хв, доки не запрацює.",
    "ru": "Причина: {why}. Проверьте на сервере службу tocsin; до тех пор передавайте тревоги голосом. "
          "Повтор каждые 5 мин, пока не заработает.",
    "en": "Reason: {why}. Check the service tocsin on the server; until then pass alarms on by voice. "
          "This is repeated every 5 min until it runs.",
}
_MOVES = {
    "uk": "Система оповіщення знову працює з {until} (стояла {minutes} хв). {site}. Перевірте тривоги за цей час.",
    "ru": "Система оповещения снова работает с {until} (стояла {minutes} мин). {site}. Проверьте тревоги за это время.",
    "en": "Tocsin runs again since {until} (it stood still for {minutes} min). {site}. Check the alarms of that time.",
}
_WHY = {
    STILL: {"uk": "рушій нічого не записує", "ru": "движок ничего не записывает", "en": "the engine commits nothing"},
    MISSING: {"uk": "немає файла бази даних", "ru": "нет файла базы данных", "en": "the database file is missing"},
    LOCKED: {"uk": "базу даних заблоковано", "ru": "база данных заблокирована", "en": "the database is locked"},
    DAMAGED: {"uk": "базу даних пошкоджено", "ru": "база данных повреждена", "en": "the database is damaged"},
    UNREADABLE: {"uk": "базу даних не прочитати", "ru": "базу данных не прочитать", "en": "the database is unreadable"},
    RESTARTS: {"uk": "рушій падає і запускається знову і знову", "ru": "движок падает и запускается снова и снова",
               "en": "the engine falls over and is started again and again"},
    HANGS: {"uk": "диск не відповідає", "ru": "диск не отвечает", "en": "the disk does not answer"},
}
_PRACTICE = {"uk": "[НАВЧАННЯ] ", "ru": "[УЧЕНИЯ] ", "en": "[PRACTICE] "}


def head_and_rest(what: str, language: str, *, site: str, zone: str, since: int, until: int = 0, why: str = STILL,
                  practice: bool = False) -> tuple[str, str]:
    """The one line that says it, and what to do ("" for good news); ``since`` and ``until`` are instants UTC, and
    while it stands still ``until`` is the present.

    A language that is not among uk, ru and en is told in English.
    """
    tongue = language if language in _STANDS else "en"
    mark = _PRACTICE[tongue] if practice else ""
    place = ZoneInfo(zone)
    if what == STANDS:
        return (mark + _STANDS[tongue].format(since=_time(since, place, until), site=site),
                _DO[tongue].format(why=_WHY.get(why, _WHY[STILL])[tongue]))
    minutes = max(1, round((until - since) / MINUTE))
    return mark + _MOVES[tongue].format(until=_time(until, place, until), minutes=minutes, site=site), ""


def _time(instant: int, zone: ZoneInfo, beside: int) -> str:
    moment: datetime = to_datetime(instant).astimezone(zone)
    return moment.strftime("%H:%M" if not beside or abs(beside - instant) < DAY // 2 else "%d.%m %H:%M")

"""The what-if tables of the pages: each row is a rule test of the page's own example, or a test that is named here."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from tocsin.app.trials import try_content
from tocsin.book.content import read_content
from tocsin.settings import load_settings

ROOT = Path(__file__).parents[3]
PLAYED = ("operations.md", "places.md", "events.md", "tests.md")
"""Pages whose examples are files; the rows of their tables are the names of the tests in these files."""

_SILENCES, _ICS = "tests/unit/gates/test_silences.py", "tests/unit/gates/test_ics.py"
_NIGHTS, _FEED = "tests/unit/roster/test_both_nights.py", "tests/unit/reports/test_feed.py"
_IMPORT = "tests/unit/roster/test_imports.py"
_HANDOVER = "tests/unit/core/test_handover.py"
_COVERAGE, _ONCALL = "tests/unit/roster/test_coverage.py", "tests/unit/roster/test_oncall.py"
_CONTENT = "tests/unit/book/test_content.py"
_REAL = "tests/acceptance/test_silence.py"
NAMED = {
    "silences.md": {
        "it ends, or an operator ends it": (_SILENCES, "test_when_it_ends_the_unanswered_incident_starts_at_step_one"),
        "an incident runs already": (_SILENCES, "test_it_stops_what_runs_and_starts_it_anew_at_its_end"),
        "the severity rises beyond what is silenced": (_SILENCES, "test_a_rise_beyond_the_silenced_severity_is_told"),
        "somebody answers in silence": (_SILENCES, "test_an_incident_answered_in_silence_stays_silent"),
        "several match": (_SILENCES, "test_the_longest_of_several_counts"),
        "an event comes at the very end": (_SILENCES, "test_an_event_at_the_very_end_is_silenced_and_told_at_once"),
        "the rule, or a field of its key, does not exist": (_SILENCES, "test_what_could_never_match_is_refused"),
        "the rule has no `escalate_to` (a state)": (_SILENCES, "test_what_could_never_match_is_refused"),
        "it has no end, no reason, or nothing to match": (
            _SILENCES, "test_what_is_no_silence_is_refused_with_a_sentence"),
        "it would last longer than 31 days": (_SILENCES, "test_what_could_never_match_is_refused"),
        "the silenced incident is asked about by another rule's `unless`": (
            _SILENCES, "test_an_incident_whose_own_notices_are_silenced_does_not_inhibit"),
        "the rule is removed meanwhile": (_SILENCES, "test_a_rule_removed_in_silence_still_finds_its_people"),
        "the engine does not run": (_REAL, "test_the_command_says_what_is_wrong"),
    },
    "rosters.md": {
        "a `from` or `to` falls into the hour that a clock change skips": (
            _CONTENT, "test_a_time_that_the_clocks_skip_is_refused_and_one_that_comes_twice_stated"),
        "a `from` or `to` falls into the hour that comes twice": (
            _CONTENT, "test_a_time_that_the_clocks_skip_is_refused_and_one_that_comes_twice_stated"),
        "a hand-over falls into the hour that is skipped": (
            _NIGHTS, "test_a_hand_over_in_the_missing_hour_is_at_the_change"),
        "a hand-over falls into the hour that comes twice": (
            _NIGHTS, "test_a_hand_over_in_the_repeated_hour_is_at_the_first"),
        "`--at` falls into one of them": (_FEED, "test_oncall_takes_local_times_and_states_both_nights"),
        "somebody is away and nobody stands in": (
            _COVERAGE, "test_an_absence_without_stand_in_is_a_gap_in_the_turns_of_that_person"),
        "the stand-in is away too": (_ONCALL, "test_a_stand_in_who_is_away_hands_on_and_a_circle_is_nobody"),
        "the one who overrides is away": (_ONCALL, "test_who_overrides_may_be_away_too"),
        "two overrides hold at once": (_COVERAGE, "test_of_two_overrides_at_once_the_later_is_said_to_count"),
        "an override names somebody who is not on duty then": (
            _COVERAGE, "test_an_override_for_somebody_who_is_not_on_duty_then_changes_nothing"),
        "one person is on duty in two rotations at once": (
            _COVERAGE, "test_one_person_in_two_rotations_at_once_counts_once"),
        "a person stays for several turns in a row": (_NIGHTS, "test_shifts_are_joined_where_one_person_stays"),
        "an alarm comes just before a hand-over": (
            _HANDOVER, "test_an_alarm_in_the_minute_of_the_hand_over_reaches_both"),
        "nobody answers over a hand-over": (
            _HANDOVER, "test_the_steps_go_on_in_their_time_and_ask_who_is_on_duty_then"),
        "the old shift has taken it": (_HANDOVER, "test_what_somebody_has_is_handed_on_with_their_name"),
        "there are many open incidents": (_HANDOVER, "test_many_open_incidents_are_no_flood"),
        "the incident is silenced or closed, or was asked by way of another schedule": (
            _HANDOVER, "test_a_service_by_its_schedule_hands_on_and_closed_or_silenced_incidents_do_not"),
        "the one who comes was asked already": (
            _HANDOVER, "test_a_person_who_was_asked_already_is_not_asked_again_by_the_hand_over"),
        "the engine does not run at a hand-over": (
            "tests/scenarios/test_hand_over.py", "test_power_that_fails_over_a_hand_over"),
        "it does not run for many hand-overs": (
            _HANDOVER, "test_hand_overs_during_a_downtime_are_told_once_with_their_times"),
        "a change of the files puts somebody else on duty now": (
            _HANDOVER, "test_a_changed_roster_is_told_at_once_and_once"),
        "the engine starts, or a schedule is new": (
            _HANDOVER, "test_both_are_told_at_the_hand_over_and_nobody_before_it"),
        "a calendar names somebody who is unknown, or a name that two people have": (
            _IMPORT, "test_who_is_unknown_is_an_error_with_its_line_and_the_way_out"),
        "a calendar's time falls into the hour that is skipped, or comes twice": (
            _IMPORT, "test_a_time_that_the_clocks_skip_is_refused_and_one_that_comes_twice_stated"),
        "an event has no time zone, or is a whole day": (_IMPORT, "test_whole_days_and_utc"),
        "an occurrence of a series is moved, cancelled or given to somebody else": (
            _IMPORT, "test_series_with_moved_cancelled_and_given_away_occurrences"),
        "a guest is a room, or has declined": (_IMPORT, "test_guests_name_people_by_their_e_mail"),
        "the calendar is missing, empty or broken": (
            _IMPORT, "test_files_that_are_not_there_wrong_or_imported_by_nobody"),
        "a calendar is written anew and says the same": (
            _IMPORT, "test_what_is_told_by_the_calendar_alone_makes_no_new_book"),
        "a calendar lies on a disk that tells nobody of changes": (
            "tests/unit/app/test_reloader.py",
            "test_a_calendar_that_somebody_lays_into_the_folder_is_seen_by_looking"),
        "somebody is named by calendars alone": (
            _IMPORT, "test_a_home_with_a_folder_of_calendars_reaches_its_people"),
        "a link is changed to another feed or person": (_FEED, "test_a_link_opens_the_one_feed_to_the_one_person"),
        "a person leaves, or gets another `feed:`": (
            _FEED, "test_a_link_ends_with_the_person_and_with_another_feed_text"),
        "turns are very short": (_FEED, "test_turns_of_minutes_do_not_make_an_endless_feed"),
    },
    "words/gates.md#Calendars from a calendar program": {
        "an event has no time zone": (_ICS, "test_zones"),
        "an event is a whole day": (_ICS, "test_a_day_is_a_whole_day_of_the_site_and_the_last_one_is_outside"),
        "an event of a rule comes exactly at `DTEND`": (
            _ICS, "test_open_while_an_event_lasts_recurrences_and_exceptions_included"),
        "a series has exceptions (`EXDATE`), moved or cancelled occurrences": (
            _ICS, "test_a_moved_and_a_cancelled_occurrence"),
        "an event is cancelled (`STATUS:CANCELLED`)": (_ICS, "test_a_moved_and_a_cancelled_occurrence"),
        "the last event is over": (_ICS, "test_what_never_shuts_and_what_is_over"),
        "an event has no length": (_ICS, "test_an_event_without_length_is_a_warning"),
        "something cannot be read, or recurs more often than daily": (
            _ICS, "test_what_is_wrong_is_named_with_its_line"),
    },
}


def text_of(page: str) -> str:
    """A page, or the part of it under one heading."""
    path, _, heading = page.partition("#")
    text = (ROOT / "docs" / path).read_text("utf-8")
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0] if heading else text


def rows(page: str) -> list[str]:
    """The first cells of the page's what-if tables."""
    found: list[str] = []
    for table in re.findall(r"^\| what if \| then \|\n\|---\|---\|\n((?:\|.*\n?)+)", text_of(page), re.MULTILINE):
        found += [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()]
    return found


@pytest.mark.parametrize("page", NAMED)
def test_each_row_names_a_test_that_is_there(page: str) -> None:
    assert rows(page) == list(NAMED[page])
    for path, name in NAMED[page].values():
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        assert name in {node.name for node in tree.body
                        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}, f"{path}: {name}"


@pytest.mark.parametrize("page", PLAYED)
def test_each_row_is_a_test_of_the_pages_own_files(page: str, tmp_path: Path) -> None:
    """The files of the page, with the starter's contacts: no finding, and what each test expects happens."""
    shutil.copytree(ROOT / "contacts", tmp_path / "contacts")
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    shutil.copy(ROOT / "config.yaml", tmp_path)
    for block in re.findall(r"^```(?:yaml|text)\n(.*?)^```", text_of(page), re.DOTALL | re.MULTILINE):
        place, _, body = block.partition("\n")
        path = tmp_path / place.removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, "utf-8")
    settings = load_settings(tmp_path / "config.yaml", environ={}, require_secrets=False)
    content, findings = read_content(tmp_path, settings)
    ours = [str(finding) for finding in findings if not finding.where.path.startswith("contacts/")]
    assert ours == []
    assert rows(page) == [test.name for rule in content.rules for test in rule.tests]
    assert [problem for outcome in try_content(content) for problem in outcome.problems] == []

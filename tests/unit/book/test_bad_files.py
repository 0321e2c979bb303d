"""What lies in a home instead of a good file: a sentence each, in bounded time, and the rest is read."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.book.content import find_problems, read_all
from tocsin.cli.init import starter
from tocsin.domain.errors import SettingsError, TocsinError
from tocsin.settings import Settings, load_settings

GOOD = ("rules: [{rule: good, when: {event: {type: x}}, tests: [{name: n, events: [{+0s: {type: y}}], "
        "expect: nothing}]}]")


def rules_of(home: Path) -> tuple[list[str], str]:
    """The rules that were read, and every finding."""
    content, findings = read_all(home, Settings())
    return [rule.id for rule in content.rules], "\n".join(str(finding) for finding in findings)


@pytest.fixture
def good(home) -> Path:
    return home({"rules/good.yaml": GOOD})


def test_rules_behind_a_linked_folder_are_read_once(good, tmp_path):
    """As mounted configurations have them; a loop of links ends."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/more.yaml").write_text(GOOD.replace("good", "more"))
    (good / "rules/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/loop").symlink_to(good / "rules")
    assert rules_of(good) == (["good", "more"], "")


def test_a_link_to_itself_or_to_nothing_is_an_error(good):
    (good / "rules/a.yaml").symlink_to(good / "rules/b.yaml")
    (good / "rules/b.yaml").symlink_to(good / "rules/a.yaml")
    (good / "rules/c.yaml").symlink_to(good / "nowhere.yaml")
    found, said = rules_of(good)
    assert found == ["good"]
    assert "rules/a.yaml: error: the file cannot be read: Too many levels of symbolic links" in said
    assert "rules/c.yaml: error: the file cannot be read: No such file" in said


def test_a_pipe_is_not_waited_for(good):
    """Reading one would wait for a writer for ever."""
    os.mkfifo(good / "rules/pipe.yaml")
    assert "rules/pipe.yaml: error: the file cannot be read: it is no plain file" in rules_of(good)[1]


def test_a_folder_called_like_a_file_is_a_folder(good):
    (good / "rules/deep.yaml").mkdir()
    (good / "rules/deep.yaml/more.yaml").write_text(GOOD.replace("good", "more"))
    assert rules_of(good)[0] == ["more", "good"]


@pytest.mark.parametrize("folder", ["rules", "contacts", "templates"])
def test_a_file_where_a_folder_belongs_is_an_error(tmp_path, folder):
    (tmp_path / folder).write_text("x")
    assert f"{folder}: error: this must be a folder" in rules_of(tmp_path)[1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_an_error(good):
    (good / "rules/secret.yaml").write_text(GOOD)
    (good / "rules/secret.yaml").chmod(0)
    assert "rules/secret.yaml: error: the file cannot be read: Permission denied" in rules_of(good)[1]


BYTES = {
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.replace("good", "more").encode(), ""),
    "the line ends of Windows": (GOOD.replace("good", "more").replace("[{rule", "\r\n  [{rule").encode() + b"\r\n", ""),
    "UTF-16": (GOOD.encode("utf-16"), "not UTF-8"), "zero bytes": (GOOD.encode() + b"\0", "invisible character U+0000"),
    "a long text": (GOOD.replace("rule: good", f"rule: more, advice: {'x' * 1_000_000}").encode(), "more than 20000"),
    "a number that is none": (GOOD.replace("type: x", "v: {above: .nan}").encode(), "number belongs"),
    "a number without end": (GOOD.replace("type: x", "v: {above: .inf}").encode(), "number belongs"),
    "a number of 400 digits": (GOOD.replace("type: x", "v: {above: 1" + "0" * 400 + "}").encode(), "error"),
    "deep brackets": (b"rules: " + b"[" * 5000, "error"),
    "a duration of ages": (GOOD.replace("type: x}", "type: x}, for: 99999999999999999999 d").encode(), "error"),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_of_every_kind(good, name):
    """Read as what they are, or refused with the place; the good file is read all the same."""
    body, sentence = BYTES[name]
    (good / "rules/other.yaml").write_bytes(body)
    found, said = rules_of(good)
    assert "good" in found
    assert sentence in said
    if sentence:
        assert "rules/other.yaml:" in said
    else:
        assert (found, said) == (["good", "more"], "")


def line(number, when="event: {type: x}"):
    return f"  - {{rule: r{number}, when: {{{when}}}, per: [site]}}\n"


LARGE = {
    "a chain of rules": ("".join(line(n, f"incident: r{n - 1}") for n in range(1, 1_200)) + line(0), ""),
    "a circle of rules": ("".join(line(n, f"incident: r{(n - 1) % 1200}") for n in range(1_200)),
                          "in a circle: r0 → r1199 → r1198 → r1197 → r1196 → r1195 → r1194 → r1193 → r1192 → r1191 → "
                          "1190 more → r0: one of them"),
    "a thousand unknown keys": ("".join(line(n).replace("per:", f"pre{n}:") for n in range(1_000)),
                                'the key "pre999" is unknown'),
    "ten thousand traps": ("  - a: b: c\n" * 10_000, "error"),
    "ten thousand open brackets": ("  - [\n" * 10_000, "error"),
    "an alias bomb": (line(0) + "  - &a [x, x, x, x]\n" + "  - &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n" * 9, "error"),
    "a pattern that doubles": (line(0, "event: {type: x, v: {matches: '((a{900}){900})'}}"), "the pattern"),
    "a text from right to left": (line(0).replace("rule:", 'say: "a\u202eb", rule:'), "U+202E"),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_and_hostile_files_are_read_or_refused_with_a_sentence(good, name):
    """The good file beside them is read all the same."""
    text, sentence = LARGE[name]
    (good / "rules/other.yaml").write_text("rules:\n" + text)
    found, said = rules_of(good)
    assert "good" in found
    assert sentence in said
    assert bool(sentence) == ("error" in said)


def test_a_list_whose_first_line_is_no_line_of_names_is_refused(good):
    (good / "rules/lists").mkdir(exist_ok=True)
    (good / "rules/lists/a.csv").write_text(",".join(map(str, range(50_000))) + "\n")
    assert "names 50000 columns, more than 200" in rules_of(good)[1]


FAR = [
    ("schedules: {a: {rotations: [{people: [x], turn: 1 d, from: 9999-12-31}]}}", "too far away"),
    ("schedules: {a: {rotations: [{people: [x], turn: 1 d, from: 0001-01-01}]}}", "too far away"),
    ("people: {a: {name: A, away: [{from: 2026-01-01, to: 9999-12-31}]}}", "too far away"),
    ("schedules: {a: {rotations: [{people: [x], turn: 1 ms, from: 2026-01-01}]}}", "a minute or more"),
    ("schedules: {a: {rotations: [{people: [x], turn: 99999999 years, from: 2026-01-01}]}}", "error"),
]


@pytest.mark.parametrize("text, sentence", FAR)
def test_times_at_the_ends_of_the_calendar_are_refused(home, text, sentence):
    assert sentence in "\n".join(str(one) for one in find_problems(home({"contacts/a.yaml": text}), Settings()))


def test_a_config_that_is_a_folder_or_a_pipe_is_a_sentence(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    for path, said in ((tmp_path, "it is a folder"), (tmp_path / "pipe.yaml", "no plain file")):
        with pytest.raises(SettingsError, match=said):
            load_settings(path, environ={})


STARTER = starter()
NAMES = sorted(path.relative_to(STARTER).as_posix() for part in ("config.yaml", "rules", "contacts", "templates")
               for path in ((STARTER / part).rglob("*") if (STARTER / part).is_dir() else [STARTER / part])
               if path.is_file())
PIECES = st.one_of(
    st.sampled_from([*" \n\t:-#{}[],&*!|>'\"%@`?~<=.0\u00a0\x00\\", "{{", "}}", "{%", "${", "a: b", "- ", ": ", " #",
                     "null", "9999-12-31", ".nan", "1e999", "99999999999 d", "-1", "rules:", "people:", "\r\n", "---\n",
                     "[]", "{}", "lists/x.y", "true", "commander", "any", "board"]), st.text(max_size=3))


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("spoilt") / "home"
    home.mkdir()
    for part in ("config.yaml", "rules", "contacts", "templates"):
        (shutil.copytree if (STARTER / part).is_dir() else shutil.copyfile)(STARTER / part, home / part)
    return home


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_starter_with_mistakes_gives_findings_with_places_and_nothing_else(spoilt, data):
    """Any file of it with pieces put in, taken out or exchanged: no other exception, every place in a file."""
    name = data.draw(st.sampled_from(NAMES))
    text = (STARTER / name).read_text("utf-8")
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        text = text[:start] + data.draw(PIECES) + text[start + data.draw(st.integers(0, 12)):]
    (spoilt / name).write_text(text, "utf-8", "surrogatepass")
    try:
        site = load_settings(spoilt / "config.yaml", environ={}, require_secrets=False)
        findings = read_all(spoilt, site)[1]
    except SettingsError as error:
        findings = error.findings
    except TocsinError:
        raise AssertionError("the files alone never end a command") from None
    finally:
        shutil.copyfile(STARTER / name, spoilt / name)
    assert all(finding.text and finding.where.path for finding in findings)
    assert all(finding.where.line for finding in findings if finding.where.path.endswith(".yaml")
               and "cannot be read" not in finding.text and "name of this file" not in finding.text)

"""YAML's traps, each with a sentence of its own: what looks right to people and reads as something else."""

import re
from itertools import pairwise

import yaml
from msgspec import Struct

from tocsin.book.node import Node, Scalar, Span
from tocsin.domain.errors import Finding, Location

COMPARISONS = {">=": "at_least", "<=": "at_most", ">": "above", "<": "below", "==": "is", "!=": "not", "=": "is"}
_COMPARISON = re.compile(r"""((?:^|[:\-\[{,])\s*)(>=|<=|==|!=|>|<|=)\s*("[^"]*"|'[^']*'|[^\s,}\]#]+)""")
_SUSPICIOUS = re.compile("[*\t\u00a0]|\\{\\{|\\}\\}")
COMMENT_IN_TEXT = re.compile(r"[ \t]+#(?![\s#=-]|$)")
_STAR_TYPE = re.compile(r"[\w.-]*\.\*")
_SEGMENTS = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'')
_KEY = re.compile(r"""^(\s*(?:- +)*(?:"[^"]*"|'[^']*'|[^\s"'\[{#][^:#]*?)\s*:[ \t]+)(\S.*)$""")
_TIGHT = re.compile(r"[\w.+-]+:(?=[{\[\"'x])")
_GLUED = re.compile(r"^(\s*(?:- +)*)([\w.-]+):((?!//)\S.*)$")


class Trap(Struct, frozen=True):
    """What the parser stumbled over: the finding, the index of the line, and that whole line repaired or ""."""

    finding: Finding
    line: int
    repaired: str = ""


def quoted(text: str) -> str:
    """The text as a double-quoted scalar, or single-quoted where that needs no escapes."""
    if "\\" in text or '"' in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def check_plain(node: Scalar, line: str, span: Span, flow: bool, found: list[Finding]) -> None:
    """Errors for an unquoted value that reads otherwise than it looks; each shows the repaired line."""
    where, text, start = node.where, node.text, span.column
    gap = _has_tab_before(start, line)
    if not node.comment and not gap and span.line == span.end_line and _SUSPICIOUS.search(text) is None:
        return

    def refuse(sentence: str, old: str, new: str) -> None:
        repaired = line[:start] + new + line[start + len(old):] if old and line.startswith(old, start) else ""
        found.append(Finding(where, sentence, "error", repaired.strip()))

    if node.comment and COMMENT_IN_TEXT.match(node.comment):
        if text:
            whole = (text + node.comment).strip()
            refuse(f'everything after " #" is lost here, only "{text}" would remain: put the whole text in quotes '
                   "(a comment has a space after its #)", "" if flow else whole, quoted(whole))
        elif ":" in line[:start]:
            column = line.index("#", start)
            found.append(Finding(Location(where.path, where.line, column + 1),
                                 "the value begins with # and would be lost as a comment: put it in quotes", "error",
                                 (line[:column] + quoted(line[column:].rstrip())).strip()))
    elif span.line != span.end_line and text:
        old = "" if flow else line[start:].rstrip()
        if (glued := _GLUED.match(line)) and start == len(glued[1]):
            found.append(_no_space(where, glued).finding)
            return
        refuse("unquoted text goes on over the next line: "
               + ("a comma or the closing bracket is missing before it" if flow else "put it in quotes on one line, or "
                  "indent what follows like the key above it"), old, quoted(old))
    elif "{{" in text or "}}" in text:
        refuse("text with {{ }} stands in quotes, for YAML takes braces for a mapping", text, quoted(text))
    elif "*" in text and not _STAR_TYPE.fullmatch(text):
        refuse(f'"{text}" holds a *, which stands for nothing outside quotes: write like: {quoted(text)} for '
               "any characters, or quotes alone for the star itself", text, quoted(text))
    elif "\t" in text or gap:
        found.append(Finding(where, "a tab stands in this line: use spaces", "error", line.replace("\t", " ").strip()))
    elif "\u00a0" in text:
        refuse("a non-breaking space stands in unquoted text: write an ordinary space, or put the text in quotes",
               text, text.replace("\u00a0", " "))


def _has_tab_before(column: int, line: str) -> bool:
    """Whether a tab stands between a value and what is before it on the line."""
    while column > 0 and line[column - 1:column] in (" ", "\t"):
        column -= 1
        if line[column] == "\t":
            return True
    return False


def check_block(line: str, span: Span, where: Location, found: list[Finding]) -> None:
    """Refuse ``above: >5``: a folded text with an indentation indicator, never what was meant."""
    if re.match(r"[+-]?\d", line[span.column + 1:]):
        found.append(Finding(where, f'"{line[span.column:].strip()}" begins a folded text in YAML: write a comparison '
                                    "as {above: 5}", "error", _repair_comparison(line).strip()))


def is_glued(key: Scalar, value: Node, lines: list[str], found: list[Finding]) -> bool:
    """Refuse ``{a:b}``, which YAML reads as a key "a:b" without a value, and ``{a}``."""
    if not isinstance(value, Scalar) or value.text or not value.plain or not key.plain:
        return False
    line = lines[key.where.line - 1]
    if ":" in key.text and value.where.column == key.where.column + len(key.text):
        name, _, rest = key.text.partition(":")
        start = key.where.column - 1
        repaired = line[:start] + f"{name}: {rest}" + line[start + len(key.text):]
        found.append(Finding(key.where, f'"{key.text}" has no space after the colon, so YAML takes all of it for a '
                                        f'name: write {name}: {rest}', "error", repaired.strip()))
        return True
    if value.where == Location(key.where.path, key.where.line, key.where.column + len(key.text)):
        found.append(Finding(key.where, f'"{key.text}" has no value: write {key.text}: and the value, or [ ] around a '
                                        "list instead of { }"))
        return True
    return False


def refuse_key(where: Location, lines: list[str], found: list[Finding]) -> None:
    """Refuse a mapping or list used as a name; nearly always unquoted ``{{ name }}``."""
    line = lines[where.line - 1] if where.line <= len(lines) else ""
    braces = line.find("{{")
    if 0 <= braces <= where.column:
        found.append(Finding(Location(where.path, where.line, braces + 1),
                             "text with {{ }} stands in quotes, for YAML takes braces for a mapping", "error",
                             _quote_value(line).strip()))
    else:
        found.append(Finding(where, "a list or mapping cannot be a name: write name: value"))


def refuse_alias(path: str, lines: list[str], span: Span, found: list[Finding]) -> Scalar:
    """Refuse ``*12``; gives the text that was probably meant, so that reading goes on."""
    where = span.place(path)
    line = lines[span.line]
    text = line[span.column:span.end_column].rstrip()
    repaired = line[:span.column] + quoted(text) + line[span.column + len(text):]
    found.append(Finding(where, f'a * at the beginning refers to another place in YAML: put "{text}" in quotes '
                                f'(for a pattern write like: "{text}"); references are not used here', "error",
                         repaired.strip()))
    return Scalar(text, where, plain=False)


def refuse_extra(path: str, lines: list[str], span: Span, found: list[Finding]) -> None:
    """Refuse anchors (``&x``) and tags (``!x``), ``!= 5`` among them."""
    line = lines[span.line]
    rest = line[span.column:]
    repaired = _quote_value(line)
    if rest.startswith("!="):
        text, repaired = "a comparison is written with a word: {not: 5}", _repair_comparison(line)
    elif rest.startswith("&"):
        text = ("a & at the beginning names a place for references in YAML, which are not used here: "
                f'put "{rest.split()[0]}" in quotes or delete it')
    else:
        text = "a ! at the beginning is a tag in YAML, which is not used here: put the text in quotes"
    found.append(Finding(span.place(path), text, "error", repaired.strip()))


def explain(path: str, lines: list[str], error: yaml.YAMLError) -> Trap:
    """The parser's complaint as a sentence to the person who wrote the line."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    context = getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it is malformed")
    number = min(mark.line, len(lines) - 1) if mark is not None else 0
    column = mark.column if mark is not None else 0
    if "unexpected end of stream" in problem and context is not None:
        return _trap(path, lines, context.line, context.column, "the quote opened here is never closed")
    if "could not find expected ':'" in problem and context is not None:
        return _no_colon(path, lines, context.line, context.column)
    if "flow" in str(getattr(error, "context", "")) and context is not None:
        return _explain_flow(path, lines, number, column, context)
    return _explain_line(path, lines, number, column, problem)


def _trap(path: str, lines: list[str], number: int, column: int, text: str, repaired: str = "") -> Trap:
    number = min(number, len(lines) - 1)
    changed = repaired if repaired.strip() and repaired != lines[number] else ""
    return Trap(Finding(Location(path, number + 1, min(column, len(lines[number])) + 1), text, "error",
                        changed.strip()), number, changed)


def _explain_line(path: str, lines: list[str], number: int, column: int, problem: str) -> Trap:
    line = lines[number]
    bare = _SEGMENTS.sub(lambda found: "x" * len(found[0]), line)
    if "escape" in problem or "hexdecimal" in problem:
        for segment in _SEGMENTS.finditer(line):
            if segment[0][0] == '"' and segment.start() <= column < segment.end():
                inner = segment[0][1:-1].replace('\\"', '"')
                repaired = line[:segment.start()] + "'" + inner.replace("'", "''") + "'" + line[segment.end():]
                return _trap(path, lines, number, line.rfind("\\", 0, column + 1), 'a backslash inside "…" begins an '
                             "escape: write the text in single quotes, where it stands for itself", repaired)
    comparison = _COMPARISON.search(bare)
    if comparison is not None and abs(comparison.start(2) - column) <= len(comparison[2]) + 1:
        text = comparison[2]
        repaired = _repair_comparison(line)
        return _trap(path, lines, number, comparison.start(2), f'"{text}" is no comparison in YAML'
                     + (" but begins a folded text" if text[0] == ">" else "")
                     + f": write {{{COMPARISONS[text]}: {comparison[3]}}}, or put text in quotes", repaired)
    if "{{" in bare:
        return _trap(path, lines, number, bare.index("{{"),
                     "text with {{ }} stands in quotes, for YAML takes braces for a mapping", _quote_value(line))
    if "alias" in problem or (column < len(line) and line[column:column + 1] == "*") or re.search(r":\s+\*", bare):
        star = max(bare.rfind("*", 0, column + 1), 0)
        return _trap(path, lines, number, star, "a * at the beginning refers to another place in YAML: put the "
                     'text in quotes (for a pattern write like: "*12")', _quote_value(line))
    if "mapping values are not allowed" in problem:
        return _second_colon(path, lines, number, column)
    if column < len(line) and line[column] in "@`%" and "token" in problem:
        return _trap(path, lines, number, column, f'a text cannot begin with "{line[column]}" in YAML: put it in '
                     "quotes", _quote_value(line))
    after = _SEGMENTS.search(line)
    if after is not None and after.end() <= column and ":" in line[:after.start()]:
        return _trap(path, lines, number, column, "text goes on after the closing quote: put all of it inside one pair "
                     "of quotes (a quote mark inside '…' is written twice)", _quote_value(line))
    if "\t" in line:
        return _trap(path, lines, number, line.index("\t"), "a tab stands in this line: use spaces",
                     line.replace("\t", "  "))
    if "\u00a0" in line:
        return _trap(path, lines, number, line.index("\u00a0"), "a non-breaking space stands in this line: write an "
                     "ordinary space", line.replace("\u00a0", " "))
    if column < len(line) and line[column] in "]}":
        return _trap(path, lines, number, column, f'"{line[column]}" closes a bracket that was never opened')
    tight = [found for found in _TIGHT.finditer(bare) if line[found.end()] in "{[\"'"]
    if first := next((found for found in tight if column in (found.end() - 1, found.end())), None):
        ends = [0, *(found.end() for found in tight), len(line)]
        return _trap(path, lines, number, first.start(), f'"{first[0]}" needs a space after its colon',
                     " ".join(line[begin:end] for begin, end in pairwise(ends)))
    if "block sequence entries" in problem:
        return _trap(path, lines, number, column, 'a "- " item cannot begin after a name: write it on the next line, '
                     "or the list as [ ]")
    return _trap(path, lines, number, column, "this line does not fit the lines above it: check that its indentation "
                 "is that of its neighbours and that every name has its colon and a space")


def _explain_flow(path: str, lines: list[str], number: int, column: int, context: yaml.Mark) -> Trap:
    line = lines[min(context.line, len(lines) - 1)]
    opener = line[context.column:context.column + 1] or "{"
    bare = _SEGMENTS.sub(lambda found: "x" * len(found[0]), line)
    for opening in ("{{", "${"):
        if (braces := bare.find(opening)) >= 0:
            return _trap(path, lines, context.line, braces, f"text with {opening} stands in quotes, for YAML takes "
                         "braces for a mapping")
    if number > context.line:
        comment = COMMENT_IN_TEXT.search(bare, context.column)
        if comment is not None:
            return _trap(path, lines, context.line, comment.end() - 1, "everything after \" #\" is lost here: put the "
                         "text with # in quotes")
        return _trap(path, lines, context.line, context.column, f'the "{opener}" opened here is never closed')
    if lines[number][column:column + 1] == ":":
        return _trap(path, lines, number, column, "a second colon stands in this value: put the text with the colon in "
                     "quotes")
    return _trap(path, lines, number, column, f'a comma is missing here, or the closing bracket of the "{opener}" at '
                 f"{context.line + 1}:{context.column + 1}; text with commas, brackets or colons stands in quotes")


def _no_colon(path: str, lines: list[str], number: int, column: int) -> Trap:
    number = min(number, len(lines) - 1)
    glued = _GLUED.match(lines[number])
    if glued is not None:
        return _no_space(Location(path, number + 1, len(glued[1]) + 1), glued)
    if "\u00a0" in lines[number]:
        return _trap(path, lines, number, column, "a non-breaking space stands in this line: write an ordinary space",
                     lines[number].replace("\u00a0", " "))
    return _trap(path, lines, number, column, "this line has no colon: write name: value, or indent it under the line "
                 "that it belongs to")


def _no_space(where: Location, glued: re.Match[str]) -> Trap:
    repaired = f"{glued[1]}{glued[2]}: {glued[3]}"
    finding = Finding(where, f'"{glued[2]}:" needs a space after its colon', "error", repaired.strip())
    return Trap(finding, where.line - 1, repaired)


def _second_colon(path: str, lines: list[str], number: int, column: int) -> Trap:
    line = lines[number]
    key = _KEY.match(line)
    if key is not None and len(key[1]) < column + 1:
        return _trap(path, lines, number, column, "a second colon stands in this value: put the text in quotes",
                     _quote_value(line))
    above = next((index for index in range(number - 1, -1, -1) if lines[index].strip()), None)
    if above is not None:
        glued = _GLUED.match(lines[above])
        if glued is not None:
            return _no_space(Location(path, above + 1, len(glued[1]) + 1), glued)
        indent = len(lines[above]) - len(lines[above].lstrip())
        indent += len(lines[above][indent:]) - len(lines[above][indent:].lstrip("- "))
        return _trap(path, lines, number, len(line) - len(line.lstrip()), "this line is indented deeper than the line "
                     "above, which has a value already: indent both alike", " " * indent + line.lstrip())
    return _trap(path, lines, number, column, "a colon stands where no name can be: put text with a colon in quotes")


def _quote_value(line: str) -> str:
    """The line with all that follows its first ``name: `` in quotes; "" when that is not plain to do."""
    key = _KEY.match(line)
    if key is None:
        item = re.match(r"^(\s*- +)(\S.*)$", line)
        return item[1] + quoted(item[2].rstrip()) if item else ""
    value = key[2].rstrip()
    if value[0] in "\"'":
        closed = _SEGMENTS.match(value)
        if value[-1] == value[0] and len(value) > 1:
            value = value[1:-1]
        elif closed:
            value = closed[0][1:-1] + value[closed.end():]
    return key[1] + quoted(value)


def _repair_comparison(line: str) -> str:
    found = _COMPARISON.search(line)
    if found is None:
        return ""
    return line[:found.start(2)] + f"{{{COMPARISONS[found[2]]}: {found[3]}}}" + line[found.end():]

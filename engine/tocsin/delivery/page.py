"""Pages: the HTML of e-mails and of the answer page; every text is escaped, nothing is loaded from elsewhere."""

from collections.abc import Sequence

from tocsin.delivery.templates import escape

_STYLE = ("font-family:sans-serif;font-size:16px;line-height:1.45;color:#1a1a1a;max-width:36em;margin:0 auto;"
          "padding:16px")
_BUTTON = ("display:inline-block;padding:12px 20px;margin:6px 6px 6px 0;background:#0b5cad;color:#ffffff;"
           "text-decoration:none;border:0;border-radius:6px;font-size:16px")


def mail_page(language: str, lines: Sequence[str], link: str, label: str) -> str:
    """The HTML part of an e-mail: the first line stands out, the link is a button."""
    paragraphs = [f"<p>{escape(line)}</p>" for line in lines[1:] if line.strip()]
    button = f'<p><a href="{escape(link)}" style="{_BUTTON}">{escape(label)}</a></p>' if link else ""
    head = f"<h1 style=\"font-size:20px\">{escape(lines[0] if lines else '')}</h1>"
    return (f'<!doctype html><html lang="{escape(language)}"><body style="{_STYLE}">{head}{"".join(paragraphs)}'
            f"{button}</body></html>")


def web_page(language: str, title: str, lines: Sequence[str], buttons: Sequence[tuple[str, str]] = ()) -> str:
    """A page of its own; each button (word, label) posts ``word`` to the page's own address."""
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    form = "".join(f'<button name="word" value="{escape(name)}" style="{_BUTTON}">{escape(label)}</button>'
                   for name, label in buttons)
    if form:
        form = f'<form method="post">{form}</form>'
    return (f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">'
            f'<title>{escape(title)}</title></head><body style="{_STYLE}"><h1 style="font-size:20px">{escape(title)}'
            f"</h1>{paragraphs}{form}</body></html>")

"""Text that XML can carry: characters XML forbids are escaped reversibly, as ``_xHHHH_``.

XML 1.0 has no way to write most control characters, lone surrogates, U+FFFE and U+FFFF. They are written by
their code, as spreadsheets do; text that already looks like such a code gets its underscore escaped, so that
every string comes back as it was.
"""

from __future__ import annotations

import re

_FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
# An underscore is escaped where it would begin what reads as an escape.
_ESCAPE = re.compile(f"[{_FORBIDDEN}]|_(?=x[0-9A-Fa-f]{{4}}[_{_FORBIDDEN}])")
_UNESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_QUOTED = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)
_SPECIAL = re.compile("[&<>\r]")


def escape_forbidden(text: str) -> str:
    r"""Write the characters that XML forbids as ``_xHHHH_``; all other text stays as it is.

    Example:
        >>> escape_forbidden("bell\x07, _x0007_ and max_x")
        'bell_x0007_, _x005F_x0007_ and max_x'
    """
    return _ESCAPE.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def unescape_forbidden(text: str) -> str:
    r"""Undo `escape_forbidden`.

    Example:
        >>> unescape_forbidden(escape_forbidden("_x0041\x01")) == "_x0041\x01"
        True
    """
    return _UNESCAPE.sub(lambda found: chr(int(found.group(1), 16)), text) if "_x" in text else text


def element_text(text: str) -> str:
    r"""Content of an XML element; a carriage return becomes a reference, or a parser would read a newline.

    Example:
        >>> element_text("a < b\r")
        'a &lt; b&#13;'
    """
    return text.translate(_MARKUP) if _SPECIAL.search(text) else text


def attribute_text(text: str) -> str:
    r"""Value of an XML attribute, its double quotes included.

    Example:
        >>> attribute_text('5" disk')
        '"5&quot; disk"'
    """
    return f'"{text.translate(_QUOTED)}"'

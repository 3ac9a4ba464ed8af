"""Texts that try to be something else: written for these tests, none of them works anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desk_samples import make_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.workspace import Workspace

WRITTEN = (
    "<script>window.ran=1</script>",
    "</title><script>window.ran=2</script>",
    "</textarea></style><script>window.ran=3</script>",
    "<img src=x onerror=window.ran=4>",
    '"><img src=x onerror="window.ran=5">',
    "' autofocus onfocus='window.ran=6",
    '" onmouseover="window.ran=7" x="',
    "<svg onload=window.ran=8>",
    "<svg><animate onbegin=window.ran=9 attributeName=x dur=1s>",
    "<iframe src=javascript:window.ran=10></iframe>",
    "<iframe srcdoc='<script>parent.ran=11</script>'></iframe>",
    "javascript:window.ran=12",
    "<a href=javascript:window.ran=13>press</a>",
    "<form action=http://elsewhere.example/><button>send",
    "<base href=http://elsewhere.example/>",
    "<meta http-equiv=refresh content='0;url=http://elsewhere.example/'>",
    "<link rel=stylesheet href=http://elsewhere.example/a.css>",
    "<style>@import 'http://elsewhere.example/b.css';</style>",
    "<div style=background:url(http://elsewhere.example/c.png)>",
    "<object data=http://elsewhere.example/d.swf></object>",
    "<embed src=http://elsewhere.example/e.swf>",
    "<video src=http://elsewhere.example/f.mp4 autoplay>",
    "<math><mtext><img src=x onerror=window.ran=14></mtext></math>",
    "<!--><script>window.ran=15</script-->",
    "<![CDATA[<script>window.ran=16</script>]]>",
    "{{ 7 * 7 }}{% for x in ().__class__.__mro__ %}{{ x }}{% endfor %}",
    "${7*7} #{7*7} <%= 7*7 %>",
    '=HYPERLINK("http://elsewhere.example/";"open")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "\u202egnp.exe\u202c turned round",
    "\u2066\u202b\u202e never closed",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 left 123",
    "a\u0300\u0301\u0302" * 40,
    "\u0000nul\u0008back\u001b[31mred\u007f",
    "x" * 3_000,
    "\U0001f52b\u200d\U0001f525 \ufeffzero\u200bwidth",
    "&lt;script&gt;window.ran=17&lt;/script&gt; &#60;b&#62; &amp;amp;",
    "%3Cscript%3Ewindow.ran=18%3C/script%3E",
    "..%2f..%2fetc%2fpasswd",
    "'; DROP TABLE listings; --",
    "\r\nSet-Cookie: a=b\r\n\r\n<script>window.ran=19</script>",
    "\ud83d lone half",
)


_MARKUP = [text for text in WRITTEN if text.startswith("<") and len(text) < 90]
_AROUND = (
    '">{}',
    "'>{}",
    "`>{}",
    "</title>{}",
    "</textarea>{}",
    "</script>{}",
    "</style>{}",
    "</select>{}",
    "--><!-- {}",
    "]]>{}",
    "\\u003c{}",
    "\u200b{}\u202e",
    "<p title='{}'>",
)
HOSTILE = (*WRITTEN, *(around.format(markup) for around in _AROUND for markup in _MARKUP))
"""Those written by hand, and each markup of theirs in each place that markup may try to break out of."""


def together(texts: Sequence[str], each: int) -> list[str]:
    """The texts, `each` of them in one."""
    return [" ".join(texts[start : start + each]) for start in range(0, len(texts), each)]


def hostile_lines(texts: Sequence[str] = HOSTILE) -> list[dict[str, Any]]:
    """A listing for each text, which stands in every field a seller can write."""
    return [
        {
            "id": f"h{number}",
            "title": f"{text} pistol, new in box",
            "description": f"{text}\nCash only, no background check, {text} more available.",
            "price": 100 + number,
            "currency": "USD",
            "posted": "2026-11-01",
            "seller": {"id": f"h{number}", "name": text, "joined": text, "licence": text},
            "location": text,
            "category": text,
            "condition": text,
            "url": "javascript:window.ran=20" if number % 2 else f"http://elsewhere.example/{number}",
            "images": ["http://elsewhere.example/picture.png"],
            text[:60]: text,
        }
        for number, text in enumerate(texts)
    ]


def hostile_workspace(folder: Path, texts: Sequence[str] = HOSTILE) -> Workspace:
    """A workspace that holds nothing else."""
    return make_workspace(folder, hostile_lines(texts), site="hostile")

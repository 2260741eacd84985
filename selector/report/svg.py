"""SVG as text: elements with escaped attributes and words, and a picture with a title."""

from __future__ import annotations

from html import escape


def tag(name: str, *inner: str, **attributes: object) -> str:
    """One element; `inner` is markup already. `class_` is `class`, `text_anchor` is `text-anchor`."""
    made = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_shown(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{made}>{''.join(inner)}</{name}>" if inner else f"<{name}{made}/>"


def words(text: str, x: float, y: float, **attributes: object) -> str:
    """Text at a place."""
    return tag("text", escape(text), x=x, y=y, **attributes)


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """A line of a class of the style sheet."""
    return tag("line", class_=kind, x1=x1, y1=y1, x2=x2, y2=y2)


def picture(title: str, width: float, height: float, body: str, style: str = "", about: str = "") -> str:
    """A whole picture; `title` is what a screen reader says, `about` what it says on request."""
    named = tag("title", escape(title)) + (tag("desc", escape(about)) if about else "")
    sheet = f"<style>{style}</style>" if style else ""
    size = f"{_shown(width)} {_shown(height)}"
    return tag(
        "svg",
        named,
        sheet,
        body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {size}",
        role="img",
        aria_label=title,
    )


def _shown(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)

"""One thing that a page shows, as an output carries it from the kernel to the page."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from research.report import door, sanitize

MIME = "application/vnd.research.part+json"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


@dataclass(frozen=True)
class Part:
    """One thing that a page shows: its kind, its content, its picture, its csv."""

    kind: str
    content: dict
    svg: str | None = field(default=None, repr=False)
    csv: str | None = field(default=None, repr=False)

    def __post_init__(self):
        """Refuse words that name a customer, in the picture, too."""
        name = str(self.content.get("name", self.kind))
        door.check_texts(door.texts_of(self.content), name)
        door.check_texts(re.findall(r">([^<]+)<", self.svg or ""), name)

    def _repr_mimebundle_(self, include=None, exclude=None):
        if self.kind == "words":
            text = self.content["text"]
            return {
                MIME: {"kind": self.kind, **self.content},
                "text/markdown": text,
                "text/plain": text,
            }, {}
        picture = None
        if self.svg is not None:
            encoded = base64.b64encode(self.svg.encode()).decode()
            picture = f"data:image/svg+xml;base64,{encoded}"
        page = sanitize.environment().get_template("notebook.html.j2")
        shown = page.render(part={"kind": self.kind, **self.content}, picture=picture)
        data = {
            MIME: {"kind": self.kind, **self.content},
            "text/html": shown,
            "text/plain": f"<{self.kind}>",
        }
        metadata = {}
        if self.svg is not None:
            data["image/svg+xml"] = self.svg
            metadata["image/svg+xml"] = {"alt": self.content["alt"]}
        if self.csv is not None:
            data["text/csv"] = self.csv
            metadata["text/csv"] = {"name": self.content["name"]}
        return data, metadata


def part_of(output: Mapping) -> Part | None:
    """Read the part that an output of an executed notebook carries, if any."""
    data = output.get("data", {})
    if MIME not in data:
        return None
    content = data[MIME]
    content = dict(json.loads(content) if isinstance(content, str) else content)
    return Part(
        content.pop("kind"),
        content,
        svg=_joined(data.get("image/svg+xml")),
        csv=_joined(data.get("text/csv")),
    )


def _joined(text):
    return "".join(text) if isinstance(text, list) else text


def check_name(name):
    """Refuse a name that can not be part of a file's name and of an anchor."""
    if not _NAME.fullmatch(str(name)):
        raise ValueError(
            "A name is made of lower-case letters, digits, '-' and '_', and starts "
            f"with a letter or digit. Got {name!r}."
        )

"""A file of text as checked UTF-8, chunk by chunk, whatever it was written in."""

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from research.region.errors import InputError

CHUNK = 4_000_000
# Is told how many bytes of a file have been read, and how many it has.
Tell = Callable[[int, int], None]
# A packed file may expand to this many bytes, or to this many times its size.
MAX_EXPANDED = 50_000_000
MAX_RATIO = 200
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def raw_chunks(path: Path, tell: Tell | None = None) -> Iterator[bytes]:
    """Bytes of `path`, unpacked where it is a gzip file.

    Raises
    ------
    InputError
        If a gzip file is damaged or expands beyond what honest tables do.
    """
    size = path.stat().st_size
    told = tell or (lambda done, of: None)
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed:
            while chunk := file.read(CHUNK):
                told(file.tell(), size)
                yield chunk
            return
        total = 0
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                while chunk := unpacked.read(CHUNK):
                    total += len(chunk)
                    _refuse_bomb(path, total, file.tell())
                    told(file.tell(), size)
                    yield chunk
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{path}: a damaged gzip file ({error}); fetch it again."
            ) from None


def _refuse_bomb(path: Path, expanded: int, packed: int) -> None:
    ratio = expanded / max(packed, 1)
    if expanded > MAX_EXPANDED and ratio > MAX_RATIO:
        raise InputError(
            f"{path}: expands {ratio:,.0f} : 1 to more than "
            f"{expanded / 1e6:,.0f} MB; the limit beyond {MAX_EXPANDED / 1e6:,.0f} MB "
            f"is {MAX_RATIO} : 1. Unpack it yourself if you trust it."
        )


def encoding_of(head: bytes, whole: bool) -> tuple[str, str]:
    """Encoding of the first bytes of a file, and why it is taken for that.

    A byte-order mark decides; else text that is strictly UTF-8 is UTF-8; else text
    whose signs are those of everyday Chinese is gb18030. One damaged byte in a file
    of UTF-8 does not make it Chinese.

    Parameters
    ----------
    head : bytes
    whole : bool
        Whether `head` is the file; if not, its last sign may be cut.

    Returns
    -------
    encoding, reason : str
        `reason` is empty for plain UTF-8.

    Examples
    --------
    >>> encoding_of("户号,电量".encode("gbk"), True)[0]
    'gb18030'
    """
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding, f"byte-order mark of {encoding.upper()} honoured"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, whole)
        return "utf-8", ""
    except UnicodeDecodeError:
        pass
    try:
        text = codecs.getincrementaldecoder("gb18030")().decode(head, whole)
    except UnicodeDecodeError:
        return "utf-8", ""
    signs = [sign for sign in text[:2_000_000] if ord(sign) > 127]
    if len(signs) > 1 and sum(map(_everyday, signs)) >= 0.6 * len(signs):
        return "gb18030", "read as gb18030, for it is no UTF-8"
    return "utf-8", ""


def _everyday(sign: str) -> bool:
    try:
        return len(sign.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


def text_chunks(path: Path, encoding: str, tell: Tell | None = None) -> Iterator[bytes]:
    """Text of `path` as UTF-8 without its byte-order mark, every byte checked.

    Raises
    ------
    InputError
        Naming file, line (counted by line ends, the first is 1) and place of a byte
        that `encoding` does not know or of a NUL.
    """
    try:
        codec = codecs.lookup(encoding).name
    except LookupError:
        raise InputError(
            f"{path}: no encoding is called {encoding!r}; utf-8, gb18030 and utf-16 "
            "are known."
        ) from None
    codec = {"utf-8-sig": "utf-8", "gbk": "gb18030", "gb2312": "gb18030"}.get(
        codec, codec
    )
    chunks = raw_chunks(path, tell)
    first = next(chunks, b"")
    marks = [m for m, e in _MARKS.items() if first.startswith(m) and codec in e]
    skipped = len(marks[0]) if marks else 0
    if marks:
        codec = _MARKS[marks[0]]
    if codec == "utf-16":  # no mark: the order that Windows writes
        codec = "utf-16-le"
    decoder = codecs.getincrementaldecoder(codec)()
    line, offset = 1, skipped
    for chunk in _and_end(first[skipped:], chunks):
        held = decoder.getstate()[0]
        if codec == "utf-8" and not held and chunk.isascii():
            text = chunk
        else:
            try:
                decoded = decoder.decode(chunk, not chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(codec, "replace")
                raise InputError(
                    f"{path} line {line + good.count(chr(10))}: byte "
                    f"{error.object[error.start]:#04x} at offset "
                    f"{offset - len(held) + error.start:,} is no {codec}. Is the file "
                    "damaged, or its `encoding` another (gb18030, utf-16)?"
                ) from None
            text = chunk if codec == "utf-8" else decoded.encode()
        if b"\0" in text:
            _refuse_nul(path, line, text)
        line += text.count(b"\n")
        offset += len(chunk)
        if text:
            yield text


def _and_end(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, then an empty one at which a sign cut at the end is noticed."""
    if first:
        yield first
    yield from chunks
    yield b""


def _refuse_nul(path: Path, line: int, text: bytes) -> None:
    at = text.index(b"\0")
    often = text.count(b"\0") > len(text) / 5
    hint = "set encoding: utf-16" if often else "was the writer cut off? Write it anew"
    raise InputError(
        f"{path} line {line + text[:at].count(10)}: NUL bytes, which no text holds; "
        f"{hint}."
    )


class Body(io.RawIOBase):
    """Chunks of text as a file object, closed by one last record of our own.

    The record `mark` shows a reader that every quote was closed before it.
    `last_line_ended` says afterwards whether the file's last line had its end,
    `quoted` whether a quote has come by.
    """

    def __init__(self, chunks: Iterable[bytes], mark: bytes):
        super().__init__()
        self.last_line_ended = True
        self.quoted = False
        self._chunks = self._with_mark(chunks, mark)
        self._held = b""

    def _with_mark(self, chunks: Iterable[bytes], mark: bytes) -> Iterator[bytes]:
        for chunk in filter(None, chunks):
            self.last_line_ended = chunk.endswith((b"\n", b"\r"))
            self.quoted = self.quoted or b'"' in chunk
            yield chunk
        yield mark if self.last_line_ended else b"\n" + mark

    def readable(self) -> bool:
        """A reader may ask."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; fewer do not mean the end, none do."""
        if not self._held:
            self._held = next(self._chunks, b"")
        if size < 0:
            size = len(self._held)
        now, self._held = self._held[:size], self._held[size:]
        return now

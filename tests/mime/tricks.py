"""MIME tricks: mails that hide an attachment's name, its type or a whole part from filters.

Each Trick is a mail and what clients show of it. The hidden file is always PAYLOAD (a program by
its first bytes, a virus by the rest), so that it is to be found by content in every one of them;
`names` are the names that some client gives it, `why` says which client reads it that way. `differ`
says whether clients see different things, so that the mail must be called ambiguous.

Families of clients: *strict* ones follow RFC 2045 to 2047 and 2231 (Python's email, GMime,
JavaMail); *first* and *last* take that of several fields or parameters (first: MIME-tools, Python,
Thunderbird; last: Outlook, older webmail); *naive* ones search for `name=` and cut at the next
quote or semicolon (much webmail, older Outlook); *lenient* ones guess when they are lost (Outlook,
Apple Mail).
"""
import base64
import binascii
import os
import quopri
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lab.signatures import EICAR  # noqa: E402 (the path must be set first)

PAYLOAD = b"MZ is how programs begin. " + EICAR
B64 = base64.encodebytes(PAYLOAD)
QP = quopri.encodestring(PAYLOAD) + b"\n"
HEAD = b"MIME-Version: 1.0\n"
EXE = "evil.exe"
ATTACH = b"Content-Disposition: attachment; filename=evil.exe\n"
CTE = b"Content-Transfer-Encoding: base64\n"
OCTETS = b"Content-Type: application/octet-stream\n"
TEXT = b"Content-Type: text/plain\n\nHello.\n"
ALL = []


class Trick:
    """One mail; see above."""

    def __init__(self, name, mail, names, differ, why):
        self.name, self.mail, self.names = name, mail, names
        self.differ, self.why = differ, why


def trick(name, mail, why, names=(EXE,), differ=True):
    """Adds one."""
    ALL.append(Trick(name, HEAD + mail, list(names), differ, why))


def part(fields=OCTETS + ATTACH + CTE, body=B64):
    """A part: its fields, an empty line, its body."""
    return fields + b"\n" + body


def mixed(*parts, params=b"boundary=b", line=b"b", pre=b"", post=b""):
    """A multipart of these parts."""
    head = b"Content-Type: multipart/mixed; " + params + b"\n\n" + pre
    return (head + b"".join(b"--" + line + b"\n" + p for p in parts)
            + b"--" + line + b"--\n" + post)


def one(fields, body=B64):
    """A text and a part with these fields."""
    return mixed(TEXT, part(fields, body))


def named(value, names=(EXE,), differ=False, why="strict", what="disposition"):
    """A file name written in an odd way."""
    field = {"disposition": b"Content-Disposition: attachment; " + value + b"\n" + OCTETS,
             "type": b"Content-Type: application/octet-stream; " + value + b"\n"}[what]
    number = sum(t.name.startswith("name: ") for t in ALL) + 1
    trick(f"name: {number} {ascii(value.decode('latin-1'))}", one(field + CTE), why, names, differ)


def uu(name=b"evil.exe", data=PAYLOAD):
    """Uuencoded, as mailers did before MIME."""
    lines = [binascii.b2a_uu(data[i:i + 45]) for i in range(0, len(data), 45)]
    return b"begin 644 " + name + b"\n" + b"".join(lines) + b"`\nend\n"


def yenc(name=b"evil.exe", data=PAYLOAD):
    """One file as yEnc."""
    out = bytearray()
    for byte in data:
        c = (byte + 42) % 256
        out += bytes([61, (c + 64) % 256]) if c in (0, 10, 13, 61) else bytes([c])
    return (b"=ybegin line=512 size=%d name=" % len(data)) + name + b"\n" + out + b"\n=yend\n"


def parameters():
    """Names in parameters."""
    named(b"filename=evil.exe")
    named(b"filename=\"evil.exe\"")
    named(b"name=evil.exe", what="type", why="Outlook, Thunderbird: no Content-Disposition needed")
    named(b"filename=evil.exe", what="type", why="lenient: filename in Content-Type")
    named(b"name=evil.exe", why="lenient: name in Content-Disposition")
    named(b"filename=a.txt; filename=evil.exe", ["a.txt", EXE], True, "first and last")
    named(b"filename=evil.exe; filename=a.txt", ["a.txt", EXE], True, "first and last")
    named(b"filename=a.txt; filename=b.txt; filename=evil.exe; filename=c.txt", [EXE], True, "any")
    named(b"filename=a.txt; FILENAME=evil.exe", ["a.txt", EXE], True, "first and last")
    named(b"name=a.txt; name=evil.exe", ["a.txt", EXE], True, "first and last", "type")
    named(b"filename=a.txt; filename*=utf-8''evil.exe", ["a.txt", EXE], True, "old and strict")
    named(b"filename=evil.exe; filename*=utf-8''a.txt", ["a.txt", EXE], True, "old and strict")
    named(b"filename=a.txt; filename*0=evil; filename*1=.exe", ["a.txt", EXE], True,
          "old and strict")
    named(b"filename*=utf-8''evil%2Eexe")
    named(b"filename*=UTF-8'en-us'evil%2eexe", why="strict: a language with a hyphen")
    named(b"filename*=''evil.exe", why="strict: charset may be empty")
    named(b"filename*=evil.exe", why="lenient: no charset")
    named(b"filename*=\"utf-8''evil.exe\"", why="lenient: quotes are not allowed")
    named(b"filename*=\"=?utf-8?q?evil=2Eexe?=\"", why="lenient: encoded word with an asterisk")
    named(b"filename*=bogus-charset''evil.exe", why="lenient: unknown charset")
    named(b"filename*=utf-16be''%00e%00v%00i%00l%00.%00e%00x%00e", why="strict: UTF-16")
    named(b"filename*=utf-7''ev+AGk-l.exe", why="strict: UTF-7")
    named(b"filename*0=evil; filename*1=.e; filename*2=xe")
    named(b"filename*2=xe; filename*0=evil; filename*1=.e", why="strict: out of order")
    named(b"filename*0=evil; filename*1=.ex; filename*3=e", [EXE, "evil.ex"], True, "a gap")
    named(b"filename*1=evil; filename*2=.exe", why="lenient: counted from 1")
    named(b"filename*00=evil; filename*01=.exe", why="lenient: leading zeros")
    named(b"filename*0*=utf-8''ev; filename*1*=il%2E; filename*2=exe", why="strict: mixed")
    named(b"filename*0=\"utf-8''evil\"; filename*1*=%2Eexe", [EXE], why="lenient")
    named(b"filename*0*=utf-8''evil; filename*1*=iso-8859-1''%2Eexe", [EXE], why="a charset each")
    named(b"filename*0=a.; filename*0=evil.; filename*1=exe", ["a.exe", "evil.exe"], True,
          "first and last piece")
    named(b"filename*0=evil.; filename*1=txt; filename*1=exe", ["evil.txt", EXE], True,
          "first and last piece")
    named(b"filename*0=evil.exe; filename*10=.txt", [EXE, "evil.exe.txt"], True,
          "a gap that ends it or does not")
    named(b"filename*0=evil%2Eexe", [EXE], why="lenient: decodes although it is not marked")
    named(b"filename=evil%2Eexe", [EXE], why="webmail that decodes percent signs")
    named(b"filename=utf-8''evil%2Eexe", [EXE], why="lenient: an asterisk forgotten")
    named(b"filename=\"=?utf-8?q?evil=2Eexe?=\"", why="all: encoded word in quotes")
    named(b"filename==?utf-8?b?ZXZpbC5leGU=?=", why="all: encoded word without quotes")
    named(b"filename=\"=?utf-8?q?evil?= =?utf-8?q?=2Eexe?=\"", why="all: two encoded words")
    named(b"filename=\"=?utf-8?q?evil?=\n =?utf-8?q?=2Eexe?=\"", why="all: folded between")
    named(b"filename=\"=?utf-8*en?q?evil.exe?=\"", why="strict: RFC 2231 language")
    named(b"filename=\"=?utf-7?q?ev+AGk-l.exe?=\"", why="UTF-7 in an encoded word")
    named(b"filename=\"=?utf-16?b?/v8AZQB2AGkAbAAuAGUAeABl?=\"", why="UTF-16 in an encoded word")
    named(b"filename=\"ev=?utf-8?q?il?=.exe\"", [EXE], why="lenient: a word glued to text")
    named(b"filename*0=\"=?utf-8?q?evil\"; filename*1=\"=2Eexe?=\"", [EXE],
          why="Outlook Express: encoded word cut in pieces")
    named(b"filename=\"evil\\.exe\"", [EXE], why="strict: quoted pair")
    named(b"filename=\"e\\v\\i\\l.exe\"", [EXE], why="strict: quoted pairs")
    named(b"filename=\"a.txt\\\"; filename=evil.exe; x=\"", [EXE], why="naive: no quoted pairs",
          differ=True)
    named(b"filename=evil.exe (a comment)", [EXE, "evil.exe (a comment)"], True, "strict, naive")
    named(b"filename=(a comment) evil.exe", why="strict: comment")
    named(b"filename(c(n))=evil.exe", why="strict: nested comment")
    named(b"filename=evil.exe(.txt)", [EXE, "evil.exe(.txt)"], True,
          "strict: the comment is none; naive: part of the name")
    named(b"x=(; filename=evil.exe", [EXE], why="naive: comment without end", differ=True)
    named(b"x=((((; filename=evil.exe", [EXE], why="naive: nested comments without end",
          differ=True)
    named(b"filename=\"evil.exe", [EXE], True, why="all: quote without end")
    named(b"filename=\"evil.exe; x=y.txt", [EXE], True, "naive: quote ends at the semicolon")
    named(b"filename=\"evil.exe\".txt", [EXE, "evil.exe.txt"], True, "text behind the quote")
    named(b"filename='evil.exe'", ["'evil.exe'"], why="all: no quotes these are")
    named(b"filename=evil file.exe", ["evil file.exe"], why="lenient: blanks")
    named(b"filename=evil.exe file.txt", [EXE, "evil.exe file.txt"], True, "one word, or all")
    named(b"filename=\n evil.exe", why="strict: folded")
    named(b"filename\n =\n evil.exe", why="strict: folded")
    named(b"filename=\"evil.\n exe\"", ["evil. exe"], why="strict: folded inside quotes")
    named(b"filename=evil\texe", ["evil\texe", "evilexe"], why="a tab inside")
    named(b";;; filename=evil.exe", why="strict: empty parameters")
    named(b"=; filename=evil.exe", why="lenient: parameter without name")
    named(b"foo; filename=evil.exe", why="lenient: parameter without value")
    named(b"foo=; filename=evil.exe", why="lenient: empty value")
    named(b"\"foo\"=bar; filename=evil.exe", why="lenient: quoted name")
    named(b"size=3 filename=evil.exe", why="lenient: semicolon forgotten")
    named(b"filename=evil.exe\0.txt", [EXE, "evil.exe .txt"], True, "C strings end at NUL")
    named(b"filename=\"evil.exe\0.txt\"", [EXE, "evil.exe .txt"], True, "C strings end at NUL")
    named(b"filename=\"evil\0.exe\"", [EXE], why="NULs left out", differ=True)
    named(b"filename*=utf-8''evil.exe%00.txt", [EXE], True, "C strings end at NUL")
    named(b"filename=\"=?utf-8?q?evil.exe=00.txt?=\"", [EXE], True, "C strings end at NUL")
    named(b"filename=\"C:\\\\temp\\\\evil.exe\"", [EXE], why="all: path")
    named(b"filename=\"C:\\temp\\evil.exe\"", [EXE], why="naive: path with single backslashes")
    named(b"filename=\"../../evil.exe\"", [EXE, "../../evil.exe"], why="all: path")
    named(b"filename=\"evil.exe/\"", [EXE], why="all: path")
    named(b"filename=\"evil.exe.\"", [EXE], why="Windows takes off the dot")
    named(b"filename=\"evil.exe. . .\"", [EXE], why="Windows takes off dots and blanks")
    named(b"filename=\"evil.exe   \"", [EXE], why="all: blanks at the end")
    named(b"filename=\"  evil.exe\"", [EXE], why="all: blanks at the start")
    named(b"filename=\"evil.txt" + b" " * 200 + b".exe\"", ["evil.txt" + " " * 200 + ".exe"],
          why="all: the end is out of sight")
    named(b"filename=\"" + b"a" * 300 + b".exe\"", ["a" * 300 + ".exe"], why="all: long")
    named(b"filename=\"evil.exe:x.txt\"", [EXE], True, "Windows: a stream of evil.exe")
    named(b"filename=\"evil.exe::$DATA\"", [EXE], why="Windows: evil.exe itself", differ=True)
    named(b"filename=\"evil.exe;.txt\"", [EXE, "evil.exe;.txt"], True, "naive: ends at semicolon")
    named(b"filename*=utf-8''evil%E2%80%AEtxt.exe", ["eviltxt.exe"], why="all: seen from right")
    named(b"filename*=utf-8''evil.e%E2%80%8Bxe", [EXE], why="an invisible blank", differ=True)
    named(b"filename*=utf-8''evil.ex%C2%ADe", [EXE], why="a soft hyphen", differ=True)
    named(b"filename*=utf-8''evil.exe%0A", [EXE], why="all: line end in the name")
    named(b"filename*=utf-8''ev%0Ail.exe", [EXE], why="line end left out")
    named(b"filename=\"evil.EXE\"", ["evil.EXE"], why="all: capitals")
    named(b"FileName=evil.exe", why="all: capitals")
    named(b"filename=a.txt", ["a.txt"], why="all: the content tells")
    named(b"x=y", [], why="all: no name, the content tells")


def name_fields():
    """Names from more than one field."""
    def add(name, fields, names=(EXE,), differ=True, why=""):
        trick("fields: " + name, one(fields + CTE), why, names, differ)

    both = b"Content-Type: application/octet-stream; name=%s\n" \
           b"Content-Disposition: attachment; filename=%s\n"
    add("name and filename differ", both % (EXE.encode(), b"a.txt"), ["a.txt", EXE],
        why="Outlook prefers name, others filename")
    add("filename and name differ", both % (b"a.txt", EXE.encode()), ["a.txt", EXE],
        why="Outlook prefers name, others filename")
    add("name* and filename differ",
        both.replace(b"name=%s\n", b"name*=utf-8''%s\n", 1) % (EXE.encode(), b"a.txt"),
        ["a.txt", EXE], why="strict, Outlook")
    add("two dispositions", b"Content-Disposition: attachment; filename=a.txt\n" + ATTACH + OCTETS,
        ["a.txt", EXE], why="first and last")
    add("three dispositions", b"Content-Disposition: attachment; filename=a.txt\n" + ATTACH +
        b"Content-Disposition: inline\n" + OCTETS, why="second: clients that take any with a name")
    add("two types with names", b"Content-Type: text/plain; name=a.txt\n"
        b"Content-Type: application/octet-stream; name=evil.exe\n", ["a.txt", EXE],
        why="first and last")
    add("blank before the colon", b"Content-Disposition : attachment; filename=evil.exe\n" + OCTETS,
        why="lenient (Outlook)", differ=True)
    add("no blank behind the colon", b"Content-Disposition:attachment;filename=evil.exe\n" + OCTETS,
        differ=False, why="all")
    add("field name in capitals", ATTACH.upper().replace(b"EVIL.EXE", b"evil.exe") + OCTETS,
        differ=False, why="all")
    add("tab folded", b"Content-Disposition:\n\tattachment;\n\tfilename=evil.exe\n" + OCTETS,
        differ=False, why="all")
    add("line of blanks in the field", b"Content-Disposition: attachment;\n \n filename=evil.exe\n"
        + OCTETS, why="folding; others see the end of the header")
    add("bare CR in the field", b"Content-Disposition: attachment;\r filename=evil.exe\n" + OCTETS,
        why="a CR is a blank or a line end")
    add("bare CR before the field", b"X: y\r" + ATTACH + OCTETS, why="a CR is a line end (Outlook)")
    add("disposition without a type", b"Content-Disposition: filename=evil.exe\n" + OCTETS,
        differ=False, why="lenient")
    add("odd disposition", b"Content-Disposition: x-y; filename=evil.exe\n" + OCTETS, differ=False,
        why="all")
    add("inline", b"Content-Disposition: inline; filename=evil.exe\n" + OCTETS, differ=False,
        why="all")
    add("description", b"Content-Description: evil.exe\n" + OCTETS, differ=False,
        why="Lotus Notes and webmail: no other name")
    add("location", b"Content-Location: http://x.example/evil.exe\n" + OCTETS, differ=False,
        why="Outlook: no other name")
    add("garbage line before it", b"garbage\n" + ATTACH + OCTETS,
        why="skipped by some, end of the header for others")
    add("mbox line before it", b">From x\n" + ATTACH + OCTETS, why="skipped by some")
    add("comment without end", b"Content-Disposition: attachment (; filename=evil.exe\n" + OCTETS,
        why="naive")
    add("type hides the name", b"Content-Type: text/plain; name=evil.exe\n", differ=False,
        why="all: the type says text")
    add("image type", b"Content-Type: image/png\n" + ATTACH, differ=False, why="all")
    add("type without subtype", b"Content-Type: application; name=evil.exe\n", differ=False,
        why="lenient")
    add("no type", ATTACH, differ=False, why="all")
    add("empty type", b"Content-Type:\n" + ATTACH, differ=False, why="all")


def encodings():
    """What the body is."""
    def add(name, cte, body, differ=True, why="", fields=OCTETS + ATTACH):
        trick("encoding: " + name, one(fields + cte, body), why, differ=differ)

    def field(value):
        return b"Content-Transfer-Encoding: " + value + b"\n"

    add("none", b"", PAYLOAD + b"\n", False, "all")
    add("quoted-printable", field(b"quoted-printable"), QP, False, "all")
    add("quoted-printable, all encoded", field(b"quoted-printable"),
        b"=\n".join(b"".join(b"=%02x" % c for c in PAYLOAD[i:i + 20])
                    for i in range(0, len(PAYLOAD), 20)) + b"\n", False, "all: small letters")
    add("two, base64 first", CTE + field(b"7bit"), B64, why="first")
    add("two, base64 last", field(b"7bit") + CTE, B64, why="last")
    add("three, base64 in the middle", field(b"7bit") + CTE + field(b"8bit"), B64, why="any")
    add("two, raw first", CTE + field(b"7bit"), PAYLOAD + b"\n", why="last")
    add("two, quoted-printable last", CTE + field(b"quoted-printable"), QP, why="last")
    add("unknown name, base64", field(b"base-64"), B64, why="lenient: guesses")
    add("unknown name, raw", field(b"x-unknown"), PAYLOAD + b"\n", why="RFC 2045: not decoded")
    add("two words", field(b"base64 7bit"), B64, why="the first word")
    add("two words, other order", field(b"7bit base64"), B64, why="anything with base64 in it")
    add("encoded word", field(b"=?us-ascii?q?base64?="), B64, why="lenient: decoded")
    add("quoted", field(b"\"base64\""), B64, False, "lenient")
    add("capitals", field(b"BaSe64"), B64, False, "all")
    add("comment", field(b"(x) base64 (y)"), B64, why="strict; naive: unknown")
    add("semicolon", field(b"base64;"), B64, False, "lenient")
    add("parameter", field(b"base64; x=y"), B64, why="lenient")
    add("blank before the colon", b"Content-Transfer-Encoding : base64\n", B64, why="lenient")
    add("folded", b"Content-Transfer-Encoding:\n base64\n", B64, False, "all")
    add("bare CR", b"X: y\r" + CTE, B64, why="a CR is a line end")
    add("NUL", field(b"base64\0"), B64, why="C strings end at NUL")
    add("garbage between the lines", CTE, B64.replace(b"\n", b"\n!!!!\n", 1),
        why="skipped (RFC 2045, 6.8) or not")
    add("garbage in each line", CTE, b"*".join(B64[i:i + 1] for i in range(len(B64))),
        why="skipped (RFC 2045, 6.8)")
    add("a line of letters and garbage", CTE, b"This is a !\n" + B64, why="whole lines skipped")
    add("blank lines", CTE, B64.replace(b"\n", b"\n\n"), False, "all")
    add("blanks", CTE, b" ".join(B64[i:i + 1] for i in range(len(B64))), False, "all")
    add("short lines", CTE, b"\n".join(B64[i:i + 3] for i in range(0, len(B64), 3)), False, "all")
    add("NULs between", CTE, B64.replace(b"\n", b"\0\n"), why="skipped")
    add("padding in the middle of a group", CTE, B64[:6] + b"=" + B64[6:],
        why="skipped (some decoders)")
    pieces = [PAYLOAD[i:i + 10] for i in range(0, len(PAYLOAD), 10)]
    add("pieces with padding", CTE, b"".join(base64.b64encode(p) + b"\n" for p in pieces),
        why="read on (Thunderbird) or stopped")
    add("data behind the end", CTE, B64 + b"AAAA\n" if B64.rstrip().endswith(b"=")
        else B64.rstrip() + b"====\nAAAA\n", why="stopped at padding")
    add("no padding at the end", CTE, base64.b64encode(PAYLOAD + b"\n").rstrip(b"=\n") + b"\n",
        False, "lenient")
    add("padding too long", CTE, B64.rstrip(b"=\n") + b"=====\n", False, "lenient")
    add("text behind it", CTE, B64 + b"\n-- \nlist footer, added\n", why="stopped at the end")
    add("declared, but raw", CTE, PAYLOAD + b"\n", why="lenient: shown as it is")
    add("uuencode", field(b"x-uuencode"), uu(), why="all that know it")
    add("uuencode in base64", CTE, base64.encodebytes(uu()), why="Outlook",
        fields=b"Content-Type: text/plain\n" + ATTACH)


def texts():
    """Files in texts."""
    def add(name, mail, why, names=(EXE,)):
        trick("text: " + name, mail, why, names)

    outlook = "Outlook, Apple Mail, older Thunderbird"
    add("uuencode", b"Content-Type: text/plain\n\nHello.\n\n" + uu(), outlook)
    add("uuencode without MIME", b"\nHello.\n\n" + uu(), outlook)
    add("uuencode in HTML", b"Content-Type: text/html\n\n<pre>\n" + uu() + b"</pre>\n", outlook)
    add("uuencode in a part", mixed(b"\nHello.\n" + uu()), outlook)
    add("uuencode, quoted-printable", b"Content-Transfer-Encoding: quoted-printable\n\n" +
        quopri.encodestring(uu()), outlook)
    add("uuencode in base64", CTE + b"\n" + base64.encodebytes(b"Hello.\n" + uu()), outlook)
    add("uuencode, end missing", b"\n" + uu()[:-6], outlook)
    add("uuencode, blanks lost", b"\n" + uu().replace(b"`", b" "), outlook)
    add("uuencode, mode of four digits", b"\n" + uu().replace(b"begin 644", b"begin 0644"), outlook)
    add("uuencode, blanks in the name", b"\n" + uu(b"evil  file.exe"), outlook, ["evil  file.exe"])
    add("uuencode, CRLF", b"\r\n" + uu().replace(b"\n", b"\r\n"), outlook)
    add("second file", b"\n" + uu(b"a.txt", b"harmless") + b"more\n" + uu(), outlook,
        ["a.txt", EXE])
    add("a false start", b"\nbegin 644 a.txt\nthis is no such line, it is a text\n" + uu(), outlook)
    add("begin-base64", b"\nbegin-base64 644 evil.exe\n" + B64 + b"====\n", "uudecode of today")
    add("uuencode in the preamble", mixed(TEXT, pre=uu()), "clients without MIME; gateways")
    add("uuencode in the epilogue", mixed(TEXT, post=uu()), "clients without MIME; gateways")
    add("uuencode in an attached mail", mixed(TEXT, b"Content-Type: message/rfc822\n\n"
                                              b"Subject: inner\n\n" + uu()), outlook)
    add("uuencode where a boundary is missing",
        b"Content-Type: multipart/mixed\n\nHello.\n" + uu(), outlook)
    add("yEnc", b"\nHello.\n" + yenc(), "newsreaders; Thunderbird with add-ons")
    add("yEnc in a part", mixed(b"Content-Transfer-Encoding: 8bit\n\n" + yenc()), "newsreaders")


def boundaries():
    """Parts that only some clients find."""
    good = part()
    inside = mixed(TEXT, good, params=b"boundary=c", line=b"c")

    def add(name, mail, why, differ=True, names=(EXE,)):
        trick("boundary: " + name, mail, why, names, differ)

    def hidden(name, params, why, line=b"b", differ=True):
        add(name, mixed(TEXT, good, params=params, line=line), why, differ)

    hidden("two, the first", b"boundary=b; boundary=c", "first")
    hidden("two, the last", b"boundary=c; boundary=b", "last")
    hidden("three, the second", b"boundary=c; boundary=b; boundary=d", "any")
    hidden("extended beside", b"boundary=c; boundary*=us-ascii''b", "strict")
    hidden("plain beside extended", b"boundary=b; boundary*=us-ascii''c", "old")
    hidden("in pieces", b"boundary*0=b; boundary*1=b", "strict", b"bb")
    hidden("percent-encoded", b"boundary*=us-ascii''%62", "strict")
    hidden("encoded word", b"boundary=\"=?us-ascii?q?b?=\"", "lenient: decoded")
    hidden("encoded word as it is", b"boundary=\"=?us-ascii?q?b?=\"", "strict",
           b"=?us-ascii?q?b?=")
    hidden("partly encoded", b"boundary=\"b=?us-ascii?q?b?=\"", "lenient: decoded", b"bb")
    hidden("empty", b"boundary=", "lenient: guessed", b"xyz")
    hidden("empty, and used", b"boundary=\"\"", "lenient: two dashes are one", b"")
    hidden("missing", b"x=y", "lenient: guessed", b"xyz")
    hidden("other in the body", b"boundary=wrong", "lenient: guessed", b"right")
    hidden("blanks around", b"boundary = b", "strict", differ=False)
    hidden("unquoted blank", b"boundary=b c", "up to the blank")
    hidden("unquoted blank, whole", b"boundary=b c", "whole", b"b c")
    hidden("quoted blank", b"boundary=\"b c\"", "strict", b"b c", False)
    hidden("comment glued", b"boundary=b(c)", "strict")
    hidden("comment as text", b"boundary=b(c)", "naive", b"b(c)")
    hidden("comment before", b"boundary(c)=b", "strict; naive: none")
    hidden("text glued", b"boundary=\"b\"c", "joined", b"bc")
    hidden("text glued, left out", b"boundary=\"b\"c", "naive")
    hidden("quote without end", b"boundary=\"b", "lenient")
    hidden("quote without end, parameter behind", b"boundary=\"b; x=y", "naive")
    hidden("quoted pair", b"boundary=\"\\b\"", "strict")
    hidden("quoted pair as it is", b"boundary=\"\\b\"", "naive", b"\\b")
    hidden("invalid parameter before", b"foo; boundary=b", "lenient")
    hidden("semicolon forgotten", b"charset=x boundary=b", "lenient")
    hidden("comment without end before", b"(x; boundary=b", "naive")
    hidden("8-bit", b"boundary=\"b\xff\"", "lenient", b"b\xff")
    hidden("NUL behind", b"boundary=b\0", "C strings end at NUL")
    hidden("single quotes", b"boundary='b'", "strict", b"'b'", False)
    hidden("other case", b"boundary=B", "lenient: case does not matter")
    add("longer line", mixed(TEXT, TEXT) .replace(b"--b--", b"--bx\n" + good + b"--b--"),
        "prefix compared (Outlook)")
    add("one more dash in front of the end", mixed(TEXT) .replace(b"--b--", b"--b-\n" + good +
        b"--b--"), "prefix compared")
    add("blanks behind", mixed(TEXT, good).replace(b"--b\n", b"--b \t\n"), "strict", False)
    add("CR behind", mixed(TEXT, good).replace(b"--b\n", b"--b\r\n"), "strict", False)
    add("after the end", mixed(TEXT) + b"--b\n" + good + b"--b--\n", "read on (Outlook)")
    add("after the end, twice", mixed(TEXT) + b"--b--\n--b\n" + good + b"--b--\n", "read on")
    add("part in the epilogue", mixed(TEXT, post=good), "lenient: what looks like one")
    add("part in the preamble", mixed(TEXT, pre=good), "lenient: first boundary missing")
    add("no end", mixed(TEXT, good)[:-6], "all", False)
    add("no end, cut in base64", mixed(TEXT, good)[:-7], "all", False)
    add("no line end before", mixed(TEXT, good.rstrip(b"\n") + b"\n"), "all", False)
    add("inner begins like outer", mixed(mixed(TEXT, good, params=b"boundary=bb", line=b"bb")),
        "strict", False)
    add("outer begins like inner", mixed(mixed(TEXT, good), params=b"boundary=bb", line=b"bb"),
        "strict", False)
    add("outer used again", mixed(mixed(TEXT, good) + b"\n", good), "inner or outer")
    add("end of the outer is the inner",
        mixed(mixed(TEXT, good, params=b"boundary=b--", line=b"b--")), "inner or outer")
    add("encoded multipart", CTE + b"Content-Type: multipart/mixed; boundary=b\n\n" +
        base64.encodebytes(mixed(TEXT, good).split(b"\n\n", 1)[1]), "lenient: decoded first")
    add("quoted-printable multipart", b"Content-Transfer-Encoding: quoted-printable\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n" +
        quopri.encodestring(mixed(TEXT, good).split(b"\n\n", 1)[1]), "lenient: decoded first")
    add("multipart that says base64", CTE + mixed(TEXT, good), "strict: not allowed, not decoded")
    add("bare CRs", b"Content-Type: multipart/mixed; boundary=b\n\n" +
        mixed(TEXT, good).split(b"\n\n", 1)[1].replace(b"\n", b"\r"), "CR is a line end (Mac)")
    add("digest", mixed(b"\nSubject: x\n" + inside).replace(b"mixed", b"digest", 1),
        "strict: a message by default", False)
    add("field without empty line", b"Content-Type: multipart/mixed; boundary=b\n" +
        mixed(TEXT, good).split(b"\n\n", 1)[1], "lenient; or all of it is header")
    add("field with garbage before", b"Content-Type: multipart/mixed; boundary=b\ngarbage\n" +
        mixed(TEXT, good).split(b"\n\n", 1)[1], "lenient")
    deep = good
    for i in range(40):
        deep = mixed(deep, params=b"boundary=d%d" % i, line=b"d%d" % i)
    add("forty deep", deep, "all", False)


def types():
    """What a part or the mail says it is."""
    good = part()
    inner = mixed(TEXT, good).split(b"\n\n", 1)[1]

    def add(name, mail, why, differ=True, names=(EXE,)):
        trick("type: " + name, mail, why, names, differ)

    multi = b"Content-Type: multipart/mixed; boundary=b\n"
    plain = b"Content-Type: text/plain\n"
    add("two, multipart first", multi + plain + b"\n" + inner, "first")
    add("two, multipart last", plain + multi + b"\n" + inner, "last")
    add("three, multipart second", plain + multi + plain + b"\n" + inner, "any")
    add("two with other boundaries", multi.replace(b"=b", b"=c") + multi + b"\n" + inner, "last")
    add("blank before the colon", multi.replace(b":", b" :") + b"\n" + inner, "lenient")
    add("bare CR before", b"X: y\r" + multi + b"\n" + inner, "CR is a line end")
    add("garbage before", b"garbage\n" + multi + b"\n" + inner, "skipped")
    add("line of blanks before", b"X: y\n \n" + multi + b"\n" + inner, "folding")
    add("indented", b"X: y\n" + multi.replace(b"; ", b";\n\t") + b"\n" + inner, "all", False)
    add("no subtype", b"Content-Type: multipart; boundary=b\n\n" + inner, "lenient")
    add("unknown subtype", multi.replace(b"mixed", b"x-y") + b"\n" + inner, "strict", False)
    add("blanks around the slash", multi.replace(b"/", b" / ") + b"\n" + inner, "lenient", False)
    add("comment in it", multi.replace(b"/", b"(c)/(d)") + b"\n" + inner, "strict; naive: other")
    add("all in quotes", b"Content-Type: \"multipart/mixed; boundary=b\"\n\n" + inner, "naive")
    add("text with a boundary", multi.replace(b"multipart/mixed", b"text/plain") + b"\n" + inner,
        "lenient: has a boundary")
    add("no MIME-Version", multi + b"\n" + inner, "all", False)
    mail = b"Subject: inner\n" + mixed(TEXT, good, params=b"boundary=c", line=b"c")
    for kind in (b"rfc822", b"global", b"news"):
        add("message/" + kind.decode(), mixed(TEXT, b"Content-Type: message/" + kind + b"\n\n" +
            mail), "all", False)
    add("message in base64", mixed(TEXT, CTE + b"Content-Type: message/rfc822\n\n" +
                                   base64.encodebytes(mail)), "decoded (Outlook) or not")
    add("message in quoted-printable", mixed(
        TEXT, b"Content-Transfer-Encoding: quoted-printable\nContent-Type: message/rfc822\n\n" +
        quopri.encodestring(mail)), "decoded or not")
    add("message in base64 in base64", mixed(
        TEXT, CTE + b"Content-Type: message/rfc822\n\n" + base64.encodebytes(
            CTE + b"Content-Type: message/rfc822\n\n" + base64.encodebytes(mail))), "decoded twice")
    add("message with an mbox line", mixed(
        TEXT, b"Content-Type: message/rfc822\n\nFrom x\n" + mail), "all", False)
    add("partial, one piece", b"Content-Type: message/partial; id=x; number=1; total=1\n\n" + mail,
        "Outlook Express puts it together")
    add("partial, in a part", mixed(
        TEXT, b"Content-Type: message/partial; id=x; number=1; total=2\n\n" + mail),
        "Outlook Express puts it together")
    add("external body", b"Content-Type: message/external-body; access-type=local-file; "
        b"name=evil.exe\n\n" + part(), "fetched; the phantom body shown")
    add("garbage and two types", b"garbage\n" + plain + multi + b"\n" + inner, "skipped, last")
    add("two types and a longer line", plain + multi + b"\n" + inner.replace(b"--b\n", b"--bx\n"),
        "last, and prefix compared")


for make in (parameters, name_fields, encodings, texts, boundaries, types):
    make()
assert len({t.name for t in ALL}) == len(ALL)

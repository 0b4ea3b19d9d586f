"""Rules and mails for ExtractText, with the programs that the gateway's template names."""
import os
import re

from documents import attached, docx, named, odt, picture, rtf, text_pdf, word_for_dos

TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../templates/v400.pre.in")


def settings():
    """What `pmgconfig sync` writes."""
    with open(TEMPLATE, encoding="ascii") as template:
        return "".join(line for line in template if line.startswith("extracttext_"))


OCTETS = "application/octet-stream"
DOCUMENTS = {
    "pdf": [(named("a.pdf"), text_pdf(b"Cheap watches", b"for you"))],
    "pdf by type": [(named("a.x", "application/pdf"), text_pdf(b"Cheap watches"))],
    "pdf in capitals": [(named("A.B.PDF"), text_pdf(b"Cheap watches and more", b"of them"))],
    "pdf, umlaut": [(named("a.pdf"), text_pdf(b"Gr\xfc\xdfe"))],
    "pdf, umlaut beside": [(named("a.pdf"), text_pdf(b"Gr\xfc\xdfe")),
                           ("Content-Type: text/plain; charset=utf-8", "S\u00fcden".encode())],
    "pdf, empty": [(named("a.pdf"), text_pdf(b""))],
    "pdf, broken": [(named("a.pdf"), b"%PDF-1.4\nno")],
    "pdf, link": [(named("a.pdf"), text_pdf(b"see http://pills.example.com/x now"))],
    "no pdf": [(named("a.pdf.exe"), text_pdf(b"Cheap watches"))],
    "no name": [("Content-Type: " + OCTETS, text_pdf(b"Cheap watches"))],
    "docx": [(named("a.docx"), docx("Cheap watches", "in Word"))],
    "docx by type": [(named("a", "application/vnd.openxmlformats-officedocument."
                            "wordprocessingml.document"), docx("Cheap watches"))],
    "odt": [(named("a.odt"), odt("Cheap watches", "in Office", "\u00fcber"))],
    "ott": [(named("a.ott"), odt("Cheap"))],
    "rtf": [(named("a.rtf"), rtf(b"Cheap watches", b"rich"))],
    "rtf as doc": [(named("a.doc"), rtf(b"Cheap watches", b"rich"))],
    "doc": [(named("a.doc", "application/msword"), word_for_dos(b"Cheap watches", b"in DOS"))],
    "png": [(named("a.png", "image/png"), picture(b"Cheap watches", b"in a picture"))],
    "png, empty": [(named("a.png", "image/png"), picture(b""))],
    "png, broken": [(named("a.png", "image/png"), b"\x89PNG\r\n\x1a\nno")],
    "two": [(named("a.pdf"), text_pdf(b"Cheap watches")), (named("b.odt"), odt("NoText"))],
    "same twice": [(named("a.pdf"), text_pdf(b"one")), (named("b.pdf"), text_pdf(b"two"))],
    "text only": [("Content-Type: text/plain; name=a.pdf", b"Cheap watches")],
    "codes": [(named("a.odt"), odt("QR-Code:http://qr.example.com/ here")),
              (named("b.odt"), odt("&lt;a href=&quot;http://x.example.com/&quot;&gt;"))],
    "no words": [(named("a.odt"), odt("***"))],
    "eleven": [(named(f"{i}.odt"), odt(f"number {i}")) for i in range(11)],
    "long": [(named("a.odt"), odt(*[f"word{i}" for i in range(9000)], "last"))],
}
RULES = r"""
util_rb_tld com
add_header all Words _EXTRACTTEXTWORDS_
body WATCHES /cheap watches/i
body LAST /last/
body NINTH /number 8/
body TENTH /number 9/
body UTF8 /Gr\xc3\xbc\xc3\x9fe/
body TWICE /Gr\xc3\x83\xc2\xbc/
body SOUTH /S\xc3\xbcden/
body RICH /rich/
body MARKUP /-----/
uri LINK /pills\.example/
rawbody RAW /cheap watches/i
header THERE exists:X-ExtractText-Flags
header NO_TEXT X-ExtractText-Flags =~ /\bNoText\b/
header FLAGS X-ExtractText-Flags =~ /^QR-Code ActionURI$/
header URI_CODE X-ExtractText-Uris =~ /^http:\/\/qr\.example\.com\/ $/
header TOOL_PDF X-ExtractText-Tools =~ /^pdftotext$/
header TOOL_DOCX X-ExtractText-Tools =~ /^docx2txt$/
header TOOL_ODT X-ExtractText-Tools =~ /^odt2txt$/
header TOOL_RTF X-ExtractText-Tools =~ /^unrtf$/
header TOOL_DOC X-ExtractText-Tools =~ /^unrtf antiword$/
body DOC /in DOS/
header TOOL_PNG X-ExtractText-Tools =~ /^tesseract$/
header TOOL_TWO X-ExtractText-Tools =~ /^pdftotext odt2txt$/
header TYPE_OCTETS X-ExtractText-Types =~ /^application\/octet-stream$/
header TYPE_PDF X-ExtractText-Types =~ /^application\/pdf$/
header TYPE_PNG X-ExtractText-Types =~ /image/
header EXT_NONE X-ExtractText-Extensions =~ /^$/
header EXT_CAPITALS X-ExtractText-Extensions =~ /^PDF$/
header EXT_TWO X-ExtractText-Extensions =~ /^pdf odt$/
""" + "".join(f"header {name}_{place}_{digit} X-ExtractText-{name.title()} =~ /{digit}{end}$/\n"
              for name in ("CHARS", "WORDS") for place, end in enumerate(["", ".", ".."])
              for digit in "0123456789")
# Tools made for it, and how they are chosen.
TOOL_RULES = r"""
extracttext_external CAT /bin/cat {}
extracttext_use cat .cat .all (?:x|y)\.z application/cat.*
extracttext_external Fails /bin/false {}
extracttext_use fails .false .all
extracttext_external head /usr/bin/head -c {}5 {}
extracttext_external head6 {LANG=C} /usr/bin/head -c6 {}
extracttext_use head6 .head .all \\.six application/cat/x
extracttext_external env {MARK=marked} /usr/bin/printenv MARK
extracttext_use env .env
extracttext_external gone /nonexistent/program {}
extracttext_use gone .gone .all
extracttext_external cat /bin/false {}
extracttext_external short /bin/true
extracttext_external pdf2html /bin/cat {}
extracttext_use pdf2html .cat
extracttext_use unknown .cat
extracttext_use cat
extracttext_maxparts 3
body ALL /some words/
body FIRST /^some w$/
body MARKED /^marked/
header CATS X-ExtractText-Tools =~ /^cat$/
header BOTH X-ExtractText-Tools =~ /^cat head6$/
header SIX X-ExtractText-Tools =~ /^head6$/
header ENV X-ExtractText-Tools =~ /^env$/
header NONE X-ExtractText-Chars =~ /^\d/
header EXTS X-ExtractText-Extensions =~ /^cat$/
"""
TOOL_MAILS = {
    "cat": [(named("a.cat"), b"some words")], "all": [(named("a.all"), b"some words")],
    "head": [(named("a.head"), b"some words")], "six": [(named(".six"), b"some words")],
    "not six": [(named("a.six"), b"some words")], "false": [(named("a.false"), b"some words")],
    "env": [(named("a.env"), b"some words")], "gone": [(named("a.gone"), b"some words")],
    "xz": [(named("x.z"), b"some words")], "xzz": [(named("x.zz"), b"some words")],
    "axz": [(named("ax.z"), b"some words")],
    "type": [(named("a", "application/CAT2"), b"some words")],
    "slash": [(named("application/cat"), b"some words")],
    "blank": [(named("a.cat"), b" \n\t\r\n")],
    "third": [(named("b"), b"x"), (named("a.cat"), b"some words")],
    "fourth": [(named("b"), b"x"), (named("b"), b"x"), (named("a.cat"), b"some words")],
    "octets": [(named("a.cat"), b"some words \xff\xfe\x00 more")],
}

MAILS = {name: attached(parts) for name, parts in DOCUMENTS.items()}
TOOL_MAILS = {name: attached(parts) for name, parts in TOOL_MAILS.items()}
# Digits that no length has, and texts that no rule is to see.
CONSTANT = tuple(re.findall(r"(?:CHARS|WORDS)_\d_\d", RULES)) + ("RAW", "TENTH", "LAST")

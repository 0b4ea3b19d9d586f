#!/usr/bin/python3
"""Holds what template tags stand for to SpamAssassin, in header fields that are made of them.

    compare_tags.py PMGSPAM

Also tags that stand for nothing, or that there are not. Without SpamAssassin: status 77.
"""
import os
import shutil
import subprocess
import sys
import tempfile
from email.message import EmailMessage

from corpora import skip, small_site
from documents import pdf

PLUGINS = ["Check", "PDFInfo", "FromNameSpoof", "AutoLearnThreshold", "Bayes", "AWL"]
RULES_OF_OURS = """\
report_safe 0
fold_headers 0
trusted_networks 10.0.0.0/8
bayes_path {top}/bayes
header AWL eval:check_from_in_auto_welcomelist()
priority AWL 1000
tflags AWL userconf noautolearn
body OFTEN /often/
score OFTEN 3.21
body UNCOUNTED /often/
tflags UNCOUNTED noautolearn
score UNCOUNTED 0.7
fns_add_addrlist (bank) *@bank.example.com *@bank-mail.example.net
body __PDF eval:pdf_count(1)
header __FNS eval:check_fromname_spoof()
body __TEXT /text/
tflags __TEXT multiple
body TEXT /text/
score TEXT 0.5
header ANY From =~ /./
score ANY 1.25
"""
# A line of header for each.
TAGS = {
    "Pdf": "PDFCOUNT PDFIMGCOUNT PDFVERSION PDFNAME PDFIMGDIM PDFAUTHOR PDFCREATOR PDFPRODUCER"
           " PDFTITLE PDFIMGAREA PDFMD5 PDFMD5FUZZY1 PDFMD5FUZZY2",
    "Fns": "FNSFNAMEADDR FNSFNAMEDOMAIN FNSFNAMEOWNER FNSFADDRADDR FNSFADDRDOMAIN FNSFADDROWNER",
    "Relays": "FIRSTTRUSTEDIP FIRSTTRUSTEDREVIP LASTEXTERNALIP LASTEXTERNALREVIP"
              " LASTEXTERNALRDNS LASTEXTERNALHELO SENDERDOMAIN AUTHORDOMAIN",
    "Rules": "TESTS TESTS(,) TESTS(;) TESTSSCORES TESTSSCORES(;) SUBTESTS SUBTESTS(,) SUBTESTS(;)"
             " SUBTESTSCOLLAPSED SUBTESTSCOLLAPSED(,) SUBTESTSCOLLAPSED(;)",
    "Score": "YESNO YESNO(a) YESNO(a,b) YESNOCAPS YESNOCAPS(a) YESNOCAPS(a,b) SCORE SCORE(0) REQD"
             " STARS STARS(x) BAYES AUTOLEARN AUTOLEARNSCORE",
    "Awl": "AWL AWLMEAN AWLCOUNT AWLPRESCORE",
    "Empty": "RULESVERSION SUBJPREFIX TOKENSUMMARY BAYESTC BAYESTCLEARNED BAYESTCSPAMMY"
             " BAYESTCHAMMY HAMMYTOKENS HAMMYTOKENS(2,short) SPAMMYTOKENS RBL PYZOR DCCB DCCR"
             " DCCREP DKIMDOMAIN DKIMIDENTITY DKIMSELECTOR REMOTEHOSTNAME REMOTEHOSTADDR",
    "None": "NOSUCHTAG PDF FNS URIHOSTS A_B HEADER(Nope) HEADER(Subject)",
}
INFO = [b"/Title (T one) /Author (An \\(A\\))", b"/Creator (Writer)", b"/Producer (Maker 7.0)"]
IMAGES = [b"/Subtype /Image /Width 20 /Height 10 /x", b"/Subtype /Image /Width 30/Height 40 /x"]
HOPS = ("Return-Path: <env@sender.example>\n"
        "Received: from in.gw.example (in.gw.example [10.0.0.9]) by gw.example with SMTP id 1;"
        " Fri, 27 Nov 2020 10:00:00 +0000\nReceived: from x.example (rdns.x.example"
        " [198.51.100.7]) by in.gw.example with ESMTP id 1; Fri, 27 Nov 2020 10:00:00 +0000\n"
        "From: a@b.c.example\nSubject: hops\n\ntext and text\n").encode()
SPOOFED = '"Boss ceo@bank.example.com" <evil@mail.other.co.uk>'


def mail(sender, *pdfs):
    """A mail with these files."""
    out = EmailMessage()
    out["From"], out["To"], out["Subject"] = sender, "x@y.example", "s"
    out.set_content("text\n")
    for i, data in enumerate(pdfs):
        out.add_attachment(data, maintype="application", subtype="pdf", filename=f"no {i}.pdf")
    return bytes(out)


MAILS = {
    "plain": mail("a@example.com"),
    "empty": b"\n\n",
    "hops": HOPS,
    "spoofed": mail(SPOOFED),
    "same": mail('"evil@mail.other.co.uk" <evil@mail.other.co.uk>'),
    "same domain": mail('"good@other.co.uk" <evil@mail.other.co.uk>'),
    "same owner": mail('"ceo@bank.example.com" <x@bank-mail.example.net>'),
    "much besides": mail(f'"{"a name with many words " * 4} c@bank.example.com" <e@other.com>'),
    "no address": mail('"A B" <evil@mail.other.co.uk>'),
    "pdf": mail("a@example.com", pdf(*INFO, b"endobj")),
    "images": mail("a@example.com", pdf(*INFO, *IMAGES)),
    "pdfs": mail(SPOOFED, pdf(*INFO, *IMAGES), pdf(*INFO), pdf(IMAGES[1], magic=b"%PDF-1.7")),
    "hops again": HOPS.replace(b"text", b"often"),
    "and again": HOPS,
    "no pdf": mail("a@example.com", b"nothing of a PDF"),
}


def site(top):
    """The options that name the rule directory and the site directory."""
    text = RULES_OF_OURS.format(top=top)
    for name, tags in TAGS.items():
        values = " | ".join(f"{tag}=_{tag}_" for tag in tags.split(" "))
        # Names in front of the values have no underscores that could be taken for a tag's.
        text += f"add_header all {name} {values}\n"
    rules, here = small_site(top, PLUGINS, text)
    return ["-L", "-C", rules, f"--siteconfigpath={here}"]


def fields(command, text):
    """The values of our header fields."""
    out = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         check=True, timeout=120).stdout.decode("latin-1")
    head = ("\n" + out.split("\n\n")[0]).replace("\n\t", " ")
    return {line.partition(":")[0][7:]: line.partition(": ")[2].split(" | ")
            for line in head.split("\n") if line.startswith("X-Spam-")}


def main():
    """Every mail."""
    program = os.path.abspath(sys.argv[1])
    if not shutil.which("spamassassin"):
        skip("SpamAssassin is not installed")
    bad = 0
    with tempfile.TemporaryDirectory() as top:
        where = site(top)
        lists = f"--cf=auto_welcomelist_path {top}/{{}}"
        seen = {}
        for name, text in MAILS.items():
            theirs = fields(["spamassassin", "-x", *where, lists.format("theirs")], text)
            got = fields([program, *where, lists.format("ours")], text)
            for field in TAGS:
                for want, have in zip(theirs[field], got[field]):
                    seen.setdefault(want.partition("=")[0], set()).add(want)
                    if want != have:
                        bad += 1
                        print(f"{name}: SpamAssassin {want}, ours {have}")
                bad += len(theirs[field]) != len(got[field])
        changing = {tag for tag, values in seen.items() if len(values) > 1}
    still = {tag for field in ("Pdf", "Fns", "Relays", "Awl") for tag in TAGS[field].split()}
    still -= changing
    if still:
        print(f"no mail changes {sorted(still)}")
    print(f"{len(MAILS)} mails, {len(seen)} tags, {bad} values differ")
    sys.exit(bad > 0 or len(still) > 0)


if __name__ == "__main__":
    main()

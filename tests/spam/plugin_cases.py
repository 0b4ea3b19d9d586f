"""Rules and mails for compare_plugins.py, by family of functions."""
import dataclasses
import email.utils

import extract_cases
from documents import attached, md5, named, ole, pdf, zipped


@dataclasses.dataclass
class Family:
    """`constant`: rules that may hit all mails or none."""
    plugins: list
    rules: str
    mails: dict
    constant: tuple = ()

    def names(self):
        """The rules that are to be compared."""
        kinds = ("header", "body", "rawbody", "full", "uri", "meta")
        words = (line.split() for line in self.rules.splitlines())
        return [w[1] for w in words if w and w[0] in kinds and not w[1].startswith("__")]


def mail(body, *headers):
    """A mail of plain text, or of the type that a header says."""
    head = ["Subject: x", "From: a@example.com", "To: b@example.org", *headers]
    body = body if isinstance(body, bytes) else body.encode()
    return "\n".join(head).encode() + b"\n\n" + body


def numbered(bodies, *headers):
    """Mails with these bodies, named by their number."""
    return {f"{i:03}": mail(body, *headers) for i, body in enumerate(bodies)}


SHORT_LINKS = [
    "http://tiny.example.com/", "http://sho.rt/a", "http://sho.rt/", "http://sho.rt", "nothing",
    "http://SHO.RT/a", "http://user:x@sho.rt/a", "http://sho.rt:81/a", "http://sho.rt:81/",
    "http://www.sho.rt/a", "http://www.sho.rt/", "http://a.page.link/x", "http://a.page.link",
    "http://page.link/x", "http://b.a.page.link/x", "http://www.page.link/x", "mailto:a@sho.rt",
    "http://wwwx.page.link/x", "ftp://sho.rt/a", "https://sho.rt/?a", "https://sho.rt/#a",
    "https://sho.rt/--", "https://sho.rt/a?b", "http://gone.rt/a", "http://got.rt/a", "sho.rt/a",
    "http://x.sho.rt/a", "http://xsho.rt/a", "http://tiny.example.com", "www.sho.rt/a", "a@sho.rt",
    "http://sho.rt./a", "http://sho%2ert/a"]

SHORT_RULES = """
util_rb_tld rt
url_shortener sho.rt .page.link Gone.rt tiny.example.com
url_shortener_get got.rt
clear_url_shortener gone.rt
body SHORT eval:short_url()
body REDIRECTED eval:short_url_redir()
body CHAINED eval:short_url_chained()
body CODE eval:short_url_code('404')
body LONGEST eval:short_url_maxchain()
body LOOP eval:short_url_loop()
body FOUND eval:short_url_200()
body GONE eval:short_url_404()
"""

ENGLISH = ("This is to tell you that the people who have been here before are all of the opinion "
           "that it would be better to wait until the weather has become warmer again. ")
GERMAN = ("Das ist die Geschichte von einem Mann, der nicht wusste, dass er eigentlich schon seit "
          "vielen Jahren in einem anderen Land lebte und dort auch bleiben wollte. ")
RUSSIAN = ("Это история о человеке, который не знал, что он уже много лет живет в другой стране, "
           "и хотел остаться там навсегда. ")
LONG_LINK = "http://example.com/" + "dasistdiegeschichtevoneinemmann" * 20

LANGUAGE_RULES = """
ok_languages en
body UNWANTED eval:check_language()
body HIGH eval:check_body_8bits()
header GERMAN X-Languages =~ /\\bde\\b/
header ENGLISH X-Languages =~ /^en$/
header GUESSED x-languages =~ /./
header RUSSIAN X-Languages !~ /en|de|^$/
header THERE exists:X-Languages
header UNKNOWN X-Languages =~ /^$/
"""

LANGUAGE_MAILS = numbered([
    ENGLISH * 3, GERMAN * 3, GERMAN, RUSSIAN * 3, ENGLISH * 3 + RUSSIAN, GERMAN.upper() * 3,
    ENGLISH + LONG_LINK, ENGLISH * 2 + "\n" + "der.und.die@example.de " * 20, "äöüä" * 3, "äöü",
    ENGLISH * 3 + GERMAN * 3, "Das www.geschichte.example " + GERMAN * 2, "\x01\x02\x03" * 200,
    "1 2 3 4 " * 100, ENGLISH * 30 + GERMAN * 30, GERMAN * 100],
    "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
LANGUAGE_MAILS["own header"] = b"X-Languages: de\n" + LANGUAGE_MAILS["000"]

NAME_RULES = """
util_rb_tld example
util_rb_2tld co.uk
fns_add_addrlist (Acme) *@acme.com *@acme-mail.com boss@other.com
fns_add_addrlist (Beta) *@beta.com x@acme.com
fns_remove_addrlist (Beta) x@acme.com
fns_ignore_headers X-List X-Other
fns_extrachars 20
header SPOOF eval:check_fromname_spoof()
header SPOOF_0 eval:check_fromname_spoof('0')
header SPOOF_1 eval:check_fromname_spoof('1')
header SPOOF_2 eval:check_fromname_spoof('2')
header SPOOF_3 eval:check_fromname_spoof('3')
header DIFFERS eval:check_fromname_different()
header DOMAIN eval:check_fromname_domain_differ()
header OWNER eval:check_fromname_owners_differ()
header CONTAINS eval:check_fromname_contains_email()
header IS_TO eval:check_fromname_equals_to()
header IS_REPLY eval:check_fromname_equals_replyto()
"""

NAMES = [
    '"ann@acme.com" <ann@acme.com>', '"ann@acme.com" <x@evil.com>', '"Ann" <x@evil.com>',
    '"Ann ann@acme.com" <bob@acme-mail.com>', '"boss@other.com" <x@acme.com>', "x@evil.com",
    '"ann@beta.com" <bob@sub.beta.com>', '"ann@mail.evil.com" <bob@evil.com>', "nobody",
    '"b@example.org" <x@evil.com>', '"reply@other.com" <x@evil.com>', '"ANN@ACME.COM" <x@evil.com>',
    '"ann@acme.com and a good deal more than that" <x@evil.com>', '"ann@acme" <x@evil.com>',
    '"ann@acme.nosuchtld" <x@evil.com>', '"ann@acme.com" <x@evil.nosuchtld>',
    '"@acme.com" <x@evil.com>',
    '"ann@acme.com - - - - - - -" <x@evil.com>', '"a@b@acme.com" <x@evil.com>', '<x@acme.com>',
    '"x@acme.com" <ann@beta.com>', '"ann@evil.co.uk" <x@other.co.uk>',
    '"ann@acme.com." <x@evil.com>',
    '"ann@acme.com" <x@[192.0.2.1]>', "=?utf-8?q?ann=40acme=2Ecom?= <x@evil.com>",
    '"ann@acme.com" <x>',
    '"ann@acme.com" <a@acme.com>, "ann@acme.com" <x@evil.com>', '"ann@evil.com" <a@evil.net>']

NAME_REST = "\nTo: b@example.org\nReply-To: reply@other.com\n\nx\n"
NAME_MAILS = {f"{i:03}": f"From: {name}{NAME_REST}".encode() for i, name in enumerate(NAMES)}
NAME_MAILS["ignored"] = b"X-List: a\n" + NAME_MAILS["001"]
NAME_MAILS["received"] = (b"Received: from a by b with SMTP for <ann@acme.com>; x\n" +
                          NAME_MAILS["001"])

PDF_TYPE = named("a.pdf", "application/pdf")
BIG = pdf(b"1 0 obj", b"/Type /XObject /Subtype /Image", b"630 0 0 149 0 0 cm", b"stream",
          b"endstream")
PDFS = {
    "plain": BIG,
    "two": pdf(b"/Subtype/Image/Width 100/Height 50", b"/Image", b"<</Width 200/Height 10>>"),
    "start": pdf(b"/Image", b"/Width 100/Height 50"),
    "split": pdf(b"/Image", b"/Width 5", b"/Height 6"),
    "crlf": BIG.replace(b"\n", b"\r\n"), "bom": b"\xef\xbb\xbf" + BIG, "late": b"x" * 1024 + BIG,
    "toolate": b"x" * 1025 + BIG, "nomagic": BIG[5:], "version": BIG.replace(b"1.4", b"1,4", 1),
    "encrypted": pdf(b"/Encrypt 5 0 R"), "unencrypted": pdf(b" /Encrypt 5 0 R"),
    "info": pdf(b"<</Author(colet)/Creator(PScript5.dll \\(x\\))/Producer(GPL Ghostscript)>>",
                b"/Title <FEFF005700720069007400650072>", b"/CreationDate(D:20070703144220)",
                b"/ModDate  (D:20080101)"),
    "octal": pdf(b"/Author(\\376\\377\\000H\\000P)", b"/Title(a\\\\)",
                 b"/Creator(\\101\\102\\\\103)"),
    "unclosed": pdf(b"/Author(open /Author<636f6c6574>", b"/Title(x\\) /Title (y)",
                    b"/Creator <41"),
    "wide": pdf(b"/Author   (three blanks)", b"/Author  (two blanks)"),
    "link": pdf(b"<</S /URI /URI (http://pdf.example.com/a)>>"),
    "link2": pdf(b" /URI(http://start.example.com/a)", b"/A /URI (http://middle.example.com/a)"),
    "link3": pdf(b"xx(https://bare.example.com/abc)>> /Author(colet)", b"(http://a.b)>>"),
    "link4": pdf(b"/S/URI/URI<687474703a2f2f6865782e6578616d706c652e636f6d2f>/Author(colet)"),
    "link5": pdf(b"/S /URI /URI (nodot) /Author(colet)", b"/S /URI /URI (.x) /Author(colet)"),
    "many": pdf(*(b"/URI (http://h%d.example.com/)" % i for i in range(25))),
    "tags": pdf(b"/Pages", b"/Kids [1 0 R]", b" /Count 1", b"x /Other"),
    "hundred": pdf(*(b"line %d" % i for i in range(100))),
    "zero": pdf(b"/Image", b"0 0 0 149 0 0 cm", b"7 0 0 8 0 0 cm"), "empty": b"%PDF-1.4",
}
PDF_RULES = f"""
util_rb_tld example
body COUNT eval:pdf_count(1)
body COUNT_2 eval:pdf_count('2','3')
body COUNT_0 eval:pdf_count('0','0')
body IMAGES eval:pdf_image_count('1')
body IMAGES_1 eval:pdf_image_count(1,1)
body PIXELS eval:pdf_pixel_coverage(5000)
body PIXELS_0 eval:pdf_pixel_coverage('0')
body PIXELS_M eval:pdf_pixel_coverage('93870','93870')
body RATIO eval:pdf_image_to_text_ratio('0.000','0.001')
rawbody RATIO_RAW eval:pdf_image_to_text_ratio('0.000','0.5')
body EMPTY eval:pdf_is_empty_body()
body EMPTY_9 eval:pdf_is_empty_body(9)
body ENCRYPTED eval:pdf_is_encrypted()
body EXACT eval:pdf_image_size_exact(149,630)
body EXACT_2 eval:pdf_image_size_exact(60,300)
body RANGE eval:pdf_image_size_range('40','90')
body RANGE_4 eval:pdf_image_size_range('5','90','55','150')
body NAMED eval:pdf_named('a.pdf')
body NAME eval:pdf_name_regex('/^A\\.p/i')
body NAME_BARE eval:pdf_name_regex('^b')
body MD5 eval:pdf_match_md5('{md5(BIG)}')
body FUZZY eval:pdf_match_fuzzy_md5('{md5(b"1 0 obj/Type /XObject /Subtype /Image")}')
body FUZZY_100 eval:pdf_match_fuzzy_md5('{md5(b"".join(b"line %d" % i for i in range(68)))}')
body KEYS eval:pdf_match_fuzzy_md5('{md5(b"PagesKids").upper()}')
body AUTHOR eval:pdf_match_details('author','/^colet$/')
body AUTHOR_HP eval:pdf_match_details('author','/^HP$/')
body AUTHOR_2 eval:pdf_match_details('author','/blanks/')
body THREE eval:pdf_match_details('author','/three/')
body CREATOR eval:pdf_match_details('creator','/dll \\(x\\)$/')
body CREATOR_AB eval:pdf_match_details('creator','/^AB/')
body TITLE eval:pdf_match_details('title','/^Writer$/')
body TITLE_Y eval:pdf_match_details('title','/y$/')
body CREATED eval:pdf_match_details('created','/^2007/')
body MODIFIED eval:pdf_match_details('modified','/^2008/')
body PRODUCER eval:pdf_match_details('producer','/Ghost/')
body NOTHING eval:pdf_match_details('subject','/./')
uri LINK m,^http://pdf\\.,
uri LINK_START m,^http://start\\.,
uri LINK_MIDDLE m,^http://middle\\.,
uri LINK_BARE m,^https://bare\\.,
uri LINK_SHORT m,^http://a\\.b,
uri LINK_HEX m,^http://hex\\.,
uri LINK_X m,\\.x,
uri LINK_18 m,http://h18\\.,
uri LINK_23 m,http://h23\\.,
"""

PDF_MAILS = {name: attached([(PDF_TYPE, data)]) for name, data in PDFS.items()}
PDF_MAILS |= {
    "none": mail("x"), "twice": attached([(PDF_TYPE, BIG), (named("b.pdf"), PDFS["two"])]),
    "fdf": attached([(named("b.FDF"), BIG)]), "dat": attached([(named("b.dat"), BIG)]),
    "image": attached([(named("b.x", "image/pdf"), BIG)]),
    "text": attached([(named("a.pdf", "text/plain"), BIG)]),
    "x-pdf": attached([(named("a.pdf", "application/x-pdf"), BIG)]),
    "long": attached([(PDF_TYPE, BIG)], "word and more words than that\n" * 50),
    "blank": attached([(PDF_TYPE, BIG)], "  \n\n"),
    "quoted": attached([(PDF_TYPE + "\nContent-Transfer-Encoding: quoted-printable",
                         BIG.replace(b"=", b"=3D"))]),
}
PDF_NEVER = ("LINK_HEX", "LINK_23", "LINK_X", "NOTHING", "THREE", "LINK_MIDDLE", "LINK_SHORT")

STOP_RULES = """
body GOOD /good/
shortcircuit GOOD ham
body BAD /bad/
score BAD 3
shortcircuit BAD spam
body __SUB /subrule/
shortcircuit __SUB spam
priority __SUB -50
header HEAD Subject =~ /x/
priority HEAD -300
body STOP_PLUS /plus/
shortcircuit STOP_PLUS on
body STOP_MINUS /minus/
score STOP_MINUS -2
shortcircuit STOP_MINUS on
rawbody LATER_RAW /a/
body SAME /e/
uri LINK /example/
body UNDONE /undone/
shortcircuit UNDONE spam
shortcircuit UNDONE off
meta BOTH __ONE && __TWO
body __ONE /one/
body __TWO /two/
shortcircuit BOTH on
meta AFTER HEAD
priority AFTER 700
body OFTEN /often/
tflags OFTEN multiple
shortcircuit OFTEN on
body LAST /./
priority LAST 900
shortcircuit_spam_score 50.5
body TWO_WORDS /wrong/
shortcircuit TWO_WORDS spam ham
shortcircuit TWO_WORDS sometimes
"""

STOP_MAILS = numbered([
    "a good one", "a bad one", "a good and bad one", "a subrule", "plus a", "minus a", "nothing",
    "undone", "one two", "one", "often often often", "http://a.example.com/ plus", "wrong", "fine",
    "bad http://a.example.com/", "subrule plus", "good minus", "alone http://a.example.com/"])

BOUND_RULES = """
header HEAD Subject =~ /x/
score HEAD 4
priority HEAD -300
body FIRST /a/
score FIRST 2
priority FIRST -200
body NICE /nice/
score NICE -9
priority NICE -200
uri LINK /example/
rawbody RAW /a/
body LATE /lute/
priority LATE 100
shortcircuit_max_spam_score 5.5
shortcircuit_min_ham_score -4
"""

MODULE, PACKAGE = b"\0Attribut\0", "EncryptedPackage".encode("utf-16-le")
RELATION = '<Relationship Id="r" Target="%s" TargetMode="External"/>'
FETCH = b"\0http://www.example.com/download/a.exe\0"
TYPES = "[Content_Types].xml"
MACRO_XML = b'<Override ContentType="application/vnd.ms-office.vbaProject"/>'


def relations(*targets):
    """A member that names what a document needs."""
    return ("<Relationships>" + "".join(RELATION % t for t in targets)).encode()


OLE_FILES = {
    "plain.doc": ole(), "macro.doc": ole(MODULE), "malice.doc": ole(MODULE, b"AutoOpen"),
    "object.doc": ole(b"\1\0O\0l\0e\0001\0000\0N\0a\0"), "encrypted.doc": ole(PACKAGE),
    "encrypted1.xls": ole(b"<Encryption xmlns"), "encrypted2.xls": ole((0x208, b"\xfe")),
    "encrypted3.xls": ole((0x214, b"/")), "encrypted4.xls": ole((0x20b, b"\x13")),
    "workbook.xls": ole((0x208, b"\xfe"), "Workbook".encode("utf-16-le")),
    "late.xls": ole((0x7f0, PACKAGE), size=0x900), "fake.doc": b"x" + ole(MODULE),
    "a.rtf": b"{\\rtf1 \\objdata 00}", "b.rtf": b"{\\rtf1 \\objemb}",
    "c.rtf": b"{\\rtf1 \\ objdat}",
    "d.rtf": b"{\\rtf1 obj}", "xml.doc": b'<w:x w:macrosPresent="yes" document_open>',
    "rels.doc": b"vbaProject.bin.rels", "UPPER.DOC": ole(MODULE), "macro.dat": ole(MODULE),
    "any.docm": b"nothing", "any.pptx": ole(MODULE), "empty.doc": b"", "Any.DOCM": b"nothing",
    "fetch.doc": ole(FETCH), "fetch1.doc": b"URLDownloadToFileA" + FETCH,
    "fetch2.doc": ole(b"cmd /c ms^h^ta ht^tp:/^/x"),
    "fetch3.doc": ole(FETCH.replace(b"exe", b"txt")),
    **{f"fetch_{i}.doc": ole(b"\0HTTPS://" + url + b"?exe|", size=0x1000) for i, url in enumerate([
        b"abcdefghij", b"abcdefghi", b"abcd.efghij", b"abcdefg.hij", b"a" * 1000 + b"b.c" * 9 +
        b"d" * 400, b"a" * 2000, b"a" * 2001, b"a." * 300 + b"b" * 900, b"a." * 300 + b"b" * 399])},
    "a.csv": b"=MSEXCEL|'\\..\\Windows\\System32\\cmd.exe'!x", "b.csv": b"cmd.exe",
    "a.docx": zipped({TYPES: b"<x/>", "word/document.xml": b"<x/>"}),
    "b.docx": zipped({TYPES: MACRO_XML}), "c.docx": zipped({TYPES: b"<x MacroEnabled/>"}),
    "d.docx": zipped({"word/vbaProject.bin": b"Document_Open"}),
    "e.docx": zipped({"word/vbaProject.bin": b"harmless", "x.bin.txt": b"workbookopen"}),
    "f.docx": zipped({"word/a.rtf": b"x"}), "g.docx": zipped({"word/a.rtfx": b"x"}),
    "h.xlsx": zipped({"xl/embeddings/oleObject1.bin": b"auto_open"}),
    "i.docx": zipped({"word/_rels/document.xml.rels": relations("http://doc.example.com/a.dot")}),
    "j.docx": zipped({"a.rels": relations("MHTML:https://m.example.com/", "file:///x", "/local")}),
    "k.docx": zipped({"a.rels": relations("mhtml:&#x48;&#x54;&#x50;&#x3a;&#x5c;&#x5c;&#x31;&x")}),
    "l.docx": zipped({"a.rels": relations(*(f"http://l{i}.example.com/" for i in range(12)))}),
    "m.xlsx": zipped({TYPES: b"application/vnd.ms-excel.intlMacrosheet"}, stored=(TYPES,)),
    "n.docx": zipped({TYPES: MACRO_XML}, comment=b"hello"),
    "o.docx": zipped({TYPES: MACRO_XML}, prefix=b"PKxx"),
    "p.docx": zipped({TYPES: MACRO_XML})[:-8], "q.docx": b"x" + zipped({TYPES: MACRO_XML}),
    "r.docx": zipped({"word/vbaproject.bin": b"x"}, encrypted=("word/vbaproject.bin",)),
    "a.zip": zipped({"a.doc": ole(MODULE)}), "b.zip": zipped({"a.docm": b"x"}),
    "c.zip": zipped({"a.docm": b"x"}, encrypted=("a.docm",)),
    "d.zip": zipped({"a.txt": b"x"}, encrypted=("a.txt",)),
    "e.zip": zipped({"in.zip": zipped({"a.doc": ole(MODULE)})}),
    "f.zip": zipped({"in.zip": zipped({"in.zip": zipped({"a.doc": ole(MODULE)})})}),
    "g.zip": zipped({f"{i}.doc": ole() for i in range(8)} | {"9.doc": ole(MODULE)}),
    "h.zip": zipped({f"{i}.doc": ole() for i in range(7)} | {"9.doc": ole(MODULE)}),
    "i.zip": zipped({f"{i}.txt": b"x" for i in range(9)} | {"9.doc": ole(MODULE)}),
    "j.zip": zipped({"a.csv": b"=MSEXCEL|'\\..\\Windows\\System32\\cmd.exe'!x"}),
    "k.zip": zipped({"a.pptx": ole(MODULE)}),
    "l.zip": zipped({"a.docx": zipped({TYPES: MACRO_XML})}),
    "m.zip": zipped({"a.dat": ole(MODULE)}), "n.zip": b"none", "o.zip": zipped({}),
    "p.zip": zipped({"a.doc": ole(PACKAGE), "b.doc": ole(FETCH)}),
}
OLE_RULES = """
util_rb_tld example
body MACRO eval:check_olemacro()
body OBJECT eval:check_oleobject()
body RTF eval:check_olertfobject()
body CSV eval:check_olemacro_csv()
body MALICE eval:check_olemacro_malice()
body RENAMED eval:check_olemacro_renamed()
body ENCRYPTED eval:check_olemacro_encrypted()
body PASSWORD eval:check_olemacro_zip_password()
body FETCHES eval:check_olemacro_download_exe()
body REDIRECT eval:check_olemacro_redirect_uri()
body MHTML eval:check_olemacro_mhtml_uri()
uri LINK m,//doc\\.example,
uri LINK_9 m,//l9\\.example,
uri LINK_10 m,//l10\\.example,
"""
OLE_MAILS = {name: attached([(named(name), data)]) for name, data in OLE_FILES.items()}
OLE_TEN = [(named(f"{i}.doc"), ole(MODULE) if i == 5 else ole()) for i in range(10)]
OLE_MAILS |= {
    "six": attached(OLE_TEN), "five": attached(OLE_TEN[1:]),
    "seven": attached([(named("a.txt"), b"x")] * 6 + OLE_TEN[5:6]),
    "text": attached([(named("a.doc", "text/plain"), ole(MODULE))]),
    "7bit": attached([(named("a.rtf") + "\nContent-Transfer-Encoding: 7bit", b"\\objdata")]),
    "quoted": attached([(named("a.rtf") + "\nContent-Transfer-Encoding: quoted-printable",
                         b"\\objdata")]),
    "disposition": attached([(named("a.txt") + "; filename=b.doc", ole(MODULE))]),
    "disposition2": attached([(named("b.doc") + "; filename=a.txt", ole(MODULE))]),
    "encoded": attached([(named("=?utf-8?q?a=2Edoc?="), ole(MODULE))]),
    "unnamed": attached([("Content-Type: application/msword", ole(MODULE))]),
    "large": attached([(named("a.doc"), ole((1023990, b"12345" + MODULE), size=1100000))]),
    "large2": attached([(named("a.doc"), ole((1023900, MODULE), size=1100000))]),
}
OLE_SETTINGS = """
olemacro_extended_scan 1
olemacro_num_mime 3
olemacro_num_zip 2
olemacro_zip_depth 1
olemacro_prefer_contentdisposition 0
olemacro_max_file 2000
olemacro_exts (?:doc|foo)$
olemacro_macro_exts docm$
olemacro_skip_exts (?:xls)$
olemacro_skip_ctypes ^image/
olemacro_zips (?:zip|zap)$
olemacro_download_marker fetch_me
"""
OLE_MORE = OLE_MAILS | {
    "foo": attached([(named("a.foo"), ole(MODULE, b"fetch_me"))]),
    "zap": attached([(named("a.zap"), zipped({"a.foo": ole(MODULE)}))]),
    "image": attached([(named("a.doc", "image/gif"), ole(MODULE))]),
}

def hop(helo, rdns, ip, by="mx.example.org", how="with SMTP id x"):
    """A Received line."""
    return f"Received: from {helo} ({rdns} [{ip}]) by {by} {how}; Mon, 1 Jan 2024 12:00:00 +0000"


OLD_RULES = """
util_rb_tld example
header NUMERIC eval:check_for_numeric_helo()
header REVERSE eval:check_for_sender_no_reverse()
header DOMAIN eval:check_for_from_domain_in_received_headers('acme.com','true')
header NO_DOMAIN eval:check_for_from_domain_in_received_headers('acme.com','false')
header IP_HELO eval:check_for_forged_received_ip_helo()
header GW05 eval:check_for_forged_gw05_received_headers()
header UNUSABLE eval:check_messageid_not_usable()
header YOUNG eval:received_within_months('0','3')
header MIDDLE eval:received_within_months('3','500')
header ANCIENT eval:received_within_months('500','undef')
body REDIRECTS eval:check_for_http_redirector()
body PROGRAM eval:check_microsoft_executable()
body SUSPECT eval:check_suspect_name()
"""

NOW = email.utils.formatdate()
OLD_HEADERS = {
    "numeric": [hop("1.2.3.4", "a.example", "1.2.3.5")],
    "numeric2": [hop("10.2.3.4", "a.example", "1.2.3.5"), hop("1.2.3.4", "a.example", "1.2.3.5")],
    "numeric3": [hop("a.example", "a.example", "1.2.3.5"), hop("1.2.3.4", "a.example", "1.2.3.5")],
    "numeric4": [hop("[1.2.3.4]", "a.example", "1.2.3.5")],
    "numeric5": [hop("01.2.3.4", "", "1.2.3.5")],
    "far": [hop("1.9.3.4", "a.example", "1.2.3.5")], "far2": [hop("1.9.3.4", "", "1.2.3.5", "mx")],
    "far3": [hop("10.9.3.4", "a.example", "1.2.3.5")], "far4": [hop("1.9.3.4", "x", "10.2.3.5")],
    "private": [hop("a.example", "a.example", "10.2.3.4")], "single": [hop("a", "a", "1.2.3.4")],
    "domain": ["From: x@acme.com", hop("x", "m.acme.com", "1.2.3.4", "mx.acme.com")],
    "domain2": ["From: x@acme.com", hop("x", "m.acme.com", "1.2.3.4", "mx.other.com")],
    "domain3": ["From: x@acme.org", hop("x", "m.acme.com", "1.2.3.4", "mx.acme.com")],
    "gw05": [hop("a.example", "a.example", "1.2.3.4"),
             "Received: from m.example by gw05 with ESMTP; Thu, 21 Jun 2001 02:28:32 -0400"],
    "gw05 alone": ["Received: from m.example by gw05 with ESMTP; Thu, 21 Jun 2001 02:28:32 -0400"],
    "gw05 dot": [hop("a.example", "a.example", "1.2.3.4"),
                 "Received: from m.example by gw.5 with ESMTP; Thu, 21 Jun 2001 02:28:32 -0400"],
    "leave": ["List-Unsubscribe: <mailto:leave-x@example.com>"],
    "leave2": ["List-Unsubscribe: <mailto:x-unsubscribe@example.com>, <http://x>"],
    "iplanet": ["Received: from x by y (iPlanet Messaging Server 5); x"],
    "none": ["X: y"],
    "dce": ["Received: from x by y (8.8/CWT/DCE); x"],
    "now": [f"Date: {NOW}"], "then": ["Date: Thu, 21 Jun 2001 02:28:32 -0400"],
    "both": [f"Received: from a by b; {NOW}", "Date: Thu, 21 Jun 2001 02:28:32 -0400"],
    "other": [f"Date: {NOW}", "Received: from a by b; Thu, 21 Jun 2001 02:28:32 -0400"],
    "fetched": [f"Received: from localhost by localhost; {NOW}",
                f"Received: from x by localhost with POP3 (fetchmail-6.4); {NOW}",
                "Received: from a by b; Thu, 21 Jun 2001 02:28:32 -0400",
                "Date: Thu, 21 Jun 2001 02:28:32 -0400"],
}
OLD_URIS = [
    "http://a.example/r?u=http://b.example/", "http://a.example/r?u=http://c.a.example/",
    "http://a.example/http:b.example", "http://a.example/x", "http://1.2.3.4/http://1.2.3.4/",
    "http://a.example/r?http://x.a.example/r?http://b.example"]
OLD_FILES = {
    "exe": (named("A.EXE"), b"x"), "scr": (named("a.scr"), b"x"), "txt": (named("a.txt"), b"x"),
    "base64": (named("a.bin"), bytes.fromhex("4d5a90000300000004000000ffff0000")),
    "uuencode": ("Content-Type: text/plain\nContent-Transfer-Encoding: 7bit",
                 b"begin 644 a\nM35I0``(````$``\\`__\\``+@`\nM35G0``(``!``````\n"),
    "html": (named("a.html", "image/gif"), b"x"), "gif": (named("a.gif", "text/plain"), b"x"),
    "jpg": (named("a.jpg", "image/jpeg"), b"x"), "vcf": (named("a.vcf", "text/x-vcard"), b"x"),
    "vcf2": (named("a.vcf", "text/vcard"), b"x"),
    "doc": (named("a.doc", "application/msword"), b"x"),
    "doc2": (named("a.doc", "application/pdf"), b"x"), "com": (named("com", "text/html"), b"x"),
    "xls": (named("a.xls", "application/vnd.ms-excel"), b"x"),
    "ppt": (named("a.ppt", "application/x-ppt"), b"x"),
    "bat": (named("a.bat", "application/x-bat"), b"x"),
    "xml": (named("a.xml", "application/xml"), b"x")}
OLD_MAILS = ({name: ("\n".join([*lines, "Subject: x", "", "x", ""])).encode()
              for name, lines in OLD_HEADERS.items()} | numbered(OLD_URIS) |
             {f"file {name}": attached([file]) for name, file in OLD_FILES.items()})

FAMILIES = {
    "functions without rules": Family(["RelayEval", "HeaderEval", "URIEval", "AntiVirus"],
                                      OLD_RULES, OLD_MAILS),
    "DecodeShortURLs": Family(["DecodeShortURLs"], SHORT_RULES, numbered(SHORT_LINKS), (
        "REDIRECTED", "CHAINED", "CODE", "LONGEST", "LOOP", "FOUND", "GONE")),
    "ExtractText": Family(["ExtractText"], extract_cases.settings() + extract_cases.RULES,
                          extract_cases.MAILS, extract_cases.CONSTANT),
    "ExtractText, other tools": Family(["ExtractText"], extract_cases.TOOL_RULES,
                                       extract_cases.TOOL_MAILS),
    "FromNameSpoof": Family(["FromNameSpoof"], NAME_RULES, NAME_MAILS),
    "OLEVBMacro": Family(["OLEVBMacro"], OLE_RULES, OLE_MAILS, ("RENAMED", "LINK_10")),
    "OLEVBMacro, set otherwise": Family(["OLEVBMacro"], OLE_SETTINGS + OLE_RULES, OLE_MORE,
                                        ("LINK_10",)),
    "PDFInfo": Family(["PDFInfo"], PDF_RULES, PDF_MAILS, PDF_NEVER),
    "Shortcircuit": Family(["Shortcircuit"], STOP_RULES, STOP_MAILS,
                           ("HEAD", "SAME", "AFTER")),
    "Shortcircuit by score": Family(["Shortcircuit"], BOUND_RULES, numbered([
        "b", "a", "nice", "a nice one", "nice a http://a.example.com/", "http://a.example.com/",
        "lute"]),
                                    ("HEAD",)),
    "TextCat": Family(["TextCat"], LANGUAGE_RULES, LANGUAGE_MAILS, ("THERE",)),
    "TextCat, all": Family(["TextCat"], LANGUAGE_RULES.replace("ok_languages en", ""),
                           LANGUAGE_MAILS, ("THERE", "UNWANTED", "HIGH")),
}

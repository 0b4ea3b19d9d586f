"""Rules and mails for compare_plugins.py, by family of functions."""
import dataclasses


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
"""

LANGUAGE_MAILS = numbered([
    ENGLISH * 3, GERMAN * 3, GERMAN, RUSSIAN * 3, ENGLISH * 3 + RUSSIAN, GERMAN.upper() * 3,
    ENGLISH + LONG_LINK, ENGLISH * 2 + "\n" + "der.und.die@example.de " * 20, "äöüä" * 3, "äöü",
    ENGLISH * 3 + GERMAN * 3, "Das www.geschichte.example " + GERMAN * 2, "\x01\x02\x03" * 200,
    "1 2 3 4 " * 100, ENGLISH * 30 + GERMAN * 30, GERMAN * 100],
    "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")

FAMILIES = {
    "DecodeShortURLs": Family(["DecodeShortURLs"], SHORT_RULES, numbered(SHORT_LINKS), (
        "REDIRECTED", "CHAINED", "CODE", "LONGEST", "LOOP", "FOUND", "GONE")),
    "TextCat": Family(["TextCat"], LANGUAGE_RULES, LANGUAGE_MAILS),
}

"""Mails put together from what single rules ask for: the pieces that compose.py tries."""
import base64
import quopri
import re

PLAIN = {"From": "Ann Other <ann@example.com>", "To": "bob@example.org", "Subject": "Hello there",
         "Date": "Mon, 1 Jan 2024 12:00:00 +0000", "Message-ID": "<a1b2c3@example.com>",
         "MIME-Version": "1.0"}
HOPS = ["from mail.example.com (mail.example.com [192.0.32.7]) by mx.example.org (Postfix) with "
        "ESMTP id 1234567 for <bob@example.org>; Mon, 1 Jan 2024 12:00:00 +0000",
        "from [10.1.2.3] (unknown [10.1.2.3]) by mx.example.org (Postfix) with ESMTP id 1234567; "
        "Mon, 1 Jan 2024 12:00:00 +0000"]
URI_FORMS = ["{}", "http://{}", "http://www.example.com/{}", "http://www.example{}",
             "http://www.example.com{}", "http://www{}/", "mailto:{}", "https://{}",
             "http://example.com/a{}b", "http://{}.example.com/"]

HEADER_OF = {"MESSAGEID": "Message-ID", "ToCc": "To", "EnvelopeFrom": "Return-Path"}
LISTED = {"SUSP_NTLD": "x@example.icu", "PAYPAL": "x@paypal.com", "GOV": "x@example.gov",
          "BANKS": "x@chase.com", "SUSP_URI_NTLD": "http://example.icu/",
          "SUSP_URI_NTLD_PRO": "http://example.pro/", "PDS_CASHSHORTENER": "http://cutpaid.com/a"}


def picture(kind, width, height):
    """As much of an image as says how large it is, in base64."""
    if kind == "gif":
        data = b"GIF89a" + width.to_bytes(2, "little") + height.to_bytes(2, "little")
    elif kind == "png":
        data = (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + width.to_bytes(4, "big") +
                height.to_bytes(4, "big"))
    else:
        data = b"\xff\xd8\xff\xc0\0\x11\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return base64.b64encode(data + bytes(8)).decode()


def received(relay_text, rng):
    """Received lines for what a rule wants to see of the relays: [ ip=1.2.3.4 rdns=... ]"""
    lines = []
    for one in re.split(r"\]\s*", relay_text):
        found = dict(re.findall(r"\b(\w+)=([^\s\]]*)", one))
        if not found and lines:
            continue
        ip = found.get("ip", "").strip(".")
        ip += ".32.7.9"[:2 * (3 - ip.count("."))] if ip else "192.0.32.%d" % rng.randrange(1, 250)
        rdns = found.get("rdns", rng.choice(["", "mail.example.com"]))
        rdns += "example.com" if rdns.endswith((".", "-")) else rng.choice(["", ".example.com"])
        helo = found.get("helo") or ("mail.example.com" if found else one.strip())
        by = found.get("by") or "mx.example.org"
        ident = found["ident"] + "@" if found.get("ident") else ""
        sender = "(envelope-from <%s>) " % found["envfrom"] if found.get("envfrom") else ""
        how = "ESMTPA" if found.get("auth") else rng.choice(["ESMTP", "SMTP"])
        lines.append("from %s (%s%s [%s]) %sby %s (Postfix) with %s id %s; "
                     "Mon, 1 Jan 2024 12:00:00 +0000" %
                     (helo, ident, rdns or "unknown", ip, sender, by, how,
                      found.get("id") or "12345"))
    return lines


class Draft:
    """A mail that grows; text() gives its octets as characters 0 to 255."""

    def __init__(self, rng):
        self.rng, self.headers, self.raw_headers = rng, {}, []
        self.hops, self.paragraphs, self.html, self.parts, self.raw = [], [], [], [], []
        self.absent, self.images, self.people = set(), [], {}
        self.charset = self.encoding = None

    def header(self, name, value):
        """A further value, or one that goes with what is there."""
        name = next((n for n in [*self.headers, *PLAIN] if n.lower() == name.lower()), name)
        old = self.headers.get(name, value)
        self.headers[name] = value if value in old else self.rng.choice(
            [f"{old} {value}", f"{value} {old}", old, value])

    def person(self, header, form, value):
        """The name or the address in a header; both may be wanted."""
        self.people.setdefault(header, {})[form] = value
        person = self.people[header]
        address = "<%s>" % person.get("addr", "x@example.com")
        name = person.get("name", "")
        self.headers[header] = (self.rng.choice(['"%s" %s', "%s %s"]) % (name, address)
                                if name else address)

    def require(self, rule, sample):
        """What the rule matches: `sample`, a text of its pattern."""
        kind = rule["type"]
        if kind == "header":
            self.require_header(rule, sample)
        elif kind == "body":
            self.paragraphs.append(sample)
        elif kind == "rawbody":
            (self.html if self.rng.random() < 0.7 else self.raw).append(sample)
        elif kind == "full":
            self.raw.append(sample)
        elif kind == "uri":
            self.require_uri(sample)
        elif kind == "mimeheader":
            self.parts.append((rule["test"], sample))
        elif kind.endswith("eval"):
            function, arguments = rule["call"]
            recipe = getattr(self, function, None)
            if recipe:
                recipe(*arguments)

    # What functions look for, by their names.

    def image_count(self, kind, least, *_):
        kind = "gif" if kind == "all" else kind
        size = (500, 400) if int(least) < 2 else (400, 300)
        for _ in range(max(1, int(least))):
            self.images.append((kind, picture(kind, *size)))

    def pixel_coverage(self, kind, *_):
        if not self.images:
            self.image_count(kind, 1)

    def html_image_only(self, least, most):
        length = (int(least) + int(most)) // 2
        text = ("lorem ipsu " * 300)[:length]
        self.html.append(f'<img src="http://example.com/a.jpg">{text}')

    def html_tag_exists(self, tag):
        self.html.append(f"<{tag}>x y</{tag}>")

    def html_test(self, what):
        if what == "font_low_contrast":
            self.html.append('<font color="#fdfdfd">so pale</font>')

    def check_freemail_header(self, name, *_):
        self.person(name.split(":")[0], "addr", "ann@gmail.com")

    def check_freemail_from(self, *_):
        self.person("From", "addr", "ann@gmail.com")

    def check_freemail_replyto(self, *_):
        self.person("From", "addr", "ann@gmail.com")
        self.person("Reply-To", "addr", "bob@yahoo.com")

    def check_from_in_list(self, name):
        self.person("From", "addr", LISTED.get(name, ""))

    def check_replyto_in_list(self, name):
        self.person("Reply-To", "addr", LISTED.get(name, ""))

    def check_uri_host_listed(self, name):
        self.paragraphs.append(LISTED.get(name, ""))

    def check_for_to_in_subject(self, *_):
        self.header("Subject", "bob, come here")

    def check_for_matching_env_and_hdr_from(self):
        self.header("Return-Path", "<ann@example.com>")

    def check_abundant_unicode_ratio(self, *_):
        self.html.append("&#1072;" * 100)

    def check_uri_truncated(self):
        self.html.append('<a href="http://example.com/%s">x</a>' % ("a" * 9000))

    def check_for_mime(self, what):
        if what == "mime_faraway_charset":
            self.charset = "koi8-r"
        elif what == "mime_base64_encoded_text":
            self.encoding = "base64"
        elif what == "mime_qp_count":
            self.encoding = "quoted-printable"

    def check_base64_length(self, *_):
        self.encoding = "base64"

    def check_for_mime_html_only(self):
        self.html.append("x")

    def require_uri(self, sample):
        uri = self.rng.choice(URI_FORMS[:3] if ":/" in sample else URI_FORMS).format(sample)
        if self.rng.random() < 0.5:
            self.paragraphs.append(uri)
        else:
            self.html.append('<a href="%s">%s</a>' % (uri, self.rng.choice(["here", uri])))

    def require_header(self, rule, sample):
        test = rule["test"]
        if test.startswith("exists:"):
            self.header(test[7:], PLAIN.get(test[7:], "x y"))
            return
        name, operator = re.match(r"([^\s=!]+)\s*([=!]~)", test).groups()
        name, _, form = name.partition(":")
        unset = re.search(r"\[if-unset:\s*(.*)\]", test)
        if operator == "!~" or (unset and sample.strip() == unset[1].strip()):
            self.absent.add(name)
        elif name.startswith("X-Spam-Relays-"):
            self.hops += received(sample, self.rng)
        elif name in ("ALL", "ALL-EXTERNAL", "ALL-TRUSTED", "ALL-UNTRUSTED", "ALL-INTERNAL"):
            self.require_all(sample)
        elif form == "raw":
            self.raw_headers.append(f"{name}:{'' if sample[:1].isspace() else ' '}{sample}")
        else:
            sample = ("abc" if sample[:1].isspace() else "") + sample
            sample += "abc" if sample[-1:].isspace() else ""
            self.require_value(name, form, sample)

    def require_all(self, sample):
        first = sample.lstrip("\n").split("\n")[0]
        if not re.match(r"[!-9;-~]+:", first):
            sample = "X-Odd: " + sample.lstrip("\n")
        self.raw_headers.append(sample.strip("\n"))

    def require_value(self, name, form, sample):
        name = HEADER_OF.get(name, name)
        if form == "addr":
            if "@" not in sample:
                sample = self.rng.choice(["{}@example.com", "x@{}", "x@x{}", "a{}b@example.com",
                                          "x@example{}", "x{}@example.com"]).format(sample)
            self.person(name, form, "x" + sample if sample.startswith("@") else sample)
            return
        if form == "name":
            self.person(name, form, sample)
            return
        if name == "Return-Path":
            sample = "x" + sample if sample.startswith(("@", "=")) else sample
            sample = f"<{sample}>" if self.rng.random() < 0.8 else sample
        if name in ("From", "Reply-To", "To") and "@" not in sample and self.rng.random() < 0.5:
            sample += " <x@example.com>"
        elif name == "Message-ID" and form != "raw" and self.rng.random() < 0.7:
            sample = "<" + sample.strip("<>") + ">"
        if name == "Received":
            hop = "from a.example.com (a.example.com [192.0.32.8]) by mx.example.org with SMTP; "
            self.hops.append(sample if self.rng.random() < 0.5 else hop + sample)
        else:
            self.header(name, sample)

    def head(self, content):
        """The lines of the header, in the order in which mails have them."""
        rng = self.rng
        hops = self.hops or (rng.sample(HOPS, 1) if rng.random() < 0.6 else [])
        lines = []
        if "Return-Path" in self.headers:
            lines.append("Return-Path: " + self.headers["Return-Path"])
        lines += ["Received: " + h for h in hops if "Received" not in self.absent]
        lines += self.raw_headers
        taken = {line.split(":")[0].lower() for line in "\n".join(lines).split("\n")}
        values = {**PLAIN, **content, **self.headers}
        lone = rng.random() < 0.2
        for name, value in values.items():
            optional = name in ("Date", "Message-ID", "MIME-Version") and name not in self.headers
            if name.lower() in taken or name in self.absent or (lone and optional):
                continue
            lines.append(f"{name}: {value}")
        return [re.sub(r"\n(?![\t ])", "\n\t", line) if line not in self.raw_headers else line
                for line in lines]

    def text_part(self):
        """Type and body of the text."""
        rng = self.rng
        high = any(c > "\x7f" for c in "".join(self.paragraphs + self.html))
        charset = rng.choice(["utf-8", "iso-8859-1", "windows-1251"]) if high else "us-ascii"
        charset = self.charset or charset
        plain = "\n\n".join(self.paragraphs)
        raw = "\n".join(self.raw)
        if self.html or (rng.random() < 0.15 and not self.raw):
            body = "".join(f"<p>{p}</p>\n" for p in self.paragraphs) + "\n".join(self.html) + raw
            if rng.random() < 0.8:
                body = f"<html><body>{body}</body></html>"
            return f"text/html; charset={charset}", body
        return f"text/plain; charset={charset}", plain + ("\n" if plain else "") + raw

    def part_lines(self):
        """Header lines of each further part: requirements for one name go to parts of their own."""
        parts = []
        for name, value in self.parts:
            if name == "ALL":
                parts.append({"": value.strip("\n")})
                continue
            free = [p for p in parts if name not in p and "" not in p]
            if free and self.rng.random() < 0.5:
                free[0][name] = value
            else:
                parts.append({name: value})
        for part in parts:
            lines = [f"{n}: {v}" if n else v for n, v in part.items()]
            if "" not in part and "Content-Type" not in part and self.rng.random() < 0.7:
                lines.insert(0, "Content-Type: application/octet-stream")
            yield lines

    def text(self):
        kind, body = self.text_part()
        if self.encoding:
            kind += "\nContent-Transfer-Encoding: " + self.encoding
            coder = base64.encodebytes if self.encoding == "base64" else quopri.encodestring
            body = coder(body.encode("latin-1")).decode()
        if not self.parts and not self.images:
            kind, _, encoding = kind.partition("\nContent-Transfer-Encoding: ")
            content = {"Content-Type": kind}
            if encoding:
                content["Content-Transfer-Encoding"] = encoding
        else:
            content = {"Content-Type": 'multipart/mixed; boundary="=_x1"'}
            self.headers.pop("Content-Type", None)
            chunks = [f"Content-Type: {kind}\n\n{body}\n"]
            chunks += ["\n".join(lines) + "\n\nAAAA\n" for lines in self.part_lines()]
            chunks += [f"Content-Type: image/{kind}\nContent-Transfer-Encoding: base64\n\n{data}\n"
                       for kind, data in self.images]
            body = "".join(f"--=_x1\n{c}\n" for c in chunks) + "--=_x1--\n"
        return "\n".join(self.head(content)) + "\n\n" + body + "\n"

"""Verifies an rsa-sha256 DKIM signature (RFC 6376) with simple/simple canonicalisation.

Only what the newsletter among the samples needs; openssl does the arithmetic.
"""

import base64
import hashlib
import re
import subprocess
import tempfile


def tags(value):
    """tag=value; … as a dictionary, white space removed from the values."""
    pairs = (part.partition("=") for part in value.split(";") if part.strip())
    return {name.strip(): re.sub(r"\s+", "", text) for name, _, text in pairs}


def fields(head):
    """Header fields as they stand, each with its line ends."""
    return re.findall(rb"[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", head)


def name_of(field):
    """The lower-case name of a field."""
    return field.partition(b":")[0].strip().lower()


def signed_text(found, signature, names):
    """The bytes under the signature: the named fields, last ones first, then itself without b=."""
    left, text = list(found), b""
    for name in names:
        for field in reversed(left):
            if name_of(field) == name:
                text += field
                left.remove(field)
                break
    bare = re.sub(rb"(?s)([;\s]b=)[^;]*", rb"\1", signature)
    return text + bare.rstrip(b"\r\n")


def rsa_verifies(key, signature, text):
    """Does `signature` belong to `text`? `key` is the base64 of the record's p=."""
    with tempfile.NamedTemporaryFile() as public, tempfile.NamedTemporaryFile() as value:
        public.write(base64.b64decode(key))
        public.flush()
        value.write(signature)
        value.flush()
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", public.name, "-keyform",
                               "DER", "-signature", value.name], input=text, capture_output=True,
                              check=False)
    return done.returncode == 0


def verifies(mail, record):
    """Is the first signature of `mail` (CRLF) good? `record`: the text as in samples/dkim.txt."""
    head, _, body = mail.partition(b"\r\n\r\n")
    found = fields(head + b"\r\n")
    signature = next(field for field in found if name_of(field) == b"dkim-signature")
    sign = tags(signature.partition(b":")[2].decode())
    key = tags("".join(re.findall(r'"([^"]*)"', record)))["p"]
    body = re.sub(rb"(\r\n)*\Z", b"\r\n", body)
    if base64.b64encode(hashlib.sha256(body).digest()).decode() != sign["bh"]:
        return False
    names = [name.lower().encode() for name in sign["h"].split(":")]
    text = signed_text(found, signature, names)
    return rsa_verifies(key, base64.b64decode(sign["b"]), text)

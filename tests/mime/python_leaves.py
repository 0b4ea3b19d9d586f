"""The leaves of mails as Python's email finds them."""
import email
import email.errors
import email.header
import email.policy
import email.utils
import hashlib


def decoded(name):
    """A file name with RFC 2231 and 2047 resolved; what cannot be is left as it is."""
    if isinstance(name, tuple):
        name = email.utils.collapse_rfc2231_value(name)
    try:
        pieces = email.header.decode_header(str(name))
        return str(email.header.make_header(pieces))
    except (LookupError, UnicodeError, ValueError, email.errors.MessageError):
        return str(name)


def is_undecoded(part, content):
    """Whether base64 came back as it was, because Python found it wrong."""
    return (str(part.get("content-transfer-encoding", "")).strip().lower() == "base64" and
            content == part.get_payload().encode("ascii", "surrogateescape").replace(b"\n", b""))


def leaf(part):
    """One leaf in the form of mime_facts; without content if its bytes are gone."""
    name = part.get_filename()
    out = {"type": part.get_content_type(), "name": decoded(name) if name else ""}
    content = None if part.is_multipart() else part.get_payload(decode=True)
    if content is not None:
        loose = content.translate(None, b" \t\r\n\v\f")
        out.update(size=len(content), sha256=hashlib.sha256(content).hexdigest(),
                   loose=hashlib.sha256(loose).hexdigest(),
                   undecoded=bool(loose) and is_undecoded(part, content))
    return out


def is_message(part):
    """To Python every message/… has a message in it; reports have none."""
    return part.get_content_type() in ("message/rfc822", "message/global", "message/news")


def walk(part, out):
    """Adds the leaves of a part."""
    inside = part.get_payload() if part.is_multipart() else []
    if inside and (part.get_content_maintype() == "multipart" or is_message(part)):
        for p in inside:
            walk(p, out)
    else:
        out.append(leaf(part))


def leaves(path):
    """The leaves of a file, and why there are none."""
    with open(path, "rb") as f:
        raw = f.read()
    out = []
    try:
        walk(email.message_from_bytes(raw, policy=email.policy.compat32), out)
    except Exception as e:  # pylint: disable=broad-except
        # Whatever it stumbles over: it is the oracle that cannot read this one.
        return [], f"{type(e).__name__}: {e}"
    return out, ""

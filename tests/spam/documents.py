"""Attachments made byte by byte: PDFs, OLE files, zip files with and without macros."""
import base64
import hashlib
import struct
import zlib


def attached(parts, text="x\n"):
    """A mail of a text and attachments, each (header lines, octets); base64 unless they say how."""
    lines = ["From: a@example.com", "To: b@example.org", "Subject: x", "MIME-Version: 1.0",
             'Content-Type: multipart/mixed; boundary="=_x1"', "", "--=_x1",
             "Content-Type: text/plain", "", text]
    for header, data in parts:
        if "Content-Transfer-Encoding" not in header:
            header += "\nContent-Transfer-Encoding: base64"
            data = base64.encodebytes(data)
        lines += ["--=_x1", header, "", data.decode("latin-1")]
    return "\n".join([*lines, "--=_x1--", ""]).encode("latin-1")


def named(name, kind="application/octet-stream"):
    """The header of an attachment."""
    return f'Content-Type: {kind}; name="{name}"\nContent-Disposition: attachment'


def pdf(*lines, magic=b"%PDF-1.4"):
    """A PDF with these lines."""
    return b"\n".join([magic, *lines, b"%%EOF", b""])


def md5(data):
    """As rules name it."""
    return hashlib.md5(data).hexdigest()


def zipped(members, encrypted=(), stored=(), comment=b"", prefix=b""):
    """A zip file of name -> octets; those in `encrypted` are marked so."""
    body, directory = prefix, b""
    for name, data in members.items():
        name_octets = name.encode("latin-1")
        flags = 1 if name in encrypted else 0
        method = 0 if name in stored else 8
        deflate = zlib.compressobj(wbits=-15)
        packed = data if method == 0 else deflate.compress(data) + deflate.flush()
        common = struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 0x5821, zlib.crc32(data),
                             len(packed), len(data), len(name_octets), 0)
        directory += (b"PK\x01\x02" + struct.pack("<H", 20) + common +
                      struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name_octets)
        body += b"PK\x03\x04" + common + name_octets + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(body),
                      len(comment))
    return body + directory + b"PK\x05\x06" + end + comment


def ole(*pieces, size=0x600):
    """The beginning of a compound file with pieces in it: octets, or (offset, octets)."""
    data = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(size - 8))
    at = 0x300
    for piece in pieces:
        if isinstance(piece, tuple):
            data[piece[0]:piece[0] + len(piece[1])] = piece[1]
        else:
            data[at:at + len(piece)] = piece
            at += len(piece) + 8
    return bytes(data)

"""Attachments made byte by byte: PDFs, office documents, zip files with and without macros."""
import base64
import hashlib
import struct
import subprocess
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


def text_pdf(*lines):
    """A PDF of one page that shows these lines, octets in WinAnsi's encoding."""
    shown = b" T* ".join(b"(" + line + b") Tj" for line in lines)
    stream = b"BT /F1 24 Tf 40 700 Td 30 TL " + shown + b" ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"]
    out, table = b"%PDF-1.4\n", b"0000000000 65535 f \n"
    for number, content in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    return out + (b"xref\n0 %d\n" % (len(objects) + 1) + table +
                  b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1) +
                  b"startxref\n%d\n%%%%EOF\n" % len(out))


def picture(*lines):
    """The same page as a PNG."""
    return subprocess.run(["pdftoppm", "-png", "-r", "100", "-singlefile"],
                          input=text_pdf(*lines), stdout=subprocess.PIPE, check=True).stdout


def docx(*lines):
    """A document of Word with these paragraphs."""
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    text = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    kinds = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>'
    return zipped({"[Content_Types].xml": b'<?xml version="1.0"?>' + kinds.encode(),
                   "word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?><w:document '
                                        f"{space}><w:body>{text}</w:body></w:document>".encode()})


def odt(*lines):
    """A text of LibreOffice with these paragraphs."""
    name = "urn:oasis:names:tc:opendocument:xmlns:"
    text = "".join(f"<text:p>{line}</text:p>" for line in lines)
    content = (f'<?xml version="1.0" encoding="UTF-8"?><office:document-content '
               f'xmlns:office="{name}office:1.0" xmlns:text="{name}text:1.0"><office:body>'
               f"<office:text>{text}</office:text></office:body></office:document-content>")
    return zipped({"mimetype": b"application/vnd.oasis.opendocument.text",
                   "content.xml": content.encode()}, stored=("mimetype",))


def rtf(*lines):
    """Rich text with these paragraphs."""
    return b"{\\rtf1\\ansi " + b"".join(line + b"\\par\n" for line in lines) + b"}\n"


def word_for_dos(*lines):
    """A document of Word as it was for DOS: the text lies behind a header of 128 octets."""
    text = b"\r\n".join([*lines, b""])
    pages = struct.pack("<H", (128 + len(text) + 127) // 128)
    head = b"\x31\xbe\0\0\0\xab" + bytes(8) + struct.pack("<I", 128 + len(text)) + 6 * pages
    return head.ljust(128, b"\0") + text

#!/usr/bin/python3
"""Writes the archives of formats that no free program writes, byte by byte: run in this directory."""
import gzip
import io
import struct
import zipfile
import zlib

EXE = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0\x4c\x01" + bytes(18)
TEXT = b"hello\n"
MEMBERS = [("note.txt", TEXT), ("dir/tool.exe", EXE)]


def write(name, *pieces):
    with open(name, "wb") as f:
        f.write(b"".join(pieces))


def rar4_block(kind, flags, rest, data=b""):
    head = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head + data


def rar4():
    files = b""
    for name, data in MEMBERS:
        name = name.replace("/", "\\").encode()
        rest = struct.pack("<IIBIIBBHI", len(data), len(data), 2, zlib.crc32(data), 0x21, 20, 0x30,
                           len(name), 0x20) + name
        files += rar4_block(0x74, 0x8000, rest, data)
    write("rar4.rar", b"Rar!\x1a\x07\0", rar4_block(0x73, 0, bytes(6)), files,
          rar4_block(0x7B, 0x4000, b""))


def vint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def rar5_block(kind, fields, extra=b"", data=None):
    flags = (1 if extra else 0) | (2 if data is not None else 0)
    head = vint(kind) + vint(flags)
    if extra:
        head += vint(len(extra))
    if data is not None:
        head += vint(len(data))
    head += fields + extra
    head = vint(len(head)) + head
    return struct.pack("<I", zlib.crc32(head)) + head + (data or b"")


def rar5_file(name, data, extra=b""):
    name = name.encode()
    fields = (vint(4) + vint(len(data)) + vint(0x20) + struct.pack("<I", zlib.crc32(data)) + vint(0)
              + vint(0) + vint(len(name)) + name)
    return rar5_block(2, fields, extra, data)


def rar5():
    mark, main, end = b"Rar!\x1a\x07\x01\0", rar5_block(1, vint(0)), rar5_block(5, vint(0))
    write("rar5.rar", mark, main, *[rar5_file(n, d) for n, d in MEMBERS], end)
    # Extra record: type 1, version 0, flags 0, KDF count, salt, IV. The data stays what it is.
    record = vint(1) + vint(0) + vint(0) + b"\x0f" + bytes(16) + bytes(16)
    record = vint(len(record)) + record
    write("rar5-encrypted.rar", mark, main, rar5_file("note.txt", TEXT),
          rar5_file("dir/tool.exe", EXE, record), end)
    # Block 4: version 0, flags 0, KDF count, salt; then the headers, which nobody can read.
    write("rar5-encrypted-names.rar", mark, rar5_block(4, vint(0) + vint(0) + b"\x0f" + bytes(16)),
          bytes(range(200)))


def cab():
    names = b"".join(
        struct.pack("<IIHHHH", len(d), sum(len(x) for _, x in MEMBERS[:i]), 0, 0, 0, 0x20)
        + n.replace("/", "\\").encode() + b"\0" for i, (n, d) in enumerate(MEMBERS))
    data = b"".join(d for _, d in MEMBERS)
    at = 36 + 8 + len(names)
    block = struct.pack("<IHH", 0, len(data), len(data)) + data
    write("cab.cab", b"MSCF",
          struct.pack("<IIIIIBBHHHHH", 0, at + len(block), 0, 44, 0, 3, 1, 1, len(MEMBERS), 0, 1, 0),
          struct.pack("<IHH", at, 1, 0), names, block)


def cpio():
    out = b""
    for name, data in MEMBERS + [("TRAILER!!!", b"")]:
        name = name.encode() + b"\0"
        out += b"070701" + b"".join(
            b"%08x" % v for v in (1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0))
        out += name
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return out


def rpm():
    lead = struct.pack(">IBBHH66sHH16x", 0xEDABEEDB, 3, 0, 0, 1, b"tool-1-1", 1, 5)
    header = b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">II", 0, 0)
    write("rpm.rpm", lead, header, header, gzip.compress(cpio(), mtime=0))


def arj():
    name = b"tool.arj\0\0"
    head = bytes([30, 11, 1, 0, 0, 0, 2, 0]) + bytes(22) + name
    write("arj.arj", b"\x60\xea", struct.pack("<H", len(head)), head,
          struct.pack("<IH", zlib.crc32(head), 0), b"\x60\xea\0\0")


def tnef_attribute(level, name, data):
    return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def tnef_property(kind, number, value, prefix=b""):
    pad = bytes(-len(value) % 4)
    return struct.pack("<HH", kind, number) + prefix + struct.pack("<II", 1, len(value)) + value + pad


def tnef_attachment(title, properties, data):
    props = struct.pack("<I", len(properties)) + b"".join(properties)
    out = tnef_attribute(2, 0x00069002, bytes(14)) + tnef_attribute(2, 0x00018010, title + b"\0")
    if data is not None:
        out += tnef_attribute(2, 0x0006800F, data)
    return out + tnef_attribute(2, 0x00069005, props)


def tnef():
    head = struct.pack("<IH", 0x223E9F78, 1)
    version = tnef_attribute(1, 0x00089006, struct.pack("<I", 0x00010000))
    named = bytes(16) + struct.pack("<II", 1, 6) + "ab\0".encode("utf-16-le") + bytes(2)
    long_name = tnef_property(0x1F, 0x3707, "l\u00e4nger \U0001F4CE.exe\0".encode("utf-16-le"))
    tool = tnef_attachment(b"LNGER~1.EXE", [
        struct.pack("<HHI", 0x03, 0x3705, 1), tnef_property(0x1E, 0x8001, b"value\0", named),
        struct.pack("<HHd", 0x05, 0x1234, 1.0), long_name], EXE)
    note = tnef_attachment(b"note.txt", [], TEXT)
    inner = head + version + note
    message = tnef_attachment(b"A message", [
        tnef_property(0x0D, 0x3701, bytes(16) + inner)], None)
    write("tnef.dat", head, version, tool, message, note)
    write("tnef-cut.dat", head, version, tool, message[:-40])


def zip_other_names():
    """Two names each: in the headers, and as Info-ZIP's extra field in UTF-8."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, other, data in ("tool.exe", "note.txt", EXE), ("plain.txt", "hidden.js", TEXT):
            info = zipfile.ZipInfo(name)
            info.extra = struct.pack("<HHBI", 0x7075, 5 + len(other), 1, zlib.crc32(name.encode()))
            info.extra += other.encode()
            z.writestr(info, data)
    write("zip-other-names.zip", out.getvalue())


for make in (rar4, rar5, cab, rpm, arj, tnef, zip_other_names):
    make()

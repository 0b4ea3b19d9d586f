/*
 * enc - bytes as text: base64, quoted-printable, hex, strings of JSON.
 *
 * The decoders read what mail really contains, as mail clients do, and cannot fail: whatever makes
 * no sense is skipped (base64) or kept as it is (quoted-printable). They pull from a view that they
 * shorten, so a large body is decoded piece by piece without a state of its own.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum {
	ENC_READ_MIN = 4, /* smallest room that the readers accept */
	ENC_LINE = 76,    /* longest encoded line (RFC 2045, 6.7 and 6.8) */
};

/*
 * Decode from the front of *in into `out` as far as `room` (at least ENC_READ_MIN) goes, and return
 * the number of bytes written: 0 only when *in is used up.
 *
 * base64: bytes outside the alphabet are skipped; padding ends a group, not the data, so that parts
 * which were encoded one by one and joined come out whole; a last group of two or three characters
 * counts, a single one does not.
 *
 * quoted-printable: `=` with two hex digits of any case, or before blanks and a line end (or the
 * end of all); any other `=` is an ordinary byte. Line ends are left as they are.
 */
size_t enc_base64_read(struct str *in, char *out, size_t room);
size_t enc_qp_read(struct str *in, char *out, size_t room);

/* The whole of it; ERR_LIMIT if the result would exceed `max` bytes. */
MUST_CHECK int enc_base64_decode(struct arena *a, struct str in, size_t max, struct str *out,
				 struct err *e);
MUST_CHECK int enc_qp_decode(struct arena *a, struct str in, size_t max, struct str *out,
			     struct err *e);

/*
 * Append to `to`. With `eol` (a line end) the output is cut into lines of at most ENC_LINE
 * characters, each of them ended by it; without (STR_NONE) base64 is one line.
 *
 * enc_qp_add() takes text: LF and CRLF in it become `eol`; everything that a relay might damage
 * (blanks at line ends, controls, bytes above 126, a leading dot, "From " at the start of a line)
 * is encoded. If the text does not end with a line end, a soft one is added so that the last line
 * is complete and the decoded text is the same.
 */
void enc_base64_add(struct buf *to, struct str in, struct str eol);
void enc_qp_add(struct buf *to, struct str in, struct str eol);

/* Lower case. */
struct str enc_hex(struct arena *a, struct str in);
void enc_hex_add(struct buf *to, struct str in);

/* RFC 4648, 6, in lower case and without padding. */
struct str enc_base32(struct arena *a, struct str in);

/* Pairs of hex digits of any case and nothing else; ERR_INVALID otherwise. */
MUST_CHECK int enc_hex_decode(struct arena *a, struct str in, struct str *out, struct err *e);

/*
 * As a string of JSON, with its quotes. Bytes above 7E are written as the code points of the same
 * number, so that the result is ASCII whatever the bytes are.
 */
void enc_json_add(struct buf *to, struct str in);

/* 0..15, or -1 for what is no digit, such as the -1 of a reader at its end. */
int enc_hex_digit(int c);

/* 0..63, or -1 for what is no letter of base64. */
int enc_base64_digit(char c);

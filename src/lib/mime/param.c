/*
 * Parameters with a charset, percent encoding and continuations (RFC 2231), and file names.
 */
#include "base/enc.h"
#include "lib/charset/charset.h"
#include "lib/mime/mime_int.h"

static const struct mime_param *find(struct mime_params params, struct str name)
{
	for (uint32_t i = 0; i < params.n; i++)
		if (str_ieq(params.p[i].name, name))
			return &params.p[i];
	return NULL;
}

/* The parameter that is piece `number` of `name`; *encoded if it is name*N* rather than name*N. */
static const struct mime_param *find_piece(struct mime_params params, struct str name,
					   unsigned number, bool *encoded)
{
	for (uint32_t i = 0; i < params.n; i++) {
		struct str piece = params.p[i].name;
		int64_t n;

		if (piece.n < name.n + 2 || piece.p[name.n] != '*' || !str_istarts(piece, name))
			continue;
		piece = str_from(piece, name.n + 1);
		*encoded = piece.p[piece.n - 1] == '*';
		if (*encoded)
			piece.n--;
		if (str_int(piece, 0, MIME_PARAMS_MAX, &n) && n == number)
			return &params.p[i];
	}
	return NULL;
}

void mime_percent_add(struct buf *to, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		int hi = i + 2 < s.n ? enc_hex_digit(s.p[i + 1]) : -1;
		int lo = i + 2 < s.n ? enc_hex_digit(s.p[i + 2]) : -1;

		if (s.p[i] != '%' || hi < 0 || lo < 0) {
			buf_addc(to, s.p[i]);
			continue;
		}
		buf_addc(to, (char)(hi << 4 | lo));
		i += 2;
	}
}

/* Without two quotes there is none. */
struct str mime_param_charset(struct str *s)
{
	struct str rest = *s, charset = str_cut(&rest, '\'');

	if (charset.n == s->n || str_chr(rest, '\'') < 0)
		return STR("");
	str_cut(&rest, '\'');
	*s = rest;
	return charset;
}

struct str mime_param_extended(struct arena *a, struct str value)
{
	struct str charset = mime_param_charset(&value);
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	mime_percent_add(&b, value);
	/* Some put an asterisk behind the name, but an encoded word into the value. */
	return charset.n ? charset_to_utf8(a, charset, buf_str(&b), b.n * 4)
			 : mime_text_decode(a, buf_str(&b));
}

/* All pieces in order; some mailers count from 1. False if there is none. */
static bool joined(struct arena *a, struct mime_params params, struct str name, struct str *out)
{
	struct str charset = STR("");
	bool encoded, any = false;
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	for (unsigned i = 0; i <= MIME_PARAMS_MAX; i++) {
		const struct mime_param *piece = find_piece(params, name, i, &encoded);
		struct str value;

		if (!piece && (any || i > 0))
			break;
		if (!piece)
			continue;
		value = piece->value;
		if (!any && encoded)
			charset = mime_param_charset(&value);
		if (encoded)
			mime_percent_add(&b, value);
		else
			buf_add(&b, value);
		any = true;
	}
	if (!any)
		return false;
	*out = charset.n ? charset_to_utf8(a, charset, buf_str(&b), b.n * 4)
			 : mime_text_decode(a, buf_str(&b));
	return true;
}

struct str mime_param_text(struct arena *a, struct mime_params params, struct str name)
{
	const struct mime_param *p;
	struct str out;

	if (!params.n)
		return STR("");
	p = find(params, str_cat(a, name, STR("*")));
	if (p)
		return mime_param_extended(a, p->value);
	if (joined(a, params, name, &out))
		return out;
	p = find(params, name);
	return p ? mime_text_decode(a, p->value) : STR("");
}

static struct str clean(struct arena *a, struct str name)
{
	if (name.n && memchr(name.p, '\0', name.n)) {
		char *copy = str_z(a, name);

		name.p = copy;
	}
	return str_trim(name);
}

struct str mime_filename(struct arena *a, const struct mime *m)
{
	struct str name = clean(a, mime_param_text(a, m->disposition_params, STR("filename")));

	if (!name.n)
		name = clean(a, mime_param_text(a, m->type_params, STR("name")));
	return name;
}

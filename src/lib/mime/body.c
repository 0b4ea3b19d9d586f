#include "base/enc.h"
#include "base/utf8.h"
#include "lib/charset/charset.h"
#include "lib/mime/mime_int.h"

enum { CHUNK = 16384 };

static size_t body_read(const struct mime *m, struct str *rest, char *to, size_t room)
{
	return m->encoding == MIME_BASE64 ? enc_base64_read(rest, to, room)
					  : enc_qp_read(rest, to, room);
}

/* A multipart is never encoded, whatever it says. */
static bool is_plain(const struct mime *m)
{
	return m->encoding == MIME_IDENTITY || m->child;
}

int mime_body_write(const struct mime *m, const struct sink *to, struct err *e)
{
	struct str rest = m->body;
	char chunk[CHUNK];

	if (is_plain(m))
		return sink_write(to, m->body, e);
	while (rest.n) {
		size_t n = body_read(m, &rest, chunk, sizeof(chunk));

		if (sink_write(to, (struct str){ chunk, n }, e) < 0)
			return -1;
	}
	return 0;
}

struct str mime_body_start(struct arena *a, const struct mime *m, size_t max)
{
	size_t room = (m->body.n < max ? m->body.n : max) + ENC_READ_MIN;
	struct str rest = m->body;
	char *p;

	if (is_plain(m))
		return str_sub(m->body, 0, max);
	p = arena_alloc(a, room);
	return str_sub((struct str){ p, body_read(m, &rest, p, room) }, 0, max);
}

int mime_body(struct arena *a, const struct mime *m, size_t max, struct str *out, struct err *e)
{
	struct str body = m->body;

	if (!is_plain(m))
		return m->encoding == MIME_BASE64 ? enc_base64_decode(a, body, max, out, e)
						  : enc_qp_decode(a, body, max, out, e);
	if (body.n > max)
		return err_set(e, ERR_LIMIT, "a body of more than %zu bytes", max);
	*out = body;
	return 0;
}

/* No charset has characters of more than UTF8_MAX bytes that are shorter in UTF-8. */
struct str mime_body_text(struct arena *a, const struct mime *m, size_t max)
{
	size_t bytes = max < SIZE_MAX / UTF8_MAX - ENC_READ_MIN ? max * UTF8_MAX : max;

	return charset_to_utf8(a, mime_charset(m), mime_body_start(a, m, bytes), max);
}

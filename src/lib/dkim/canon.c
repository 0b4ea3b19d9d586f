/* Canonical forms (RFC 6376, 3.4). */
#include "lib/dkim/dkim_int.h"

static void free_ctx(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

void dkim_digest_open(struct arena *a, struct dkim_digest *d, bool sha1, int64_t room)
{
	*d = (struct dkim_digest){ .ctx = EVP_MD_CTX_new(), .room = room };
	ASSERT(d->ctx && EVP_DigestInit_ex(d->ctx, sha1 ? EVP_sha1() : EVP_sha256(), NULL) == 1);
	arena_on_free(a, free_ctx, d->ctx);
}

static void flush(struct dkim_digest *d)
{
	EVP_DigestUpdate(d->ctx, d->out, d->n);
	d->n = 0;
}

static void put(struct dkim_digest *d, char c)
{
	d->length++;
	if (d->room == 0)
		return;
	if (d->room > 0)
		d->room--;
	if (d->n == sizeof(d->out))
		flush(d);
	d->out[d->n++] = c;
}

void dkim_digest_add(struct dkim_digest *d, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		put(d, bytes.p[i]);
}

struct dkim_hash dkim_digest_done(struct dkim_digest *d)
{
	struct dkim_hash hash = { .n = 0 };

	flush(d);
	EVP_DigestFinal_ex(d->ctx, hash.p, &hash.n);
	return hash;
}

/* As it is, but for its line ends. */
static void simple_field(struct dkim_digest *d, struct str field)
{
	for (size_t i = 0; i < field.n; i++) {
		bool cr = i > 0 && field.p[i - 1] == '\r';

		if (field.p[i] == '\n' && !cr)
			put(d, '\r');
		put(d, field.p[i]);
	}
}

/* Runs of blanks and line ends become one blank, none at the ends. */
static void relaxed_value(struct dkim_digest *d, struct str value)
{
	bool blank = false, any = false;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			blank = any;
			continue;
		}
		if (blank)
			put(d, ' ');
		blank = false;
		any = true;
		put(d, c);
	}
}

static void relaxed_field(struct dkim_digest *d, struct str field)
{
	struct str value = field, name = str_rtrim(str_cut(&value, ':'));

	for (size_t i = 0; i < name.n; i++)
		put(d, ascii_lower(name.p[i]));
	put(d, ':');
	relaxed_value(d, value);
}

void dkim_digest_field(struct dkim_digest *d, struct str field, bool relaxed, bool eol)
{
	if (relaxed)
		relaxed_field(d, field);
	else
		simple_field(d, field);
	if (eol)
		dkim_digest_add(d, STR("\r\n"));
}

void dkim_digest_signature(struct arena *a, struct dkim_digest *d, const struct dkim_field *field,
			   const struct dkim_tags *tags, bool relaxed)
{
	const struct dkim_tag *b = dkim_tag(tags, "b");
	size_t at = (size_t)(b->whole.p - field->whole.p);
	struct str before = str_sub(field->whole, 0, at);
	struct str after = str_from(field->whole, at + b->whole.n);

	dkim_digest_field(d, str_cat(a, before, after), relaxed, false);
}

void dkim_body_open(struct arena *a, struct dkim_body *b, bool relaxed, bool sha1, int64_t room)
{
	*b = (struct dkim_body){ .relaxed = relaxed };
	dkim_digest_open(a, &b->digest, sha1, room);
}

/* Lines that looked empty until now were in the middle, and so are blanks before a byte. */
static void put_held_back(struct dkim_body *b)
{
	for (; b->empty_lines; b->empty_lines--)
		dkim_digest_add(&b->digest, STR("\r\n"));
	if (b->blank)
		put(&b->digest, ' ');
	b->blank = false;
}

static void put_byte(struct dkim_body *b, char c)
{
	if (b->relaxed && (c == ' ' || c == '\t')) {
		b->blank = true;
		return;
	}
	put_held_back(b);
	put(&b->digest, c);
	b->line = b->any = true;
}

static void end_line(struct dkim_body *b)
{
	b->blank = false;
	if (b->line)
		dkim_digest_add(&b->digest, STR("\r\n"));
	else
		b->empty_lines++;
	b->line = false;
}

/* A CR is a byte like others, unless an LF follows. */
void dkim_body_add(struct dkim_body *b, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		char c = bytes.p[i];

		if (b->cr && c != '\n')
			put_byte(b, '\r');
		b->cr = c == '\r';
		if (c == '\n')
			end_line(b);
		else if (c != '\r')
			put_byte(b, c);
	}
}

/* A last line without an end gets one; an empty body is one line end in the simple form. */
struct dkim_hash dkim_body_done(struct dkim_body *b)
{
	if (b->cr)
		put_byte(b, '\r');
	b->cr = false;
	if (b->line || (!b->any && !b->relaxed))
		dkim_digest_add(&b->digest, STR("\r\n"));
	return dkim_digest_done(&b->digest);
}

#include "lib/charset/charset.h"

#include <errno.h>
#include <iconv.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "lib/charset/names.h"

enum { CHUNK = 4096 };

struct descriptor {
	char name[CHARSET_NAME_MAX];
	bool to_utf8;
	iconv_t cd;  /* (iconv_t)-1: iconv does not know the name, which is remembered too */
	size_t unit; /* bytes to skip where the input makes no sense */
	uint64_t used;
};

static struct {
	struct descriptor slots[CHARSET_CACHE];
	size_t n;
	uint64_t clock;
} cache;

static bool known(const struct descriptor *d)
{
	return d->cd != (iconv_t)-1;
}

static size_t unit_of(struct str name)
{
	if (str_starts(name, STR("utf-16")) || str_starts(name, STR("ucs-2")))
		return 2;
	return str_starts(name, STR("utf-32")) || str_starts(name, STR("ucs-4")) ? 4 : 1;
}

static struct descriptor *slot_for_new(void)
{
	struct descriptor *oldest = cache.slots;
	size_t i;

	if (cache.n < CHARSET_CACHE)
		return &cache.slots[cache.n++];
	for (i = 1; i < CHARSET_CACHE; i++)
		if (cache.slots[i].used < oldest->used)
			oldest = &cache.slots[i];
	if (known(oldest))
		iconv_close(oldest->cd);
	return oldest;
}

/* `name` is one that charset_name() has cleaned. */
static struct descriptor *descriptor_get(const char *name, bool to_utf8)
{
	struct descriptor *d = cache.slots;
	size_t i;

	for (i = 0; i < cache.n; i++, d++)
		if (d->to_utf8 == to_utf8 && strcmp(d->name, name) == 0)
			break;
	if (i == cache.n) {
		d = slot_for_new();
		snprintf(d->name, sizeof(d->name), "%s", name);
		d->to_utf8 = to_utf8;
		d->unit = unit_of(str_of(name));
		d->cd = to_utf8 ? iconv_open("UTF-8", name) : iconv_open(name, "UTF-8");
	}
	d->used = ++cache.clock;
	if (known(d))
		iconv(d->cd, NULL, NULL, NULL, NULL);
	return d;
}

/* One conversion under way: where it reads, what it wrote, whether it is full. */
struct run {
	struct descriptor *d;
	struct str in;
	struct buf out;
	bool full;
};

static void run_add(struct run *r, struct str s)
{
	struct str fits = utf8_cut(s, r->out.max - r->out.n);

	buf_add(&r->out, fits);
	r->full |= fits.n < s.n;
}

/* One call of iconv; returns 0 or why it stopped before the end of the input. */
static int run_step(struct run *r, bool flush)
{
	char chunk[CHUNK], *to = chunk, *from = (char *)r->in.p;
	size_t room = sizeof(chunk), left = r->in.n, rc;

	rc = flush ? iconv(r->d->cd, NULL, NULL, &to, &room)
		   : iconv(r->d->cd, &from, &left, &to, &room);
	if (rc == (size_t)-1 && errno == E2BIG && left == r->in.n && to == chunk)
		errno = EILSEQ;
	r->in = str_from(r->in, r->in.n - left);
	run_add(r, (struct str){ chunk, (size_t)(to - chunk) });
	return rc == (size_t)-1 ? errno : 0;
}

static void run_lossy(struct run *r)
{
	int why;

	while (r->in.n && !r->full) {
		why = run_step(r, false);
		if (why == E2BIG || r->full)
			continue;
		if (!why)
			break;
		run_add(r, STR("\xef\xbf\xbd"));
		r->in = str_from(r->in, why == EINVAL ? r->in.n : r->d->unit);
	}
	if (!r->full)
		run_step(r, true);
}

/* The five bytes that windows-1252 leaves open are C1 controls, as everywhere on the web. */
static uint32_t windows_1252(unsigned char c)
{
	static const uint16_t high[32] = {
		0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
		0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
	};

	return c < 0x80 || c >= 0xa0 ? c : high[c - 0x80];
}

static struct str from_windows_1252(struct arena *a, struct str text, size_t max)
{
	struct buf out;
	char one[UTF8_MAX];
	size_t i;

	buf_init(&out, a, max);
	for (i = 0; i < text.n; i++) {
		size_t n = utf8_put(one, windows_1252((unsigned char)text.p[i]));

		if (n > max - out.n)
			break;
		buf_add(&out, (struct str){ one, n });
	}
	return buf_str(&out);
}

struct str charset_scrub(struct arena *a, struct str text)
{
	size_t valid = utf8_valid_prefix(text);
	struct buf out;

	if (valid == text.n)
		return text;
	buf_init(&out, a, SIZE_MAX);
	while (text.n) {
		buf_add(&out, str_sub(text, 0, valid));
		text = str_from(text, valid);
		if (!text.n)
			break;
		if (utf8_next(&text) < 0)
			buf_add(&out, STR("\xef\xbf\xbd"));
		valid = utf8_valid_prefix(text);
	}
	return buf_str(&out);
}

static struct str guess(struct arena *a, struct str text, size_t max)
{
	if (utf8_valid(text))
		return utf8_cut(text, max);
	return from_windows_1252(a, text, max);
}

struct str charset_to_utf8(struct arena *a, struct str name, struct str text, size_t max)
{
	char clean[CHARSET_NAME_MAX];
	struct run r = { .in = text };

	switch (charset_name(name, CHARSET_READ, clean)) {
	case CHARSET_UNKNOWN:
	case CHARSET_ASCII:
		return guess(a, text, max);
	case CHARSET_UTF8:
		return utf8_cut(charset_scrub(a, text), max);
	case CHARSET_WINDOWS_1252:
		return from_windows_1252(a, text, max);
	case CHARSET_ICONV:
		break;
	}
	r.d = descriptor_get(clean, true);
	if (!known(r.d))
		return guess(a, text, max);
	buf_init(&r.out, a, max);
	run_lossy(&r);
	return utf8_cut(charset_scrub(a, buf_str(&r.out)), max);
}

bool charset_known(struct str name)
{
	char clean[CHARSET_NAME_MAX];

	switch (charset_name(name, CHARSET_READ, clean)) {
	case CHARSET_UNKNOWN:
		return false;
	case CHARSET_ICONV:
		return known(descriptor_get(clean, true));
	default:
		return true;
	}
}

static int run_strict(struct run *r, struct err *e)
{
	int why;

	while (r->in.n) {
		why = run_step(r, false);
		if (why && why != E2BIG)
			return err_set(e, ERR_INVALID, "charset %s cannot hold this text",
				       r->d->name);
	}
	run_step(r, true);
	return 0;
}

bool charset_decode(struct arena *a, const char *name, struct str text, bool strict,
		    struct str *out)
{
	struct run r = { .d = descriptor_get(name, true), .in = text };
	struct err e;

	if (!known(r.d))
		return false;
	buf_init(&r.out, a, SIZE_MAX);
	if (!strict)
		run_lossy(&r);
	else if (run_strict(&r, &e) < 0)
		return false;
	*out = buf_str(&r.out);
	return true;
}

int charset_from_utf8(struct arena *a, struct str name, struct str text, size_t max,
		      struct str *out, struct err *e)
{
	char clean[CHARSET_NAME_MAX];
	enum charset_kind kind = charset_name(name, CHARSET_WRITE, clean);
	struct run r = { .in = text };

	if (kind == CHARSET_UNKNOWN)
		return err_set(e, ERR_INVALID, "unknown charset %.*s", STR_ARG(name));
	r.d = descriptor_get(clean, false);
	if (!known(r.d))
		return err_set(e, ERR_INVALID, "unknown charset %s", clean);
	buf_init(&r.out, a, max);
	if (run_strict(&r, e) < 0)
		return -1;
	if (r.full)
		return err_set(e, ERR_LIMIT, "more than %zu bytes", max);
	return buf_done(&r.out, out, e);
}

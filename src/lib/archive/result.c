#include "lib/archive/result.h"

#include <errno.h>
#include <unistd.h>

#include "base/vec.h"
#include "lib/charset/charset.h"

enum { HEAD = 3, END_BYTES = 3 * 8 };

void result_flush(struct result_out *o)
{
	size_t at = 0;

	while (at < o->n) {
		ssize_t n = write(o->fd, o->buf + at, o->n - at);

		if (n < 0 && errno != EINTR)
			_exit(1);
		at += n > 0 ? (size_t)n : 0;
	}
	o->n = 0;
}

static void record(struct result_out *o, char kind, struct str payload)
{
	if (sizeof(o->buf) - o->n < HEAD + payload.n)
		result_flush(o);
	o->buf[o->n++] = kind;
	o->buf[o->n++] = (char)(payload.n & 0xff);
	o->buf[o->n++] = (char)(payload.n >> 8);
	if (payload.n)
		memcpy(o->buf + o->n, payload.p, payload.n);
	o->n += payload.n;
}

static bool is_type(struct str type)
{
	for (size_t i = 0; i < type.n; i++)
		if (!ascii_is_alpha(type.p[i]) && !ascii_is_digit(type.p[i]) &&
		    (!type.p[i] || !strchr("!#$&^_.+-/", type.p[i])))
			return false;
	return type.n && type.n <= ARCHIVE_TYPE_MAX;
}

void result_type(struct result_out *o, struct str type)
{
	if (is_type(type))
		record(o, 'T', type);
}

struct str result_basename(struct str path)
{
	ptrdiff_t slash = str_rchr(path, '/'), backslash = str_rchr(path, '\\');
	struct str name = str_from(path, (size_t)((slash > backslash ? slash : backslash) + 1));

	while (name.n && (name.p[name.n - 1] == '.' || ascii_is_blank(name.p[name.n - 1])))
		name.n--;
	return str_ltrim(name);
}

void result_name(struct result_out *o, struct str name)
{
	record(o, 'N', str_from(name, name.n > ARCHIVE_NAME_MAX ? name.n - ARCHIVE_NAME_MAX : 0));
}

void result_problem(struct result_out *o, struct str text)
{
	record(o, 'P', str_sub(text, 0, RESULT_PROBLEM_MAX));
}

static void put_number(char to[8], uint64_t v)
{
	for (int i = 0; i < 8; i++, v >>= 8)
		to[i] = (char)(v & 0xff);
}

static uint64_t number(struct str s)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | (unsigned char)s.p[i];
	return v;
}

void result_end(struct result_out *o, int64_t ms, const struct result_used *used)
{
	char end[END_BYTES];

	put_number(end, (uint64_t)ms);
	put_number(end + 8, used->files);
	put_number(end + 16, used->bytes);
	record(o, 'E', (struct str){ end, sizeof(end) });
}

/* The archive that records are about, while they are read. */
struct reader {
	struct arena *a;
	VEC(struct str) types;
	VEC(struct str) names;
	struct str problem;
};

/* A name as rules see it. What is not UTF-8 is read as windows-1252, NUL becomes a blank. */
static struct str clean_name(struct arena *a, struct str raw)
{
	struct str name = charset_to_utf8(a, STR_NONE, raw, (size_t)ARCHIVE_NAME_MAX * 3);
	char *p = NULL;

	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i])
			continue;
		if (!p) {
			name = str_copy(a, name);
			p = (char *)name.p;
		}
		p[i] = ' ';
	}
	return str_trim(name);
}

static int add_name(struct reader *r, struct str raw, struct err *e)
{
	struct str name;

	if (raw.n > ARCHIVE_NAME_MAX || r->names.n >= ARCHIVE_FILES_MAX)
		return err_set(e, ERR_INVALID, "a name too long or too many");
	name = clean_name(r->a, raw);
	if (name.n)
		vec_add(r->a, &r->names, name);
	return 0;
}

static int add_type(struct reader *r, struct str type, struct err *e)
{
	if (!is_type(type))
		return err_set(e, ERR_INVALID, "a type that is none");
	for (size_t i = 0; i < r->types.n; i++)
		if (str_eq(r->types.p[i], type))
			return 0;
	if (r->types.n >= ARCHIVE_TYPES_MAX)
		return err_set(e, ERR_INVALID, "too many types");
	vec_add(r->a, &r->types, type);
	return 0;
}

/* Only the first one counts: the others follow from it as often as not. */
static int add_problem(struct reader *r, struct str text, struct err *e)
{
	if (text.n > RESULT_PROBLEM_MAX)
		return err_set(e, ERR_INVALID, "too long a text");
	if (!r->problem.n)
		r->problem = charset_scrub(r->a, text);
	return 0;
}

static void keep(struct reader *r, struct archive_content *c)
{
	*c = (struct archive_content){
		.types = r->types.p,
		.n_types = r->types.n,
		.names = r->names.p,
		.n_names = r->names.n,
		.problem = r->problem,
	};
	*r = (struct reader){ .a = r->a };
}

static int close_input(struct reader *r, struct str end, struct archive_content *c,
		       struct result_used *used, struct err *e)
{
	uint64_t ms;

	if (end.n != END_BYTES)
		return err_set(e, ERR_INVALID, "an end that is none");
	ms = number(end);
	keep(r, c);
	c->ms = ms < INT32_MAX ? (int64_t)ms : INT32_MAX;
	used->files = number(str_from(end, 8));
	used->bytes = number(str_from(end, 16));
	return 0;
}

static int take(struct reader *r, char kind, struct str payload, struct err *e)
{
	switch (kind) {
	case 'T':
		return add_type(r, payload, e);
	case 'N':
		return add_name(r, payload, e);
	case 'P':
		return add_problem(r, payload, e);
	default:
		return err_set(e, ERR_INVALID, "a record that is none");
	}
}

/* The next record; false at the end, and at one that was cut off. */
static bool next_record(struct str *rest, char *kind, struct str *payload)
{
	size_t n;

	if (rest->n < HEAD)
		return false;
	n = (unsigned char)rest->p[1] | (size_t)(unsigned char)rest->p[2] << 8;
	if (rest->n - HEAD < n)
		return false;
	*kind = rest->p[0];
	*payload = str_sub(*rest, HEAD, n);
	*rest = str_from(*rest, HEAD + n);
	return true;
}

int result_read(struct arena *a, struct str bytes, struct archive_content *out, size_t n,
		size_t *done, struct result_used *used, struct err *e)
{
	struct reader r = { .a = a };
	struct str payload;
	int result = 0;
	char kind;

	*done = 0;
	while (*done < n && result == 0 && next_record(&bytes, &kind, &payload)) {
		if (kind != 'E') {
			result = take(&r, kind, payload, e);
			continue;
		}
		result = close_input(&r, payload, &out[*done], used, e);
		*done += result == 0;
	}
	if (*done < n)
		keep(&r, &out[*done]);
	return result;
}

#include "lib/schema/prop.h"

#include "base/buf.h"

const struct prop *prop_find(const struct prop *table, struct str name)
{
	for (const struct prop *p = table; p->type != PROP_END; p++)
		if (str_eq(name, str_of(p->name)))
			return p;
	return NULL;
}

static void *member(const struct prop *p, void *record)
{
	return (char *)record + p->off;
}

static bool is_one_of(struct str text, const char *words)
{
	struct str rest = str_of(words);

	while (rest.p)
		if (str_ieq(text, str_cut(&rest, '|')))
			return true;
	return false;
}

static int store_bool(struct str text, bool *out, struct err *e)
{
	if (is_one_of(text, "1|on|yes|true"))
		*out = true;
	else if (is_one_of(text, "0|off|no|false"))
		*out = false;
	else
		return err_set(e, ERR_INVALID, "must be 0 or 1");
	return 0;
}

static int check_int(const struct prop *p, int64_t v, struct err *e)
{
	if (v < p->min)
		return err_set(e, ERR_INVALID, "must be at least %lld", (long long)p->min);
	if (v > p->max)
		return err_set(e, ERR_INVALID, "must be at most %lld", (long long)p->max);
	return 0;
}

static int store_int(const struct prop *p, struct str text, int64_t *out, struct err *e)
{
	int64_t v;

	if (!str_int(text, INT64_MIN, INT64_MAX, &v))
		return err_set(e, ERR_INVALID, "must be a whole number");
	if (check_int(p, v, e) < 0)
		return -1;
	*out = v;
	return 0;
}

static bool is_allowed(const struct prop *p, char c)
{
	if (p->flags & PROP_LINES && (c == '\n' || c == '\r' || c == '\t'))
		return true;
	return (unsigned char)c >= ' ' && c != 0x7f;
}

/* In UTF-8; in anything else it is near enough. */
static int64_t characters(struct str s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (s.p[i] & 0xc0) != 0x80;
	return n;
}

static int check_str(const struct prop *p, struct str text, struct err *e)
{
	int64_t n = characters(text);

	if (n > p->max)
		return err_set(e, ERR_INVALID, "longer than %lld characters", (long long)p->max);
	if (n < p->min)
		return err_set(e, ERR_INVALID, "shorter than %lld characters", (long long)p->min);
	for (size_t i = 0; i < text.n; i++)
		if (!is_allowed(p, text.p[i]))
			return err_set(e, ERR_INVALID, "has a control character at byte %zu",
				       i + 1);
	return p->fmt ? p->fmt->check(text, e) : 0;
}

static int store_str(struct arena *a, const struct prop *p, struct str text, struct str *out,
		     struct err *e)
{
	if (check_str(p, text, e) < 0)
		return -1;
	*out = str_copy(a, text);
	return 0;
}

static int store_enum(const struct prop *p, struct str text, int *out, struct err *e)
{
	struct str rest = str_of(p->values);

	for (int i = 0; rest.p; i++) {
		if (!str_eq(text, str_cut(&rest, '|')))
			continue;
		*out = i;
		return 0;
	}
	return err_set(e, ERR_INVALID, "must be one of %s", p->values);
}

int prop_store(struct arena *a, const struct prop *p, void *record, struct str text,
	       struct err *e)
{
	if (text.n > PROP_VALUE_MAX)
		return err_set(e, ERR_LIMIT, "longer than %d bytes", PROP_VALUE_MAX);
	switch ((enum prop_type)p->type) {
	case PROP_BOOL:
		return store_bool(text, member(p, record), e);
	case PROP_INT:
		return store_int(p, text, member(p, record), e);
	case PROP_STR:
		return store_str(a, p, text, member(p, record), e);
	case PROP_ENUM:
		return store_enum(p, text, member(p, record), e);
	case PROP_END:
		break;
	}
	return err_set(e, ERR_BUG, "property without type");
}

int prop_check(const struct prop *p, const void *record, struct err *e)
{
	const void *at = (const char *)record + p->off;
	const struct str *text = at;

	switch ((enum prop_type)p->type) {
	case PROP_INT:
		return check_int(p, *(const int64_t *)at, e);
	case PROP_STR:
		return !text->n && p->flags & PROP_OPTIONAL ? 0 : check_str(p, *text, e);
	case PROP_ENUM:
		if (*(const int *)at < 0)
			return err_set(e, ERR_INVALID, "must be one of %s", p->values);
		return 0;
	case PROP_BOOL:
	case PROP_END:
		break;
	}
	return 0;
}

static void clear(const struct prop *p, void *record)
{
	if (p->type == PROP_BOOL)
		*(bool *)member(p, record) = false;
	else if (p->type == PROP_INT)
		*(int64_t *)member(p, record) = 0;
	else if (p->type == PROP_STR)
		*(struct str *)member(p, record) = STR_NONE;
	else
		*(int *)member(p, record) = -1;
}

void prop_defaults(struct arena *a, const struct prop *table, void *record)
{
	struct err e;

	for (const struct prop *p = table; p->type != PROP_END; p++) {
		clear(p, record);
		if (p->def && p->def[0])
			ASSERT(prop_store(a, p, record, str_of(p->def), &e) == 0);
	}
}

static struct str nth_value(const char *values, int n)
{
	struct str rest = str_of(values), value = STR_NONE;

	for (int i = 0; i <= n && rest.p; i++)
		value = str_cut(&rest, '|');
	return value;
}

struct str prop_print(struct arena *a, const struct prop *p, const void *record)
{
	const void *at = (const char *)record + p->off;

	switch ((enum prop_type)p->type) {
	case PROP_BOOL:
		return *(const bool *)at ? STR("1") : STR("0");
	case PROP_INT:
		return str_fmt(a, "%lld", (long long)*(const int64_t *)at);
	case PROP_STR:
		return *(const struct str *)at;
	case PROP_ENUM:
		return *(const int *)at < 0 ? STR_NONE : nth_value(p->values, *(const int *)at);
	case PROP_END:
		break;
	}
	return STR_NONE;
}

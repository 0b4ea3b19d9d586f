/*
 * What can be set in an object: the rows are those that clients of the API know, and what is read
 * from the database is written back as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "gw/rules/types.h"

enum { AMBIGUOUS = 3100 /* ours alone */ };

static const char *const classes[] = {
	[CLASS_WHO] = "who", [CLASS_WHEN] = "when", [CLASS_WHAT] = "what", [CLASS_ACTION] = "action"
};
static const char *const prop_types[] = {
	[PROP_BOOL] = "boolean", [PROP_INT] = "integer", [PROP_STR] = "string", [PROP_ENUM] = "enum"
};

/* The limits that are there for the sake of C say nothing to clients. */
static void add_limits(struct buf *b, const struct prop *p)
{
	if (p->fmt && p->fmt->name)
		buf_addf(b, " format=%s", p->fmt->name);
	if (p->fmt && p->fmt->pattern)
		buf_addf(b, " pattern=%s", p->fmt->pattern);
	if (p->type == PROP_INT || (p->type == PROP_STR && p->min))
		buf_addf(b, " min=%lld", (long long)p->min);
	if (p->type == PROP_STR && p->max != PROP_VALUE_MAX)
		buf_addf(b, " max=%lld", (long long)p->max);
	if (p->values)
		buf_addf(b, " values=%s", p->values);
	if (p->def)
		buf_addf(b, " default=%s", p->def);
	if (p->def || p->flags & PROP_OPTIONAL)
		buf_addz(b, " optional");
}

static size_t add_lines(struct arena *a, const struct rule_type *t, struct str *line)
{
	size_t n = 0;
	struct buf b;

	if (!t->props)
		line[n++] = str_fmt(a, "%s %s", classes[t->class], t->slug);
	for (const struct prop *p = t->props; p && p->type != PROP_END; p++) {
		buf_init(&b, a, 4096);
		buf_addf(&b, "%s %s %s %s", classes[t->class], t->slug, p->name,
			 prop_types[p->type]);
		add_limits(&b, p);
		assert_true(p->desc[0]);
		line[n++] = buf_str(&b);
	}
	return n;
}

static bool is_in(struct str text, struct str wanted)
{
	struct str line;

	while (str_line(&text, &line))
		if (str_eq(line, wanted))
			return true;
	return false;
}

static void rows_are_those_of_the_api(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("types", 1 << 20);
	const char *root = getenv("PMG_SOURCE_ROOT");
	struct str path = str_fmt(a, "%s/tests/contract/rule_objects", root ? root : "."), all,
		   rest, line[PROP_ROWS_MAX];
	size_t n_types, n, expected = 0, found = 0;
	const struct rule_type *const *types = rule_types(&n_types);
	struct err e;

	(void)state;
	assert_int_equal(file_read(a, str_z(a, path), 1 << 16, &all, &e), 0);
	rest = all;
	while (str_line(&rest, &line[0]))
		expected += !str_starts(line[0], STR("#"));
	for (size_t i = 0; i < n_types; i++) {
		if (!types[i]->slug || types[i]->otype == AMBIGUOUS)
			continue;
		n = add_lines(a, types[i], line);
		for (size_t k = 0; k < n; k++)
			if (!is_in(all, line[k]))
				fail_msg("not in %s: %.*s", str_z(a, path), STR_ARG(line[k]));
		found += n;
	}
	assert_int_equal(found, expected);
}

/* Objects as they are stored, by clients of the original and by its factory. */
static const struct stored {
	int64_t otype;
	const char *value, *attr, *attr_value;
	const char *wrong; /* why it could not be set like this; NULL: it could */
	const char *again; /* how it is stored again, if otherwise */
} stored[] = {
	{ 1000, ".*@x\\.example", NULL, NULL, NULL, NULL },
	{ 1001, "nomail@fromthisdomain.com", NULL, NULL, NULL, NULL },
	{ 1001, "nobody", NULL, NULL, "email: 'nobody' is not a mail address", NULL },
	{ 1002, "sub.x.example", NULL, NULL, NULL, NULL },
	{ 1002, "@x.example", NULL, NULL, "domain: '@x.example' is not a DNS name", NULL },
	{ 1003, "192.0.2.1", NULL, NULL, NULL, NULL },
	{ 1003, "192.0.2", NULL, NULL, "ip: '192.0.2' is not an IP address", NULL },
	{ 1004, "192.0.2.1/24", NULL, NULL, NULL, NULL },
	{ 1005, "hq:", NULL, NULL, NULL, NULL },
	{ 1005, ":-", NULL, NULL, NULL, NULL },
	{ 1005, "hq:cn=a\\, b,dc=x", NULL, NULL, NULL, NULL },
	{ 1005, "cn=a", NULL, NULL, NULL, ":cn=a" },
	{ 1005, "h q:", NULL, NULL,
	  "profile: 'h q' is not a name of a letter and then letters, digits, _ and -", NULL },
	{ 1006, "hq:alice", NULL, NULL, NULL, NULL },
	{ 1006, "hq:", NULL, NULL, "account: shorter than 1 characters", NULL },
	{ 2000, "08:00-16:00", NULL, NULL, NULL, NULL },
	{ 2000, "8:0-24:00", NULL, NULL, NULL, NULL },
	{ 3000, "10", NULL, NULL, NULL, NULL },
	{ 3002, "Subject:a:b", "top_part_only", "1", NULL, NULL },
	{ 3002, "X Y:a", NULL, NULL, "field: only letters, digits and /\\[]+-.*_ may be in it",
	  NULL },
	{ 3003, "content-type:application/vnd\\.oasis\\.opendocument\\..*", NULL, NULL, NULL,
	  NULL },
	{ 3003, "content-type:image/.*", "only_content", "1", NULL, NULL },
	{ 3003, "content-type:application/java-vm", NULL, NULL, NULL,
	  "content-type:application/x-java" },
	{ 3003, "content-type:(image|audio)/.*", NULL, NULL,
	  "contenttype: only letters, digits and /\\[]+-.*_ may be in it", NULL },
	{ 3004, ".*\\.(vbs|pif|lnk|shs|shb)", NULL, NULL, NULL, NULL },
	{ 3005, "content-type:audio/.*", "only_content", "1", NULL, NULL },
	{ 3006, ".*\\.exe", NULL, NULL, NULL, NULL },
	{ 4002, "__ADMIN__", "attach", "O", NULL, NULL },
	{ 4003, "X-SPAM-LEVEL:__SPAM_INFO__", NULL, NULL, NULL, NULL },
	{ 4003, "subject:SPAM: __SUBJECT__", NULL, NULL, NULL, NULL },
	{ 4005, "0:a@x.example", NULL, NULL, NULL, NULL },
	{ 4005, "1:__SENDER__", NULL, NULL, "target: '__SENDER__' is not a mail address", NULL },
	{ 4007, "0,1:a\nb: c", NULL, NULL, NULL, NULL },
	{ 4007, "1", NULL, NULL, NULL, "1,0" },
	{ 4007, "1:text", NULL, NULL, NULL, "1,0:text" },
	{ 4009, "--<br>bye\n", "separator", "0", NULL, NULL },
	{ 4009, "bye", "top", "1", NULL, NULL },
};

static bool has_attr(const struct rule_stored *s, const char *name, const char *value)
{
	for (size_t i = 0; i < s->n_attrs; i++)
		if (str_eq(str_of(s->attrs[i].name), str_of(name)))
			return str_eq(s->attrs[i].value, str_of(value));
	return false;
}

static void check_stored(const struct stored *s)
{
	CLEAN_ARENA struct arena *a = arena_open("types", 1 << 20);
	const struct rule_type *t = rule_type_find(s->otype);
	struct rules_attr_row attr = { 1, str_of(s->attr ? s->attr : ""),
				       str_of(s->attr ? s->attr_value : "") };
	const struct rule_source src = { 1, str_of(s->value), &attr, s->attr != NULL };
	const char *again = s->again ? s->again : s->value;
	struct rule_stored out = { 0 };
	void *o = NULL;
	struct err e;
	int checked;

	if (rule_type_read(a, t, &src, &o, &e) < 0)
		fail_msg("%s: %s", s->value, e.msg);
	checked = rule_object_check(t, o, &e);
	if ((checked < 0) != (s->wrong != NULL) || (s->wrong && strcmp(s->wrong, e.msg) != 0))
		fail_msg("%s: %s", s->value, checked < 0 ? e.msg : "could be set");
	t->encode(a, o, &out);
	if (!str_eq(out.value, str_of(again)) ||
	    (s->attr && !has_attr(&out, s->attr, s->attr_value)))
		fail_msg("%s is stored as %.*s", s->value, STR_ARG(out.value));
}

static void what_is_read_is_written_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stored); i++)
		check_stored(&stored[i]);
}

/* Each type that has something to set is among them. */
static void every_type_is_stored(void **state)
{
	size_t n;
	const struct rule_type *const *types = rule_types(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		bool seen = !types[i]->props;

		for (size_t k = 0; k < ARRAY_LEN(stored); k++)
			seen |= stored[k].otype == types[i]->otype;
		if (!seen)
			fail_msg("%s", types[i]->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_those_of_the_api),
		cmocka_unit_test(what_is_read_is_written_back),
		cmocka_unit_test(every_type_is_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The `magic` file of shared-mime-info: "MIME-Magic\0\n", then sections
 *
 *	[priority:type]
 *	depth>offset=LLvalue&mask~word+range
 *
 * where LL is the value's length in two bytes, big-endian, the mask is as long as the value, and
 * all but offset and value may be missing. A line's parent is the last line above that is one level
 * less deep. A line with fields we do not know never holds, as the format demands.
 */
#include "lib/magic/magic_int.h"

struct reader {
	struct arena *a;
	struct str file;
	size_t at;
	struct rules *rules;
	struct str type;                      /* of the section */
	struct rule *open[MAGIC_DEPTH_MAX + 1]; /* the last line of each level */
	uint32_t levels;                      /* how many of them there are */
};

static int broken(const struct reader *r, const char *what, struct err *e)
{
	return err_set(e, ERR_INVALID, "byte %zu: %s", r->at, what);
}

static bool at_char(const struct reader *r, char c)
{
	return r->at < r->file.n && r->file.p[r->at] == c;
}

static bool skip_char(struct reader *r, char c)
{
	if (!at_char(r, c))
		return false;
	r->at++;
	return true;
}

/* Digits up to `max`; false if there are none or the number is larger. */
static bool take_number(struct reader *r, uint32_t max, uint32_t *out)
{
	uint32_t v = 0;
	size_t from = r->at;

	while (r->at < r->file.n && ascii_is_digit(r->file.p[r->at])) {
		v = v * 10 + (uint32_t)(r->file.p[r->at] - '0');
		if (v > max)
			return false;
		r->at++;
	}
	*out = v;
	return r->at > from;
}

static bool take_bytes(struct reader *r, size_t n, struct str *out)
{
	if (n > r->file.n - r->at)
		return false;
	*out = str_sub(r->file, r->at, n);
	r->at += n;
	return true;
}

static int read_section(struct reader *r, struct err *e)
{
	struct str rest;
	uint32_t priority;
	ptrdiff_t end;

	if (!take_number(r, 1000, &priority) || !skip_char(r, ':'))
		return broken(r, "a priority is expected", e);
	rest = str_from(r->file, r->at);
	end = str_chr(str_sub(rest, 0, MAGIC_TYPE_MAX + 1), ']');
	if (end < 0 || !type_is_sane(str_sub(rest, 0, (size_t)end)))
		return broken(r, "a type is expected", e);
	r->type = magic_canonical(str_sub(rest, 0, (size_t)end));
	r->at += (size_t)end + 1;
	r->levels = 0;
	if (!skip_char(r, '\n'))
		return broken(r, "a line end is expected", e);
	return 0;
}

/* Words of the value are in the machine's order: the file has them big-endian. */
static struct str in_host_order(struct arena *a, struct str s, uint32_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	char *p = arena_alloc(a, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i - i % word + (word - 1 - i % word)];
	return (struct str){ p, s.n };
#else
	(void)a;
	(void)word;
	return s;
#endif
}

static int read_value(struct reader *r, struct rule *rule, struct err *e)
{
	struct str length;
	size_t n;

	if (!take_bytes(r, 2, &length))
		return broken(r, "the file ends within a rule", e);
	n = (size_t)(unsigned char)length.p[0] << 8 | (unsigned char)length.p[1];
	if (n == 0)
		return broken(r, "an empty value", e);
	if (!take_bytes(r, n, &rule->value))
		return broken(r, "the file ends within a value", e);
	return 0;
}

static int read_mask(struct reader *r, struct rule *rule, struct err *e)
{
	struct str mask;

	if (!take_bytes(r, rule->value.n, &mask))
		return broken(r, "the file ends within a mask", e);
	rule->mask = mask.p;
	return 0;
}

static int read_word(struct reader *r, struct rule *rule, struct err *e)
{
	uint32_t word;
	struct str mask = { rule->mask, rule->value.n };

	if (!take_number(r, 4, &word) || word == 0 || word == 3 || rule->value.n % word)
		return broken(r, "a word size that does not fit", e);
	if (word == 1)
		return 0;
	rule->value = in_host_order(r->a, rule->value, word);
	if (rule->mask)
		rule->mask = in_host_order(r->a, mask, word).p;
	return 0;
}

/* What may follow the value, in this order. */
static int read_options(struct reader *r, struct rule *rule, struct err *e)
{
	if (skip_char(r, '&') && read_mask(r, rule, e) < 0)
		return -1;
	if (skip_char(r, '~') && read_word(r, rule, e) < 0)
		return -1;
	rule->range = 1;
	if (skip_char(r, '+') && !take_number(r, MAGIC_EXTENT_MAX, &rule->range))
		return broken(r, "a range is expected", e);
	if (rule->offset + rule->range + rule->value.n > MAGIC_EXTENT_MAX)
		return broken(r, "the rule looks too far into the content", e);
	if (at_char(r, '\n'))
		return 0;
	rule->range = 0; /* an unknown field: the rule never holds */
	while (r->at < r->file.n && !at_char(r, '\n'))
		r->at++;
	return 0;
}

static int rule_place(struct reader *r, uint32_t depth, struct rule *rule, struct err *e)
{
	struct root *root;

	if (depth > r->levels || depth > MAGIC_DEPTH_MAX)
		return broken(r, "a rule without a parent", e);
	if (depth == 0) {
		if (r->rules->roots.n >= MAGIC_ROOTS_MAX)
			return broken(r, "too many rules", e);
		root = vec_push(r->a, &r->rules->roots);
		*root = (struct root){ r->type, rule };
	} else if (depth < r->levels) {
		r->open[depth]->next = rule;
	} else {
		r->open[depth - 1]->child = rule;
	}
	r->open[depth] = rule;
	r->levels = depth + 1;
	return 0;
}

static int read_rule(struct reader *r, struct err *e)
{
	struct rule *rule = NEW(r->a, struct rule);
	uint32_t depth = 0;
	size_t end;

	if (!at_char(r, '>') && !take_number(r, MAGIC_DEPTH_MAX, &depth))
		return broken(r, "a rule or a section is expected", e);
	if (!skip_char(r, '>') || !take_number(r, MAGIC_EXTENT_MAX, &rule->offset) ||
	    !skip_char(r, '='))
		return broken(r, "an offset is expected", e);
	if (rule_place(r, depth, rule, e) < 0 || read_value(r, rule, e) < 0 ||
	    read_options(r, rule, e) < 0)
		return -1;
	if (!skip_char(r, '\n'))
		return broken(r, "the file ends within a rule", e);
	end = rule->offset + rule->range + rule->value.n - 1;
	if (rule->range && end > r->rules->head)
		r->rules->head = end;
	return 0;
}

static bool may_begin_with(const struct rule *rule, unsigned char byte)
{
	unsigned char mask = rule->mask ? (unsigned char)rule->mask[0] : 0xff;

	if (rule->offset > 0 || rule->range != 1)
		return rule->range > 0;
	return (byte & mask) == ((unsigned char)rule->value.p[0] & mask);
}

static void build_index(struct arena *a, struct rules *r)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		uint16_t *list;
		size_t n = 0;

		for (size_t i = 0; i < r->roots.n; i++)
			n += may_begin_with(r->roots.p[i].rule, (unsigned char)byte);
		list = NEW_N(a, uint16_t, n);
		r->by_first[byte].p = list;
		r->by_first[byte].n = n;
		for (size_t i = 0; i < r->roots.n; i++)
			if (may_begin_with(r->roots.p[i].rule, (unsigned char)byte))
				*list++ = (uint16_t)i;
	}
}

int rules_parse(struct arena *a, struct str file, struct rules *rules, struct err *e)
{
	struct reader r = { .a = a, .file = file, .rules = rules };

	if (!str_starts(file, STR("MIME-Magic\0\n")))
		return broken(&r, "not a magic file", e);
	r.at = 12;
	while (r.at < file.n) {
		if (skip_char(&r, '[')) {
			if (read_section(&r, e) < 0)
				return -1;
		} else if (!r.type.n) {
			return broken(&r, "a section is expected", e);
		} else if (read_rule(&r, e) < 0) {
			return -1;
		}
	}
	build_index(a, rules);
	return 0;
}

static bool masked_equal(const char *p, const struct rule *rule)
{
	for (size_t i = 0; i < rule->value.n; i++)
		if ((p[i] ^ rule->value.p[i]) & rule->mask[i])
			return false;
	return true;
}

/* Are the rule's bytes at one of its `places` first places from `p` on? */
static bool bytes_found(const struct rule *rule, const char *p, size_t places)
{
	const char *end = p + places;

	if (rule->mask) {
		for (; p < end; p++)
			if (masked_equal(p, rule))
				return true;
		return false;
	}
	while ((p = memchr(p, rule->value.p[0], (size_t)(end - p)))) {
		if (memcmp(p, rule->value.p, rule->value.n) == 0)
			return true;
		p++;
	}
	return false;
}

static bool rule_holds(const struct rule *rule, struct str head)
{
	size_t places;

	if (head.n < rule->offset + rule->value.n)
		return false;
	places = head.n - rule->offset - rule->value.n + 1;
	if (places > rule->range)
		places = rule->range;
	if (!bytes_found(rule, head.p + rule->offset, places))
		return false;
	if (!rule->child)
		return true;
	for (const struct rule *c = rule->child; c; c = c->next)
		if (rule_holds(c, head))
			return true;
	return false;
}

bool rules_find(const struct rules *r, struct str head, struct str *type)
{
	unsigned char first = (unsigned char)head.p[0];

	for (size_t i = 0; i < r->by_first[first].n; i++) {
		const struct root *root = &r->roots.p[r->by_first[first].p[i]];

		if (rule_holds(root->rule, head)) {
			*type = root->type;
			return true;
		}
	}
	return false;
}

/*
 * The `globs2` file of shared-mime-info: lines "weight:type:pattern[:flags]". Nearly all patterns
 * are "*" and a text, or a text alone, and are found by hashing the ends of the name; the dozen
 * others are tried one by one.
 */
#include "lib/magic/magic_int.h"

/* Does `c` belong to the class that begins behind a '['? *p moves behind its ']'. */
static bool class_has(struct str pattern, size_t *p, char c)
{
	size_t i = *p;
	bool negated = i < pattern.n && pattern.p[i] == '!';
	bool found = false;

	for (i += negated; i < pattern.n && pattern.p[i] != ']'; i++) {
		char lo = pattern.p[i], hi = lo;

		if (i + 2 < pattern.n && pattern.p[i + 1] == '-' && pattern.p[i + 2] != ']') {
			hi = pattern.p[i + 2];
			i += 2;
		}
		found |= c >= lo && c <= hi;
	}
	*p = i + 1;
	return found != negated;
}

/* One pattern element that is not '*' against one character; *p moves behind the element. */
static bool element_matches(struct str pattern, size_t *p, char c)
{
	char want = pattern.p[(*p)++];

	if (want == '[')
		return class_has(pattern, p, c);
	return want == '?' || want == c;
}

/* Only the last '*' is ever tried again, so this takes at most pattern × name steps. */
static bool wild_matches(struct str pattern, struct str name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, retry = 0;

	while (n < name.n || p < pattern.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = ++p;
			retry = n;
		} else if (p < pattern.n && n < name.n &&
			   element_matches(pattern, &p, name.p[n])) {
			n++;
		} else if (star == SIZE_MAX || retry >= name.n) {
			return false;
		} else {
			p = star;
			n = ++retry;
		}
	}
	return true;
}

static bool is_better(const struct glob *g, const struct glob *than)
{
	if (!than || g->weight != than->weight)
		return !than || g->weight > than->weight;
	if (g->pattern.n != than->pattern.n)
		return g->pattern.n > than->pattern.n;
	if (g->exact_case != than->exact_case)
		return g->exact_case;
	return g->order < than->order;
}

static bool has_wildcard(struct str s)
{
	return str_chr(s, '*') >= 0 || str_chr(s, '?') >= 0 || str_chr(s, '[') >= 0;
}

static void index_glob(struct arena *a, struct map *m, struct str key, const struct glob *g)
{
	struct glob *copy;

	if (!is_better(g, map_get(m, key)))
		return;
	copy = NEW(a, struct glob);
	*copy = *g;
	map_set(m, key, copy);
}

static void add_glob(struct arena *a, struct globs *to, const struct glob *g)
{
	struct str tail = str_from(g->pattern, 1);

	if (!has_wildcard(g->pattern)) {
		index_glob(a, &to->names[g->exact_case], g->pattern, g);
	} else if (g->pattern.p[0] == '*' && tail.n && !has_wildcard(tail)) {
		index_glob(a, &to->suffixes[g->exact_case], tail, g);
		if (tail.n > to->suffix_max)
			to->suffix_max = tail.n;
	} else {
		vec_add(a, &to->wild, *g);
	}
}

static bool has_flag(struct str flags, struct str flag)
{
	while (flags.n)
		if (str_eq(str_cut(&flags, ','), flag))
			return true;
	return false;
}

static int parse_line(struct arena *a, struct str line, struct globs *to, size_t number,
		      struct err *e)
{
	struct glob g = { .order = number };

	if (!str_int(str_cut(&line, ':'), 0, 100, &g.weight))
		return err_set(e, ERR_INVALID, "line %zu: no weight from 0 to 100", number);
	g.type = magic_canonical(str_cut(&line, ':'));
	if (!type_is_sane(g.type))
		return err_set(e, ERR_INVALID, "line %zu: no type", number);
	g.pattern = str_cut(&line, ':');
	if (g.pattern.n == 0 || g.pattern.n > MAGIC_GLOB_MAX)
		return err_set(e, ERR_INVALID, "line %zu: no pattern of reasonable length", number);
	if (str_eq(g.pattern, STR("__NOGLOBS__"))) /* takes back patterns of other directories */
		return 0;
	g.exact_case = has_flag(str_cut(&line, ':'), STR("cs"));
	if (!g.exact_case)
		g.pattern = str_lower(a, g.pattern);
	add_glob(a, to, &g);
	return 0;
}

int globs_parse(struct arena *a, struct str file, struct globs *to, struct err *e)
{
	struct str line;
	size_t number = 0;

	for (int i = 0; i < 2; i++) {
		map_init(&to->names[i], a);
		map_init(&to->suffixes[i], a);
	}
	while (str_line(&file, &line)) {
		number++;
		if (line.n && line.p[0] != '#' && parse_line(a, line, to, number, e) < 0)
			return -1;
	}
	return 0;
}

static void take_better(const struct glob **best, const struct glob *g)
{
	if (g && is_better(g, *best))
		*best = g;
}

static void find_among(const struct globs *g, bool exact_case, struct str name,
		       const struct glob **best)
{
	size_t longest = name.n < g->suffix_max ? name.n : g->suffix_max;

	take_better(best, map_get(&g->names[exact_case], name));
	if (g->suffixes[exact_case].n)
		for (size_t n = longest; n > 0; n--)
			take_better(best, map_get(&g->suffixes[exact_case],
						  str_from(name, name.n - n)));
	for (size_t i = 0; i < g->wild.n; i++)
		if (g->wild.p[i].exact_case == exact_case &&
		    wild_matches(g->wild.p[i].pattern, name))
			take_better(best, &g->wild.p[i]);
}

bool globs_find(const struct globs *g, struct str name, struct str *type)
{
	char lower[MAGIC_NAME_MAX];
	const struct glob *best = NULL;

	ASSERT(name.n <= sizeof(lower));
	for (size_t i = 0; i < name.n; i++)
		lower[i] = ascii_lower(name.p[i]);
	find_among(g, true, name, &best);
	find_among(g, false, (struct str){ lower, name.n }, &best);
	if (best)
		*type = best->type;
	return best;
}

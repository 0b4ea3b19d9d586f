/* Colours, sizes and styles that tags set, and what they hide. */
#include "gw/spam/html_walk.h"

enum { BASE_SIZE = 3, SIZE_MAX_KEPT = 1000000 };

static const struct html_color black = { COLOR_RGB, 0x000000 }, white = { COLOR_RGB, 0xffffff };

static struct html_style *top(struct html_walk *w)
{
	return &w->styles.p[w->styles.n - 1];
}

void html_style_init(struct html_walk *w)
{
	w->basefont = BASE_SIZE;
	w->r->min_size = w->r->max_size = BASE_SIZE;
	vec_add(w->a, &w->styles,
		((struct html_style){ .fg = black, .bg = white, .size = BASE_SIZE }));
}

static void push(struct html_walk *w, const struct html_style *s)
{
	/* The copy may be of an element that a growing stack moves. */
	struct html_style copy = *s;

	vec_add(w->a, &w->styles, copy);
	w->style_count[html_tag_index(copy.tag)]++;
}

static void pop(struct html_walk *w)
{
	w->style_count[html_tag_index(top(w)->tag)]--;
	w->styles.n--;
}

static bool is_open(const struct html_walk *w, const struct html_tag *t)
{
	return w->style_count[html_tag_index(t)] > 0;
}

/* Everything up to and including the last `t`, if there is one. */
static void close_to(struct html_walk *w, const struct html_tag *t)
{
	bool last = false;

	while (is_open(w, t) && !last) {
		last = top(w)->tag == t;
		pop(w);
	}
}

/* A new cell ends the one before it, a new row cells and rows. */
static void close_implied(struct html_walk *w, const struct html_tag *t)
{
	bool row = html_tag_is(t, "tr");

	if (!is_open(w, t))
		return;
	while (top(w)->tag && (html_tag_is(top(w)->tag, "font") || html_tag_is(top(w)->tag, "td") ||
			       (row && html_tag_is(top(w)->tag, "tr"))))
		pop(w);
}

/* "  12px": 12. False if it does not start with digits. */
static bool leading_number(struct str s, int64_t *n)
{
	size_t digits = 0;

	s = str_ltrim(s);
	while (digits < s.n && ascii_is_digit(s.p[digits]))
		digits++;
	if (!digits)
		return false;
	if (!str_int(str_sub(s, 0, digits), 0, SIZE_MAX_KEPT, n))
		*n = SIZE_MAX_KEPT;
	return true;
}

static void set_size(struct html_walk *w, struct html_style *new, struct str value)
{
	struct str s = str_ltrim(value);
	int64_t n;

	if (s.n > 1 && (*s.p == '+' || *s.p == '-') && ascii_is_digit(s.p[1])) {
		leading_number(str_from(s, 1), &n);
		new->size = w->basefont + (*s.p == '-' ? -n : n);
	} else if (leading_number(s, &n)) {
		new->size = n;
	}
}

/* rgb(1, 2, 3) and anything that resembles it: its digits and commas. */
static struct html_color loose_rgb(struct str s)
{
	struct html_color c = { COLOR_RGB, 0 };
	uint32_t part[3] = { 0 };
	size_t i = 0;

	for (size_t k = 0; k < s.n && i < 3; k++) {
		if (s.p[k] == ',')
			i++;
		else if (ascii_is_digit(s.p[k]))
			part[i] = part[i] > 255 ? 256 : part[i] * 10 + (uint32_t)(s.p[k] - '0');
	}
	for (i = 0; i < 3; i++)
		c.rgb = c.rgb << 8 | (part[i] > 255 ? 255 : part[i]);
	return c;
}

/* Drops "! important" from the end. */
static struct str without_important(struct str s)
{
	struct str rest = s;

	if (!str_ends(rest, STR("important")))
		return s;
	rest = str_rtrim(str_sub(rest, 0, rest.n - 9));
	return str_ends(rest, STR("!")) ? str_rtrim(str_sub(rest, 0, rest.n - 1)) : s;
}

static void set_style_color(struct html_walk *w, struct html_color *c, struct str value)
{
	value = without_important(str_lower(w->a, value));
	if (str_find(value, STR("rgb")) >= 0)
		*c = loose_rgb(value);
	else if (str_eq(value, STR("transparent")))
		c->kind = COLOR_TRANSPARENT;
	else if (!str_eq(value, STR("inherit")))
		*c = html_color_parse(w->a, value);
}

/*
 * `background:` has layers between commas, of words between spaces, with brackets and quotes: the
 * first colour among the words of the last layer counts.
 */
static void set_background(struct html_walk *w, struct html_style *new, struct str value)
{
	struct html_color first = { COLOR_INVALID, 0 };
	struct str s = str_lower(w->a, value);
	size_t start = 0;
	bool bracket = false;
	char quote = '\0';

	for (size_t i = 0; i <= s.n; i++) {
		char c = i < s.n ? s.p[i] : '\0';
		bool ends = i == s.n;

		if (quote) {
			quote = c == quote ? '\0' : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (bracket) {
			bracket = c != ')';
		} else if (c == '(') {
			bracket = true;
		} else if (c == ' ' || c == ',') {
			ends = true;
		}
		if (ends) {
			struct html_color color =
				html_color_parse(w->a, str_sub(s, start, i - start));

			if (first.kind == COLOR_INVALID && i > start)
				first = color;
			start = i + 1;
		}
		if (!quote && !bracket && c == ',' && i + 1 < s.n)
			first.kind = COLOR_INVALID;
	}
	if (first.kind != COLOR_INVALID)
		new->bg = first;
}

static void set_property(struct html_walk *w, struct html_style *new, struct str name,
			 struct str value)
{
	if (str_ieq(name, STR("color")))
		set_style_color(w, &new->fg, value);
	else if (str_ieq(name, STR("background-color")))
		set_style_color(w, &new->bg, value);
	else if (str_eq(name, STR("background")))
		set_background(w, new, value);
	else if (str_eq(name, STR("display")))
		new->display_none = str_ieq(value, STR("none"));
	else if (str_eq(name, STR("visibility")))
		new->hidden = str_ieq(value, STR("hidden"));
}

static void set_style(struct html_walk *w, struct html_style *new, struct str style)
{
	while (style.n) {
		struct str rest = str_cut(&style, ';'), value = rest, name;

		name = str_cut(&value, ':');
		/* A colour or background may stand for itself; any other name may be padded. */
		if (!value.n || str_chr(str_trim(value), '\n') >= 0)
			continue;
		name = str_ltrim(name);
		if (str_iends(str_rtrim(name), STR("color")) ||
		    str_eq(str_rtrim(name), STR("background"))) {
			if (name.n != str_rtrim(name).n)
				continue;
		} else if (!str_trim(value).n) {
			continue;
		}
		set_property(w, new, str_rtrim(name), str_trim(value));
	}
	if (new->bg.kind == COLOR_TRANSPARENT)
		new->bg = top(w)->bg;
	if (new->fg.kind == COLOR_TRANSPARENT)
		new->fg = new->bg;
}

static bool is_one_of(struct str name, const char *const *names)
{
	for (; *names; names++)
		if (str_eq(name, str_of(*names)))
			return true;
	return false;
}

/* Attributes that a tag takes, whether they change what is kept here or not. */
static bool takes_attr(const struct html_tag *t, struct str name)
{
	static const char *const font[] = { "color", "face", "size", NULL };
	static const char *const body[] = { "text",  "bgcolor",    "link", "alink",
					    "vlink", "background", NULL };
	static const char *const cell[] = { "bgcolor", "style", NULL };
	static const char *const other[] = { "style", NULL };

	if (html_tag_is(t, "font") || html_tag_is(t, "basefont"))
		return is_one_of(name, font);
	if (html_tag_is(t, "body"))
		return is_one_of(name, body);
	if (html_tag_is(t, "table") || html_tag_is(t, "td") || html_tag_is(t, "tr"))
		return is_one_of(name, cell);
	return is_one_of(name, other);
}

static void set_attr(struct html_walk *w, struct html_style *new, const struct html_attr *attr)
{
	if (str_eq(attr->name, STR("style")))
		set_style(w, new, attr->value);
	else if (str_eq(attr->name, STR("color")) || str_eq(attr->name, STR("text")))
		new->fg = html_color_parse(w->a, attr->value);
	else if (str_eq(attr->name, STR("size")))
		set_size(w, new, attr->value);
}

static void note_size(struct html_walk *w, int64_t size)
{
	if (size > w->r->max_size)
		w->r->max_size = size;
	else if (size < w->r->min_size)
		w->r->min_size = size;
}

static const struct html_tag *style_tag(const struct html_tag *t)
{
	return html_tag_is(t, "th") ? html_tag_find(STR("td")) : t;
}

void html_style_open(struct html_walk *w, const struct html_tag *t, const struct html_event *ev)
{
	const struct html_attr *size = html_attr_find(ev, "size");
	struct html_style new;
	int64_t n;

	t = style_tag(t);
	if (html_tag_is(t, "basefont") && size && leading_number(size->value, &n)) {
		w->basefont = n;
		return;
	}
	if (html_tag_is(t, "td") || html_tag_is(t, "tr"))
		close_implied(w, t);
	new = *top(w);
	new.tag = t;
	if (html_tag_is(t, "big")) {
		new.size++;
	} else if (html_tag_is(t, "small")) {
		new.size--;
	} else {
		for (size_t i = 0; i < ev->attr_count; i++) {
			if (!takes_attr(t, ev->attrs[i].name))
				continue;
			set_attr(w, &new, &ev->attrs[i]);
			note_size(w, new.size);
		}
	}
	push(w, &new);
}

void html_style_close(struct html_walk *w, const struct html_tag *t)
{
	/* Text after </body> is shown like text before it. */
	if (!html_tag_is(t, "body"))
		close_to(w, style_tag(t));
}

bool html_style_hides(struct html_walk *w)
{
	const struct html_style *s = top(w);

	if (html_color_eq(s->fg, s->bg) || html_color_near(s->fg, s->bg)) {
		w->r->font_low_contrast = true;
		return true;
	}
	if (s->fg.kind == COLOR_INVALID || s->bg.kind == COLOR_INVALID) {
		w->r->font_invalid_color = true;
		return true;
	}
	return s->size <= 1 || s->display_none || s->hidden;
}

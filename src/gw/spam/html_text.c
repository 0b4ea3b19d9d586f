#include "gw/spam/html_text.h"

#include "gw/spam/html_walk.h"
#include "gw/spam/text.h"

enum { CLOSE_TRIES = 3 };

static size_t html_space_at(struct str s)
{
	if (s.n && is_space(*s.p))
		return 1;
	/* The two octets of a UTF-8 NBSP that were taken for two characters. */
	return str_starts(s, STR("\xc3\x82\xc2\xa0")) ? 4 : 0;
}

static bool is_blank(struct str s)
{
	size_t n;

	while (s.n && (n = html_space_at(s)) > 0)
		s = str_from(s, n);
	return !s.n;
}

/* Every run of white space as one space; a misread NBSP is a run of its own. */
static struct str squeezed(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n);
	size_t n = 0, i = 0;

	while (i < s.n) {
		size_t space =
			(s.p[i] & 0x80) || is_space(s.p[i]) ? html_space_at(str_from(s, i)) : 0;

		if (!space) {
			out[n++] = s.p[i++];
			continue;
		}
		out[n++] = ' ';
		i += space;
		while (space == 1 && i < s.n && is_space(s.p[i]))
			i++;
	}
	return (struct str){ out, n };
}

static void add_segment(struct html_walk *w, struct str s, bool wide, bool white, bool invisible)
{
	struct html_segment *seg = vec_push(w->a, &w->segments);

	*seg = (struct html_segment){ s, wide, white, invisible };
}

static void show_space(struct html_walk *w, struct str space)
{
	if (w->segments.n) {
		struct html_segment *last = &w->segments.p[w->segments.n - 1];

		if (!last->whitespace && !last->invisible && str_ends(last->s, STR(" ")))
			last->s.n--;
	}
	add_segment(w, space, false, true, false);
}

static void show_text(struct html_walk *w, struct str text, bool wide, bool invisible)
{
	text = squeezed(w->a, text);
	if (w->segments.n && !invisible && w->segments.p[w->segments.n - 1].whitespace &&
	    str_starts(text, STR(" ")))
		text = str_from(text, 1);
	add_segment(w, text, wide, false, invisible);
}

struct html_text *html_text_start(struct html_walk *w)
{
	struct html_text *t = NEW(w->a, struct html_text);

	buf_init(&t->buf, w->a, SIZE_MAX);
	return t;
}

static void add_text(struct html_text *t, struct str s, bool wide)
{
	buf_add(&t->buf, s);
	t->wide |= wide;
}

static void narrow_texts(struct buf **texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct html_text *t = (struct html_text *)texts[i];

		if (!t->wide)
			t->buf.n = spam_narrow(t->buf.p, t->buf.n);
	}
}

static void take_text(struct html_walk *w, const struct html_event *ev)
{
	bool wide = w->wide || ev->wide, hidden;

	if (html_is_inside(w->in_script) || html_is_inside(w->in_style))
		return;
	if (html_is_inside(w->in_a) && w->anchor)
		add_text(w->anchor, ev->text, wide);
	if (html_is_inside(w->in_title) && w->title)
		add_text(w->title, ev->text, wide);
	hidden = !is_blank(ev->text) && html_style_hides(w);
	html_note_obfuscation(w, ev->text, wide);
	show_text(w, ev->text, wide, hidden);
}

static struct spam_html_count *counter(struct html_walk *w, struct str name)
{
	struct spam_html_count *c = map_get(&w->inside, name);

	if (c)
		return c;
	c = NEW(w->a, struct spam_html_count);
	c->name = name;
	c->n = -1;
	map_set(&w->inside, name, c);
	if (str_eq(name, STR("script")))
		w->in_script = c;
	else if (str_eq(name, STR("style")))
		w->in_style = c;
	else if (str_eq(name, STR("a")))
		w->in_a = c;
	else if (str_eq(name, STR("title")))
		w->in_title = c;
	return c;
}

/* Counts a tag; a new counter is at -1. */
static void count_tag(struct html_walk *w, struct str name, bool element, int step)
{
	struct spam_html_count *c = counter(w, name);
	bool first = c->n < 0;

	if (first)
		c->n = 0;
	if (element) {
		w->elements++;
		w->elements_seen += first;
	}
	w->tags++;
	w->tags_seen += first;
	c->n += step;
	if (c->n < 0) {
		c->n = 0;
		w->closed_extra++;
	}
}

static void take_tag(struct html_walk *w, const struct html_event *ev)
{
	const struct html_tag *t = html_tag_find(ev->name);
	bool start = ev->kind == HTML_START, namespaced = !t && html_is_namespaced(ev->name);
	struct html_event copy = *ev;

	count_tag(w, ev->name, namespaced || (t && t->flags & TAG_ELEMENT), start ? 1 : -1);
	if (!t)
		return;
	if (t->flags & TAG_STYLE) {
		if (start)
			html_style_open(w, t, ev);
		else
			html_style_close(w, t);
	}
	if (t->flags & TAG_BREAK)
		show_space(w, STR("\n"));
	else if (t->flags & TAG_SPACE)
		show_space(w, STR(" "));
	else if (t->flags & TAG_PARAGRAPH)
		show_space(w, STR("\n\n"));
	if (!start)
		return;
	if (t->uri_type)
		html_uri_take(w, t, &copy);
	html_note_start(w, t, &copy);
}

static void take_declaration(struct html_walk *w, const struct html_event *ev)
{
	struct spam_html_count *c;

	if (!str_istarts(ev->text, STR("<!doctype")))
		return;
	w->elements++;
	w->tags++;
	c = counter(w, STR("!doctype"));
	c->n = 0;
}

static void take_event(void *ctx, const struct html_event *ev)
{
	struct html_walk *w = ctx;

	switch (ev->kind) {
	case HTML_START:
	case HTML_END:
		take_tag(w, ev);
		break;
	case HTML_TEXT:
		take_text(w, ev);
		break;
	case HTML_COMMENT:
		vec_add(w->a, &w->r->comments, ev->text);
		break;
	case HTML_DECLARATION:
		take_declaration(w, ev);
		break;
	}
}

static bool is_tag_char(char c, bool wide)
{
	return is_word(c) || (wide && (c & 0x80));
}

/* Length of "<br />" at the front of `s`, 0 if it is not such a tag; *name is the "<br". */
static size_t empty_tag(struct str s, bool wide, struct str *name)
{
	size_t i = 1;

	while (i < s.n && is_tag_char(s.p[i], wide))
		i++;
	*name = str_sub(s, 0, i);
	while (i < s.n && is_space(s.p[i]))
		i++;
	return name->n > 1 && str_starts(str_from(s, i), STR("/>")) ? i + 2 : 0;
}

/* What SpamAssassin changes before it parses: &nbsp;, <br/>, typographic quotes. */
static struct str prepared(struct arena *a, struct spam_text text)
{
	struct str s = text.s, name;
	struct buf out;
	size_t n;

	buf_init(&out, a, s.n);
	while (s.n) {
		for (n = 0; n < s.n && s.p[n] != '<' && s.p[n] != '&' && s.p[n] != '\xe2';)
			n++;
		buf_add(&out, str_sub(s, 0, n));
		s = str_from(s, n);
		if (str_starts(s, STR("&nbsp;"))) {
			buf_addc(&out, ' ');
			n = 6;
		} else if (str_starts(s, STR("\xe2\x80\x9c")) ||
			   str_starts(s, STR("\xe2\x80\x9d"))) {
			buf_addc(&out, '"');
			n = 3;
		} else if (s.n && *s.p == '<' && (n = empty_tag(s, text.wide, &name)) > 0) {
			buf_add(&out, name);
			buf_addc(&out, '>');
		} else {
			n = s.n ? 1 : 0;
			buf_add(&out, str_sub(s, 0, n));
		}
		s = str_from(s, n);
	}
	return buf_str(&out);
}

static bool is_shown(const struct html_segment *seg, int view)
{
	return view == SPAM_VIEW_ALL || seg->invisible == (view == SPAM_VIEW_INVISIBLE);
}

static struct spam_text joined(struct html_walk *w, int view)
{
	struct spam_text text = { STR_NONE, false };
	struct buf out;

	buf_init(&out, w->a, SIZE_MAX);
	for (size_t i = 0; i < w->segments.n; i++) {
		const struct html_segment *seg = &w->segments.p[i];

		if (!is_shown(seg, view))
			continue;
		buf_add(&out, seg->s);
		text.wide |= seg->wide;
	}
	text.s = buf_str(&out);
	return text;
}

/* Characters in all, and without white space (of which a form feed is none in octets). */
static void measure(struct spam_html *r, struct spam_text t, size_t octets)
{
	for (size_t i = 0; i < t.s.n; i++) {
		if ((t.s.p[i] & 0xc0) == 0x80)
			continue;
		r->html_length++;
		if (!spam_space_at(str_from(t.s, i), t.wide) || (!t.wide && t.s.p[i] == '\f'))
			r->non_space_len++;
	}
	r->ratio = octets ? ((double)octets - (double)r->html_length) / (double)octets : 0;
}

static void finish(struct html_walk *w)
{
	struct spam_html *r = w->r;
	double tags = (double)w->tags;

	r->has_tags = w->tags > 0;
	r->has_elements = w->elements > 0;
	r->has_seen_elements = w->elements_seen > 0;
	r->has_obfuscation = w->obfuscation > 0;
	if (r->has_tags) {
		r->closed_extra_ratio = (double)w->closed_extra / tags;
		r->bad_tag_ratio = (double)(w->tags - w->elements) / tags;
		r->obfuscation_ratio = (double)w->obfuscation / tags;
	}
	if (w->tags_seen > 0)
		r->non_element_ratio =
			(double)(w->tags_seen - w->elements_seen) / (double)w->tags_seen;
	for (size_t i = 0; i < w->inside.n; i++)
		vec_add(w->a, &r->inside,
			*(const struct spam_html_count *)w->inside.entries[i].value);
	for (size_t i = 0; i < r->titles.n; i++) {
		int64_t chars = (int64_t)spam_chars(buf_str(r->titles.p[i]));

		r->title_chars = chars > r->title_chars ? chars : r->title_chars;
	}
	narrow_texts(r->anchors.p, r->anchors.n);
	narrow_texts(r->titles.p, r->titles.n);
	r->uris = w->uri_list.p;
	r->uri_count = w->uri_list.n;
}

struct spam_html *spam_html_read(struct arena *a, struct spam_text text, size_t octets,
				 struct spam_text shown[SPAM_VIEWS])
{
	struct html_walk w = { .a = a, .r = NEW(a, struct spam_html), .wide = text.wide };
	struct html_parser p;

	map_init(&w.inside, a);
	map_init(&w.uris, a);
	html_style_init(&w);
	w.r->length = (int64_t)spam_chars(text.s);
	html_init(&p, a, take_event, &w);
	html_feed(&p, prepared(a, text));
	/* Elements that a cut mail leaves open; inside an ignored section nothing closes them. */
	for (int i = 0; i < CLOSE_TRIES && html_is_inside(w.in_style); i++)
		html_feed(&p, STR("</style>"));
	for (int i = 0; i < CLOSE_TRIES && html_is_inside(w.in_script); i++)
		html_feed(&p, STR("</script>"));
	html_end(&p);
	for (int view = 0; view < SPAM_VIEWS; view++)
		shown[view] = joined(&w, view);
	measure(w.r, shown[SPAM_VIEW_ALL], octets);
	finish(&w);
	return w.r;
}

/* What rules ask of tags and of how they cut words; nothing here changes what is shown. */
#include "base/utf8.h"
#include "gw/spam/html_walk.h"
#include "gw/spam/text.h"

enum { IMAGE_SIDE = 200, SIDE_MAX = 1000000 };

bool html_is_inside(const struct spam_html_count *c)
{
	return c && c->n > 0;
}

/* Not white space, not ASCII punctuation: what words are made of. */
static bool is_plain(int32_t c, size_t space)
{
	if (space)
		return false;
	return c < 0x21 || c >= 0x7f || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

static bool starts_plain(struct str s, bool wide)
{
	struct str rest = s;

	return s.n && is_plain(utf8_next(&rest), spam_space_at(s, wide));
}

/* The last character of `s`, which must not be empty. */
static struct str last_char(struct str s)
{
	size_t at = s.n - 1;

	while (at && (s.p[at] & 0xc0) == 0x80)
		at--;
	return str_from(s, at);
}

/* Words that tags cut into pieces. */
void html_note_obfuscation(struct html_walk *w, struct str text, bool wide)
{
	const struct html_segment *before;

	if (!w->segments.n)
		return;
	before = &w->segments.p[w->segments.n - 1];
	if (before->s.n && starts_plain(text, wide) &&
	    starts_plain(last_char(before->s), before->wide))
		w->obfuscation++;
}

/* "12" or "12%"; anything else, and nothing, is guessed. */
static int64_t side(struct str s, int64_t percent)
{
	bool share = str_ends(s, STR("%"));
	int64_t n;

	if (share)
		s.n--;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]))
			return IMAGE_SIDE;
	if (!s.n)
		return IMAGE_SIDE;
	if (!str_int(s, 0, SIDE_MAX, &n))
		n = SIDE_MAX;
	n *= share ? percent : 1;
	return n > 0 ? n : IMAGE_SIDE;
}

static void take_image(struct html_walk *w, const struct html_event *ev)
{
	const struct html_attr *width = html_attr_find(ev, "width");
	const struct html_attr *height = html_attr_find(ev, "height");

	if (html_is_inside(w->in_a) && w->anchor)
		buf_addz(&w->anchor->buf, "<img>\n");
	if (width && height)
		w->r->image_area += side(width->value, 8) * side(height->value, 6);
}

static bool is_face_char(char c)
{
	return ascii_is_alpha(c) || c == ' ' || c == '-';
}

/* One name of a list of fonts at the front of *s: letters, blanks and dashes, ending in a letter.
 */
static bool take_face(struct str *s, bool first)
{
	bool blank = s->n && is_space(*s->p);
	size_t n = 0;

	*s = str_ltrim(*s);
	if (s->n && (*s->p == '"' || *s->p == '\'' || (first && *s->p == '.'))) {
		*s = str_from(*s, 1);
		blank = false;
	}
	while (n < s->n && is_face_char(s->p[n]))
		n++;
	if (n < (first && blank ? 1u : 2u) || !ascii_is_alpha(s->p[n - 1]))
		return false;
	if (*s->p == '-' || (*s->p == ' ' && !first))
		return false;
	*s = str_from(*s, n);
	if (s->n && ascii_is_digit(*s->p))
		*s = str_from(*s, 1);
	if (s->n && (*s->p == '"' || *s->p == '\''))
		*s = str_from(*s, 1);
	return true;
}

static bool is_good_face(struct str s)
{
	if (!take_face(&s, true))
		return false;
	while (s.n && *s.p == ',') {
		s = str_from(s, 1);
		if (!take_face(&s, false))
			return false;
	}
	return !s.n || str_eq(s, STR(";")) || str_eq(s, STR("\n")) || str_eq(s, STR(";\n"));
}

/* What rules ask of single tags. */
void html_note_start(struct html_walk *w, const struct html_tag *t, const struct html_event *ev)
{
	const struct html_attr *face = html_attr_find(ev, "face");
	const struct html_attr *action = html_attr_find(ev, "action");

	if (html_tag_is(t, "font") && face && !is_good_face(face->value))
		w->r->font_face_bad = true;
	if (html_tag_is(t, "img"))
		take_image(w, ev);
	if (html_tag_is(t, "form") && action && str_ifind(action->value, STR("mailto:")) >= 0)
		w->r->form_action_mailto = true;
	if (html_tag_is(t, "object") || html_tag_is(t, "embed"))
		w->r->embeds = true;
	if (html_tag_is(t, "a"))
		html_anchor_open(w, ev);
	if (html_tag_is(t, "title")) {
		w->title = html_text_start(w);
		vec_add(w->a, &w->r->titles, &w->title->buf);
	}
}

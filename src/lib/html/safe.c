#include "lib/html/safe.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "lib/html/css.h"
#include "lib/html/html.h"

struct writer {
	struct arena *a;
	struct html_safe *s;
	struct buf *out;
	const char *open[HTML_SAFE_DEPTH_MAX];
	size_t depth;
	struct str hidden; /* name of the element whose text is not shown; empty: none */
	size_t style_bytes;
};

/* Elements that lay out text. */
static const char *const elements[] = {
	"a", "abbr", "acronym", "address", "article", "aside", "b", "bdo", "big", "blockquote",
	"caption", "center", "cite", "code", "colgroup", "dd", "del", "dfn", "dir", "div", "dl",
	"dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5",
	"h6", "header", "i", "ins", "kbd", "li", "main", "mark", "menu", "nav", "ol", "p",
	"pre", "q", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup",
	"table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
};
static const char *const lone_elements[] = { "br", "col", "hr", "img", "wbr" }; /* no end tag */

/* Attributes whose value is only shown or measured. */
static const char *const attributes[] = {
	"align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "class", "clear",
	"color", "colspan", "dir", "face", "frame", "height", "hspace", "id", "lang", "noshade",
	"nowrap", "rowspan", "rules", "scope", "size", "span", "start", "summary", "title",
	"type", "valign", "vspace", "width",
};

/* Elements whose text is no text of the mail. */
static const char *const hidden[] = { "script", "style", "title", "iframe" };

/* The name as the list has it, or NULL. */
static const char *find(struct str name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, str_of(list[i])))
			return list[i];
	return NULL;
}

static bool is_control(unsigned char c)
{
	return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

static void escape_char(struct buf *out, char c)
{
	switch (c) {
	case '<':
		buf_addz(out, "&lt;");
		break;
	case '>':
		buf_addz(out, "&gt;");
		break;
	case '&':
		buf_addz(out, "&amp;");
		break;
	case '"':
		buf_addz(out, "&quot;");
		break;
	case '\'':
		buf_addz(out, "&#39;");
		break;
	case '`': /* some browsers take it for a quotation mark */
		buf_addz(out, "&#96;");
		break;
	default:
		buf_addc(out, is_control((unsigned char)c) ? ' ' : c);
	}
}

/* Bytes that are no UTF-8 could eat what stands behind them. */
void html_escape_add(struct buf *out, struct str text)
{
	while (text.n) {
		struct str from = text;
		int32_t c = utf8_next(&text);

		if (c < 0)
			buf_addz(out, "\xef\xbf\xbd");
		else if (c < 0x80)
			escape_char(out, from.p[0]);
		else
			buf_add(out, str_sub(from, 0, from.n - text.n));
	}
}

bool html_is_image_type(struct str type)
{
	static const char *const types[] = { "image/png", "image/gif", "image/jpeg", "image/webp",
					     "image/bmp" };

	return find(type, types, ARRAY_LEN(types)) != NULL;
}

static bool is_base64(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
		    !memchr("+/=", s.p[i], 3))
			return false;
	return true;
}

bool html_is_image_data(struct str url)
{
	struct str rest = url, type;

	if (!str_starts(rest, STR("data:")))
		return false;
	rest = str_from(rest, 5);
	type = str_cut(&rest, ';');
	return html_is_image_type(type) && str_starts(rest, STR("base64,")) &&
	       is_base64(str_from(rest, 7));
}

/* With a host of its own, and nothing in it that a browser would leave out before it looks. */
static bool is_web(struct str url)
{
	if (!str_istarts(url, STR("http://")) && !str_istarts(url, STR("https://")))
		return false;
	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f)
			return false;
	return url.n <= HTML_SAFE_VALUE_MAX;
}

static void add_attribute(struct writer *w, const char *name, struct str value)
{
	buf_addf(w->out, " %s=\"", name);
	html_escape_add(w->out, value);
	buf_addc(w->out, '"');
}

static void add_style(struct writer *w, struct str css)
{
	struct buf b;

	buf_init(&b, w->a, 2 * HTML_SAFE_VALUE_MAX);
	html_css_declarations(&b, css);
	if (buf_str(&b).n)
		add_attribute(w, "style", buf_str(&b));
}

static void add_link(struct writer *w, struct str url)
{
	url = str_trim(url);
	if (!w->s->links || !is_web(url))
		return;
	add_attribute(w, "href", url);
	buf_addz(w->out, " target=\"_blank\" rel=\"noopener noreferrer nofollow\"");
}

/* The image to show for this address, or STR_NONE. */
static struct str image_for(struct writer *w, struct str url)
{
	url = str_trim(url);
	if (is_web(url)) {
		w->s->external = true;
		return w->s->images == HTML_IMAGES_ALL ? url : STR_NONE;
	}
	if (w->s->images == HTML_IMAGES_NONE)
		return STR_NONE;
	if (str_istarts(url, STR("cid:")) && w->s->cid)
		url = w->s->cid(w->s->ctx, str_from(url, 4));
	return html_is_image_data(url) ? url : STR_NONE;
}

static void add_image(struct writer *w, struct str url)
{
	struct str shown = image_for(w, url);

	if (shown.n)
		add_attribute(w, "src", shown);
}

static void add_known(struct writer *w, struct str name, struct str value)
{
	const char *known = find(name, attributes, ARRAY_LEN(attributes));

	if (known)
		add_attribute(w, known, value);
}

static void add_attributes(struct writer *w, const char *element, const struct html_event *ev)
{
	for (size_t i = 0; i < ev->attr_count; i++) {
		const struct html_attr *at = &ev->attrs[i];

		if (str_eq(at->name, STR("src")) && !strcmp(element, "img"))
			add_image(w, at->value); /* a data: URL may be long */
		else if (at->value.n > HTML_SAFE_VALUE_MAX)
			continue;
		else if (str_eq(at->name, STR("href")) && !strcmp(element, "a"))
			add_link(w, at->value);
		else if (str_eq(at->name, STR("style")))
			add_style(w, at->value);
		else
			add_known(w, at->name, at->value);
	}
}

static void add_tag(struct writer *w, const char *element, const struct html_event *ev)
{
	buf_addf(w->out, "<%s", element);
	add_attributes(w, element, ev);
	buf_addc(w->out, '>');
}

/* The tokenizer takes "br/" for a name. */
static void start(struct writer *w, const struct html_event *ev)
{
	struct str rest = ev->name, name = str_cut(&rest, '/');
	const char *element = find(name, elements, ARRAY_LEN(elements));
	const char *lone = find(name, lone_elements, ARRAY_LEN(lone_elements));

	if (find(ev->name, hidden, ARRAY_LEN(hidden)))
		w->hidden = ev->name;
	if (lone)
		add_tag(w, lone, ev);
	if (!element || w->depth == HTML_SAFE_DEPTH_MAX)
		return;
	add_tag(w, element, ev);
	w->open[w->depth++] = element;
}

static void close_last(struct writer *w)
{
	buf_addf(w->out, "</%s>", w->open[--w->depth]);
}

/* Closes what is still open inside it, too; what was never opened is not closed. */
static void end(struct writer *w, struct str name)
{
	size_t at = w->depth;

	if (str_eq(name, w->hidden))
		w->hidden = STR_NONE;
	while (at && !str_eq(name, str_of(w->open[at - 1])))
		at--;
	while (at && w->depth >= at)
		close_last(w);
}

static void style_sheet(struct writer *w, struct str css)
{
	size_t from;

	w->style_bytes += css.n;
	if (w->style_bytes > HTML_SAFE_STYLE_MAX)
		return;
	from = w->out->n;
	buf_addz(w->out, "<style>");
	html_css_sheet(w->out, css);
	if (w->out->n == from + strlen("<style>"))
		w->out->n = from;
	else
		buf_addz(w->out, "</style>");
}

static void text(struct writer *w, struct str s)
{
	if (str_eq(w->hidden, STR("style")))
		style_sheet(w, s);
	else if (!w->hidden.n)
		html_escape_add(w->out, s);
}

static void handle(void *ctx, const struct html_event *ev)
{
	struct writer *w = ctx;

	switch (ev->kind) {
	case HTML_START:
		start(w, ev);
		break;
	case HTML_END:
		end(w, ev->name);
		break;
	case HTML_TEXT:
		text(w, ev->text);
		break;
	case HTML_COMMENT:
	case HTML_DECLARATION:
		break;
	}
}

void html_safe_add(struct arena *a, struct str html, struct html_safe *s, struct buf *out)
{
	struct writer *w = NEW(a, struct writer);
	struct html_parser p;

	w->a = a;
	w->s = s;
	w->out = out;
	html_init(&p, a, handle, w);
	html_feed(&p, html);
	html_end(&p);
	while (w->depth)
		close_last(w);
}

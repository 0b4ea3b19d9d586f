#include "base/utf8.h"
#include "gw/spam/html_text.h"
#include "gw/spam/text.h"

static void render(struct spam_message *m, struct spam_node *node)
{
	struct str octets = spam_node_decoded(m, node);
	struct spam_text text;

	text.wide = spam_text_decode(m->a, octets, node->part.charset, SPAM_TEXT_GUESS, &text.s);
	if (octets.n && str_eq(node->part.effective, STR("text/html"))) {
		node->html = spam_html_read(m->a, text, octets.n, node->text);
		vec_add(m->a, &m->htmls, node->html);
		return;
	}
	node->text[SPAM_VIEW_ALL] = node->text[SPAM_VIEW_VISIBLE] = text;
	node->text[SPAM_VIEW_INVISIBLE] = (struct spam_text){ STR(""), false };
}

bool spam_node_text(struct spam_message *m, struct spam_node *node, int view, struct spam_text *out)
{
	struct str type = node->part.effective;

	if (!node->is_rendered) {
		if (!str_eq(type, STR("text/plain")) && !str_eq(type, STR("text/html")))
			return false;
		node->is_rendered = true;
		render(m, node);
	}
	*out = node->text[view];
	return true;
}

void spam_node_set_text(struct spam_message *m, struct spam_node *node, struct str octets)
{
	struct spam_text text = { STR_NONE, false };
	struct buf b;

	/* An octet is a character; beside text that was decoded it becomes one in UTF-8, too. */
	buf_init(&b, m->a, 2 * octets.n + 1);
	for (size_t i = 0; i < octets.n; i++) {
		char c[UTF8_MAX];

		buf_add(&b, (struct str){ c, utf8_put(c, (unsigned char)octets.p[i]) });
	}
	text.s = buf_str(&b);
	node->is_rendered = true;
	node->text[SPAM_VIEW_ALL] = node->text[SPAM_VIEW_VISIBLE] = text;
	node->text[SPAM_VIEW_INVISIBLE] = (struct spam_text){ STR(""), false };
}

const struct spam_html *const *spam_htmls(struct spam_message *m, size_t *n)
{
	spam_body(m);
	*n = m->htmls.n;
	return m->htmls.p;
}

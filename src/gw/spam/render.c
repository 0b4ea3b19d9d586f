#include "gw/spam/message_int.h"
#include "gw/spam/text.h"

static void render(struct spam_message *m, struct spam_node *node)
{
	struct str octets = spam_node_decoded(m, node);
	struct spam_text text;

	text.wide = spam_text_decode(m->a, octets, node->part.charset, SPAM_TEXT_GUESS, &text.s);
	node->text[SPAM_VIEW_ALL] = node->text[SPAM_VIEW_VISIBLE] = text;
	node->text[SPAM_VIEW_INVISIBLE] = (struct spam_text){ STR(""), false };
}

bool spam_node_text(struct spam_message *m, struct spam_node *node, int view, struct spam_text *out)
{
	struct str type = node->part.effective;

	if (!str_eq(type, STR("text/plain")) && !str_eq(type, STR("text/html")))
		return false;
	if (!node->is_rendered) {
		node->is_rendered = true;
		render(m, node);
	}
	*out = node->text[view];
	return true;
}

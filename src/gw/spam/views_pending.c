/*
 * Views of a mail that are not built yet: they are empty, so that the rest runs. Each function goes
 * when its view comes.
 */
#include "gw/spam/views.h"

struct spam_texts spam_uris(struct spam_message *m)
{
	(void)m;
	return (struct spam_texts){ 0 };
}

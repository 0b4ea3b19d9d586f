/* What the files of the family BodyEval share. Private to eval_body*.c. */
#pragma once

#include "gw/spam/message_int.h"

/* The first part of plain text, transfer decoded, in octets. */
struct plain_text {
	bool present;
	size_t body;      /* without the signature; all of it if there is none */
	size_t signature; /* from the line end of its mark on */
};
void plain_measure(struct spam_message *m, struct plain_text *out);

/* How many different labels of a tip for shares ("Symbol: …") that part has. */
unsigned plain_stock_labels(struct spam_message *m);

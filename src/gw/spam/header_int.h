/*
 * What the makers of the header views share. Private to header*.c.
 */
#pragma once

#include "gw/spam/message_int.h"

/* A raw value with its folds as single blanks. */
struct str spam_field_unfolded(struct spam_message *m, struct spam_field *f);

/* "Name: value\n" for each field of a part. */
struct spam_texts spam_header_lines(struct spam_message *m, struct spam_node *node, bool raw);

/* The whole header; the same only up to, or only from, a Received line. */
struct spam_texts spam_header_all(struct spam_message *m, bool raw);
struct spam_texts spam_header_range(struct spam_message *m, int64_t last, bool below, bool raw);

/* header_sender.c: MAIL FROM as far as it can be known; false if not. */
bool spam_envelope_sender(struct spam_message *m, struct str *out);

/* header_host.c: the host names or addresses in a value; STR_NONE if there is none. */
struct str spam_value_host(struct spam_message *m, struct str value, bool is_addr);
struct str spam_value_ip(struct arena *a, struct str value, bool reversed);

/* json - a verdict as one line of JSON, as tools that compare engines want it. */
#pragma once

#include "base/buf.h"
#include "gw/spam/spam.h"

/*
 * Appends {"file", "score", "required", "spam", "hits": {rule: score}, "subtests": {rule: count},
 * "multi": {rule: count above 1}, "limited", "size"} and a newline. Octets above 7F of the file
 * name appear as code points 80 to FF.
 */
void spam_json(struct buf *b, struct str file, size_t size, const struct spam_result *r);

/* Text in quotes, escaped. */
void spam_json_text(struct buf *b, struct str s);

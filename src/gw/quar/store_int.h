/*
 * The pure parts of store.c, for its test.
 */
#pragma once

#include "gw/quar/store.h"

/* The ticket of the n-th recipient: 28 bits that go on where the first one's begin. */
int64_t quar_ticket(uint32_t first, size_t n);

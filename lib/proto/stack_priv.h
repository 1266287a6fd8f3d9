/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STACK_PRIV_H
#define STACK_PRIV_H

/* What the services of lib/proto may see of a stack beyond its public header. */

#include "core.h"
#include "isla_stack.h"

struct inet;
struct link;

struct core *stack_core(struct isla_stack *stack);
struct link *stack_link(struct isla_stack *stack);
struct inet *stack_inet(struct isla_stack *stack);

#endif /* STACK_PRIV_H */

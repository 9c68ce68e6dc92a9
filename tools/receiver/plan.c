/*
 * plan.c - an honest plan, and what it owns.
 */

#include "plan.h"

#include <stdio.h>

#include "elrelay/ground/mem.h"

void plan_init(struct plan *plan)
{
    *plan = (struct plan){0};
    for (size_t i = 0; i < PLAN_NUMBERS; i++)
        plan->numbers[i] = PLAN_UNSET;
}

void plan_free(struct plan *plan)
{
    mem_free(plan->rows.items);
    for (size_t i = 0; i < plan->warning_count; i++)
        mem_free(plan->warnings[i].rows.items);
    mem_free(plan->warnings);
    mem_free(plan->told);
    plan_init(plan);
}

uint64_t plan_number(const struct plan *plan, enum plan_number which, uint64_t usual)
{
    return plan->numbers[which] == PLAN_UNSET ? usual : plan->numbers[which];
}

void row_list_add(struct row_list *rows, size_t row)
{
    rows->items = mem_resize(rows->items, rows->count + 1, sizeof(rows->items[0]));
    rows->items[rows->count++] = row;
}

void plan_warn(struct plan *plan, const struct row_list *rows, struct slice text)
{
    const size_t count = plan->warning_count;
    plan->warnings = mem_resize(plan->warnings, count + 1, sizeof(plan->warnings[0]));
    plan->warnings[count] = (struct warning){.text = text};
    for (size_t i = 0; i < rows->count; i++)
        row_list_add(&plan->warnings[count].rows, rows->items[i]);
    plan->warning_count++;
}

void plan_tell(struct plan *plan, const char *text)
{
    if (!plan->told) {
        plan->told = mem_copy_text(text, strlen(text));
        return;
    }
    size_t used = strlen(plan->told);
    size_t room = used + strlen(text) + sizeof("; ");
    plan->told = mem_resize(plan->told, room, 1);
    snprintf(plan->told + used, room - used, "; %s", text);
}

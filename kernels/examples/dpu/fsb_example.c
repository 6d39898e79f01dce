// Blocks of one size as the nodes of a list: the even numbers are taken out, the rest summed up.
//
//     kcc fsb_example.c -mdevice=dpu -o f.elf && kcc run f.elf --device dpu
//
// ends with the sum as its exit status, 69.
#include <alloc.h>
#include <defs.h>

#define BLOCKS 1000

struct node {
    int data;
    struct node *next;
};

static const int numbers[] = {42, 1, -2, 13, 22, 10000, 0, 91, -45, 9, 0};

static struct node *push(fsb_allocator_t allocator, struct node *list, int data) {
    struct node *node = fsb_get(allocator);
    node->data = data;
    node->next = list;
    return node;
}

static struct node *without_even(fsb_allocator_t allocator, struct node *list) {
    struct node **link = &list;
    while (*link) {
        struct node *node = *link;
        if (node->data % 2 == 0) {
            *link = node->next;
            fsb_free(allocator, node);
        } else {
            link = &node->next;
        }
    }
    return list;
}

int main(void) {
    mem_reset();
    fsb_allocator_t allocator = fsb_alloc(sizeof(struct node), BLOCKS);

    struct node *list = NULL;
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        list = push(allocator, list, numbers[i] + (int)me());
    list = without_even(allocator, list);

    int sum = 0;
    while (list) {
        struct node *node = list;
        list = node->next;
        sum += node->data;
        fsb_free(allocator, node);
    }
    return sum;
}

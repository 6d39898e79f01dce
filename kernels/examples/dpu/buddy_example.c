// Strings in a buddy heap: of each line `city,state` the state is cut out and printed, and the
// memory of both given back.
//
//     kcc buddy_example.c -mdevice=dpu -o b.elf && kcc run b.elf --device dpu
//
// prints the four states, and ends with status 0: the heap is whole again.
#include <alloc.h>
#include <stdio.h>
#include <string.h>

#define HEAP_SIZE 4096

static const char *const lines[] = {
    "Boston,Massachusetts",
    "Denver,Colorado",
    "Phoenix,Arizona",
    "Austin,Texas",
};

static char *copy_of(const char *string) {
    char *copy = buddy_alloc(strlen(string) + 1);
    return copy ? strcpy(copy, string) : NULL;
}

// The state of a line, in a block of its own; null where the heap is full.
static char *state_of(const char *line) {
    char *copy = copy_of(line);
    if (!copy)
        return NULL;
    char *state = copy_of(strchr(copy, ',') + 1);
    buddy_free(copy);
    return state;
}

int main(void) {
    buddy_init(HEAP_SIZE);
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char *state = state_of(lines[i]);
        if (!state)
            return 1;
        printf("%s\n", state);
        buddy_free(state);
    }
    return buddy_alloc(HEAP_SIZE) ? 0 : 2;
}

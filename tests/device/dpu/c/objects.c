// Objects of the program: initialisers with addresses, designators, tentative definitions, strings.
extern int later;
int tentative;
static int twice;
static int twice;
int *pointers[] = {&later, &tentative, [4] = &twice, [3] = 0};
int later = 21;
static char text[] = "text\0more", *const words[] = {"alpha", "beta", text + 5, &text[1]}, exact[3] = "abc";
static int add(int x) { return x + later; }
static int negate(int x) { return -x; }
static const struct { const char *name; int (*run)(int); int limits[3]; } actions[] = {
    {"add", add, {1, 2}}, [2] = {.run = negate, .name = "neg", .limits[1] = 5}};
static unsigned char grid[3][4] = {{1, 2}, [2] = {[3] = 7, [0] = 5}}, *cell = &grid[2][3], (*row)[4] = &grid[1];
static long distance = (char *)&grid[2] - (char *)&grid[0];
static struct deep { struct { short a, b[2]; } in[2]; union { long l; char c[8]; }; } deep = {{{1, {2, 3}}, {.b[1] = 4}}, .c = {1, 2}};
static struct deep *self = &deep;
static volatile int flag = 1;
static _Bool truth = 5;
enum { A = 3, B, C = A * B };
static int sized[C] = {[A ... B] = 6, 8};
static int count(void) { static int calls = 10; static int *where = &later; return calls++ + *where; }
int main(void) {
    int hash = 0;
    for (unsigned i = 0; i < sizeof pointers / sizeof *pointers; i++) hash = hash * 5 + (pointers[i] ? ++*pointers[i] : 1);
    for (int i = 0; i < 4; i++) for (const char *s = words[i]; *s; s++) hash = hash * 3 + *s;
    for (int i = 0; i < 3; i++) if (actions[i].run) hash += actions[i].run(i) + actions[i].name[1] + actions[i].limits[1];
    (*row)[1] = 9;
    hash += *cell * grid[1][1] + (int)distance + exact[2] + sizeof text + sizeof exact + truth + flag;
    hash += self->in[0].b[1] * self->in[1].b[1] + (int)self->l + self->c[1];
    for (int i = 0; i < C; i++) hash = hash * 3 + sized[i];
    hash += count() * count() + (int)sizeof(int[3]) + "literal"[3];
    return (hash ^ hash >> 8 ^ hash >> 16 ^ hash >> 24) & 0xff;
}

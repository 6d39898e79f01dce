// Trees and lists with links in static objects, recursion, unions, flexible arrays.
struct node { struct node *left, *right; int key; };
static struct node leaf = {.key = 4}, root = {&leaf, &(struct node){.key = 9}, 7};
static struct node pool[64];
static int used;
static struct node *insert(struct node *at, int key) {
    if (!at) { at = &pool[used++]; *at = (struct node){.key = key}; return at; }
    if (key < at->key) at->left = insert(at->left, key);
    else if (key > at->key) at->right = insert(at->right, key);
    return at;
}
static int depth(const struct node *n) {
    int l, r;
    return n ? (l = depth(n->left), r = depth(n->right), 1 + (l > r ? l : r)) : 0;
}
static int sum(const struct node *n) { return n ? sum(n->left) * 3 + n->key + sum(n->right) * 5 : 1; }
static int odd(unsigned n);
static int even(unsigned n) { return n == 0 || odd(n - 1); }
static int odd(unsigned n) { return n != 0 && even(n - 1); }
static int ackermann(int m, int n) { return !m ? n + 1 : ackermann(m - 1, n ? ackermann(m, n - 1) : 1); }
struct text { unsigned char length; char data[]; };
static union { struct text text; char bytes[16]; } storage;
static union { float f; unsigned u; struct { unsigned short low, high; }; } bits = {.f = -1.5f};

static int queens(int n, int row, unsigned columns, unsigned down, unsigned up) {
    int found = 0;
    if (row == n) return 1;
    for (unsigned free = ~(columns | down | up) & ((1u << n) - 1); free; free &= free - 1) {
        unsigned bit = free & -free;
        found += queens(n, row + 1, columns | bit, (down | bit) << 1, (up | bit) >> 1);
    }
    return found;
}
int main(void) {
    for (int i = 0; i < 40; i++) insert(&root, i * 37 % 41);
    storage.text.length = 5;
    for (int i = 0; i < storage.text.length; i++) storage.text.data[i] = "hello"[i];
    int hash = depth(&root) + sum(&root) + ackermann(2, 3) + even(101) * 2 + odd(101);
    hash += bits.u + bits.low + bits.high + storage.bytes[5] + queens(6, 0, 0, 0, 0) + used;
    return (hash ^ hash >> 8 ^ hash >> 16 ^ hash >> 24) & 0xff;
}

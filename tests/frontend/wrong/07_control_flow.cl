// Statements where they cannot stand, and paths that go nowhere.
int classify(int n) {
    switch (n) {
    case 1: return 10;
    case 2: return 20;
    case 1: return 30;
    case n: return 40;
    }
}

kernel void walk(global int *a, int n) {
    int state;
    if (n > 3) state = 1;
    a[0] = state;
    break;
    goto done;
    else a[1] = 2;
    while (n = 1) { a[2] = 3; }
    return 1;
}

int factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }

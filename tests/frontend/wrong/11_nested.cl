// Blocks that do not end, words that are almost right, several in one run.
kernel void first(global int *a, int n) {
    for (int i = 0; i < n; i++) {
        a[i] = 1;

}

kernle void second(global int *a) { a[0] = 1; }

kernel void third(global int *a, int n) {
    whlie (n > 0) { n--; }
    retrun;
    a[0] = n }

kernel void fourth(globl int *a) { a[0] = undeclared_here; }
kernel void fifth(global int *a) { a[0] = undeclared_there; }

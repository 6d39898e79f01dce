// Numbers and initialisers that are out of place.
constant int limits[3] = {1, 2, 3, 4};
constant float scale = limits[0] * get_global_id(0);
constant int missing;
constant char text[3] = "four";

kernel void numbers(global int *a, uchar c) {
    a[0] = 0x1g;
    a[1] = 09;
    a[2] = 'ab';
    a[3] = 1.5e;
    a[4] = 99999999999999999999;
    a[5] = limits[3];
    c = 300;
    a[6] = 7 / 0;
    a[7] = 1 << 40;
    const int fixed = 4;
    fixed = 5;
    int sizes[-1];
    int big[1 << 30][1 << 30];
    a[8] = "text";
    5 = a[9];
}

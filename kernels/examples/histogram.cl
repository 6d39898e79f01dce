// Each item counts its own slice of the data into its own 256 bins; the host adds them up.
#define BINS 256

kernel void histogram(global const uchar *data, global uint *counts, uint n, uint per_item) {
    size_t item = get_global_id(0);
    global uint *bins = counts + item * BINS;
    for (uint bin = 0; bin < BINS; bin++)
        bins[bin] = 0;
    size_t first = item * per_item;
    size_t last = first + per_item < n ? first + per_item : n;
    for (size_t i = first; i < last; i++)
        bins[data[i]]++;
}

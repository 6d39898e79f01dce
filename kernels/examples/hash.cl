// Sixty-four rounds of a 32-bit xorshift-multiply hash of each key.
static uint mix(uint h) {
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    h *= 0x846ca68bu;
    return h ^ (h >> 16);
}

kernel void hash(global const uint *keys, global uint *hashes, uint n) {
    size_t i = get_global_id(0);
    if (i >= n)
        return;
    uint h = keys[i];
    for (int round = 0; round < 64; round++)
        h = mix(h + round);
    hashes[i] = h;
}

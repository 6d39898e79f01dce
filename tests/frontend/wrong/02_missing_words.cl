// A ';', a ')' and a '}' are missing, in three functions.
float half_of(float x) {
    float y = x / 2
    return y;
}

float third_of(float x) {
    return (x / 3.0f;
}

kernel void scale(global float *data, int n) {
    for (int i = 0; i < n; i++) {
        data[i] = half_of(data[i]);
    data[0] = third_of(data[0]);
}

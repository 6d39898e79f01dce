// CUDA, C++ and C that OpenCL C does not have.
__global__ void add(float *a, float *b) {
    int i = threadIdx.x + blockIdx.x * blockDim.x;
    a[i] += b[i];
}

template <typename T> T twice(T x) { return x + x; }

kernel void other(global int *a, int n) {
    int *p = new int[n];
    long long big = 1;
    auto x = 3;
    std::min(a[0], n);
    int length[n];
    int (*function)(int);
    printf("%d\n", malloc(4));
    a[0] = static_cast<int>(1.5f);
}

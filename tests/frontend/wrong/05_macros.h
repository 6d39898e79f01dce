#define SQUARE(x) ((x) * (x))
#define ENERGY(m, v) (0.5f * (m) * SQUARE(v))
#define CHECK(i, n) if ((i) >= (n)) retrun
inline float broken(float x) { return x +; }

/* The work of each kernel of codegen.cl as loop nests, the order of loops chosen for a
 * vectorising compiler. Parameters: the kernel's, then the numbers of work-items along x and y.
 * Where two forms could be the best, both are here (name__form) and the better one counts.
 */
#include <stddef.h>
#include <stdint.h>

#define IN const float *restrict
#define OUT float *restrict
#define FORM(name, form) void loops_##name##__##form

enum { LANES = 64 };

FORM(vector_add, plain)(IN a, IN b, OUT c, uint32_t nx, uint32_t ny) {
    for (size_t i = 0; i < nx; i++)
        c[i] = a[i] + b[i];
}

FORM(saxpy, plain)(IN x, OUT y, float alpha, uint32_t n, uint32_t nx, uint32_t ny) {
    for (size_t i = 0; i < n; i++)
        y[i] = alpha * x[i] + y[i];
}

FORM(sgemm, rows)(IN a, IN b, OUT c, uint32_t n, uint32_t nx, uint32_t ny) {
    for (size_t y = 0; y < ny; y++) {
        for (size_t x = 0; x < nx; x++)
            c[y * n + x] = 0;
        for (size_t i = 0; i < n; i++)
            for (size_t x = 0; x < nx; x++)
                c[y * n + x] += a[y * n + i] * b[i * n + x];
    }
}

FORM(sgemm, four_rows)(IN a, IN b, OUT c, uint32_t n, uint32_t nx, uint32_t ny) {
    for (size_t y = 0; y < ny; y += 4) {
        float *restrict c0 = c + y * n, *restrict c1 = c0 + n;
        float *restrict c2 = c1 + n, *restrict c3 = c2 + n;
        for (size_t x = 0; x < nx; x++)
            c0[x] = c1[x] = c2[x] = c3[x] = 0;
        for (size_t i = 0; i < n; i++) {
            const float *row = b + i * n, *column = a + y * n + i;
            float a0 = column[0], a1 = column[n], a2 = column[2 * n], a3 = column[3 * n];
            for (size_t x = 0; x < nx; x++) {
                c0[x] += a0 * row[x];
                c1[x] += a1 * row[x];
                c2[x] += a2 * row[x];
                c3[x] += a3 * row[x];
            }
        }
    }
}

FORM(sgemm, blocks)(IN a, IN b, OUT c, uint32_t n, uint32_t nx, uint32_t ny) {
    for (size_t y = 0; y < ny; y++)
        for (size_t left = 0; left < nx; left += LANES) {
            float sum[LANES] = {0};
            for (size_t i = 0; i < n; i++)
                for (size_t x = 0; x < LANES; x++)
                    sum[x] += a[y * n + i] * b[i * n + left + x];
            for (size_t x = 0; x < LANES; x++)
                c[y * n + left + x] = sum[x];
        }
}

/* The tiled algorithm as it is: tiles copied, then multiplied. */
FORM(sgemm_tiled, rows)(IN a, IN b, OUT c, uint32_t n, uint32_t nx, uint32_t ny) {
    float tile_a[TILE][TILE], tile_b[TILE][TILE], sum[TILE][TILE];
    for (size_t top = 0; top < ny; top += TILE)
        for (size_t left = 0; left < nx; left += TILE) {
            for (size_t y = 0; y < TILE; y++)
                for (size_t x = 0; x < TILE; x++)
                    sum[y][x] = 0;
            for (size_t at = 0; at < n; at += TILE) {
                for (size_t y = 0; y < TILE; y++)
                    for (size_t x = 0; x < TILE; x++) {
                        tile_a[y][x] = a[(top + y) * n + at + x];
                        tile_b[y][x] = b[(at + y) * n + left + x];
                    }
                for (size_t y = 0; y < TILE; y++)
                    for (size_t i = 0; i < TILE; i++)
                        for (size_t x = 0; x < TILE; x++)
                            sum[y][x] += tile_a[y][i] * tile_b[i][x];
            }
            for (size_t y = 0; y < TILE; y++)
                for (size_t x = 0; x < TILE; x++)
                    c[(top + y) * n + left + x] = sum[y][x];
        }
}

FORM(nbody, rows)(IN x, IN y, IN z, IN mass, OUT force, uint32_t n, uint32_t nx, uint32_t ny) {
    for (size_t i = 0; i < nx; i++)
        force[4 * i] = force[4 * i + 1] = force[4 * i + 2] = force[4 * i + 3] = 0;
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < nx; i++) {
            float dx = x[j] - x[i], dy = y[j] - y[i], dz = z[j] - z[i];
            float d2 = dx * dx + dy * dy + dz * dz + 1e-3f;
            float pull = mass[j] / (d2 * __builtin_sqrtf(d2));
            force[4 * i] += dx * pull;
            force[4 * i + 1] += dy * pull;
            force[4 * i + 2] += dz * pull;
        }
}

FORM(nbody, blocks)(IN x, IN y, IN z, IN mass, OUT force, uint32_t n, uint32_t nx, uint32_t ny) {
    for (size_t first = 0; first < nx; first += LANES) {
        float sx[LANES] = {0}, sy[LANES] = {0}, sz[LANES] = {0};
        for (size_t j = 0; j < n; j++)
            for (size_t lane = 0; lane < LANES; lane++) {
                size_t i = first + lane;
                float dx = x[j] - x[i], dy = y[j] - y[i], dz = z[j] - z[i];
                float d2 = dx * dx + dy * dy + dz * dz + 1e-3f;
                float pull = mass[j] / (d2 * __builtin_sqrtf(d2));
                sx[lane] += dx * pull;
                sy[lane] += dy * pull;
                sz[lane] += dz * pull;
            }
        for (size_t lane = 0; lane < LANES; lane++) {
            float *to = force + 4 * (first + lane);
            to[0] = sx[lane], to[1] = sy[lane], to[2] = sz[lane], to[3] = 0;
        }
    }
}

/* Four bodies at a time: sums are loaded and stored a quarter as often. */
FORM(nbody, fours)(IN x, IN y, IN z, IN mass, OUT force, uint32_t n, uint32_t nx, uint32_t ny) {
    for (size_t first = 0; first < nx; first += LANES) {
        float sx[LANES] = {0}, sy[LANES] = {0}, sz[LANES] = {0};
        for (size_t j = 0; j < n; j += 4)
            for (size_t lane = 0; lane < LANES; lane++) {
                size_t i = first + lane;
                for (size_t k = j; k < j + 4; k++) {
                    float dx = x[k] - x[i], dy = y[k] - y[i], dz = z[k] - z[i];
                    float d2 = dx * dx + dy * dy + dz * dz + 1e-3f;
                    float pull = mass[k] / (d2 * __builtin_sqrtf(d2));
                    sx[lane] += dx * pull;
                    sy[lane] += dy * pull;
                    sz[lane] += dz * pull;
                }
            }
        for (size_t lane = 0; lane < LANES; lane++) {
            float *to = force + 4 * (first + lane);
            to[0] = sx[lane], to[1] = sy[lane], to[2] = sz[lane], to[3] = 0;
        }
    }
}

FORM(blur, plain)(IN in, OUT out, IN weights, uint32_t pitch, uint32_t nx, uint32_t ny) {
    for (size_t y = 0; y < ny; y++)
        for (size_t x = 0; x < nx; x++) {
            float sum = 0;
            for (size_t j = 0; j < 5; j++)
                for (size_t i = 0; i < 5; i++)
                    sum += weights[j * 5 + i] * in[(y + j) * pitch + x + i];
            out[y * nx + x] = sum;
        }
}

FORM(mandelbrot, plain)(uint32_t *restrict iterations, float step, uint32_t limit, uint32_t nx,
                        uint32_t ny) {
#pragma STDC FP_CONTRACT OFF
    for (size_t py = 0; py < ny; py++)
        for (size_t px = 0; px < nx; px++) {
            float cx = -2.5f + px * step, cy = -1.25f + py * step;
            float x = 0, y = 0;
            uint32_t i = 0;
            while (i < limit && x * x + y * y <= 4.0f) {
                float next = x * x - y * y + cx;
                y = 2.0f * x * y + cy;
                x = next;
                i++;
            }
            iterations[py * nx + px] = i;
        }
}

/* Lanes that have left count on without effect, and all stop with the last. */
FORM(mandelbrot, blocks)(uint32_t *restrict iterations, float step, uint32_t limit, uint32_t nx,
                         uint32_t ny) {
#pragma STDC FP_CONTRACT OFF
    for (size_t py = 0; py < ny; py++)
        for (size_t left = 0; left < nx; left += LANES) {
            float cx[LANES], x[LANES], y[LANES], cy = -1.25f + py * step;
            uint32_t count[LANES];
            for (uint32_t lane = 0; lane < LANES; lane++) {
                cx[lane] = -2.5f + (uint32_t)(left + lane) * step;
                x[lane] = y[lane] = 0;
                count[lane] = 0;
            }
            for (uint32_t i = 0; i < limit; i++) {
                uint32_t inside = 0;
                for (size_t lane = 0; lane < LANES; lane++) {
                    float xx = x[lane] * x[lane], yy = y[lane] * y[lane];
                    uint32_t in = xx + yy <= 4.0f;
                    float following = 2.0f * x[lane] * y[lane] + cy;
                    x[lane] = in ? xx - yy + cx[lane] : x[lane];
                    y[lane] = in ? following : y[lane];
                    count[lane] += in;
                    inside |= in;
                }
                if (!inside)
                    break;
            }
            for (size_t lane = 0; lane < LANES; lane++)
                iterations[py * nx + left + lane] = count[lane];
        }
}

FORM(reduction, tree)(IN in, OUT out, uint32_t nx, uint32_t ny) {
    float tile[256];
    for (size_t group = 0; group < nx / 256; group++) {
        for (size_t l = 0; l < 256; l++)
            tile[l] = in[group * 256 + l];
        for (size_t half_way = 128; half_way > 0; half_way /= 2)
            for (size_t l = 0; l < half_way; l++)
                tile[l] += tile[l + half_way];
        out[group] = tile[0];
    }
}

FORM(transpose, plain)(IN in, OUT out, uint32_t nx, uint32_t ny) {
    for (size_t y = 0; y < ny; y++)
        for (size_t x = 0; x < nx; x++)
            out[x * ny + y] = in[y * nx + x];
}

FORM(transpose, tiles)(IN in, OUT out, uint32_t nx, uint32_t ny) {
    float tile[TILE][TILE + 1];
    for (size_t top = 0; top < ny; top += TILE)
        for (size_t left = 0; left < nx; left += TILE) {
            for (size_t y = 0; y < TILE; y++)
                for (size_t x = 0; x < TILE; x++)
                    tile[y][x] = in[(top + y) * nx + left + x];
            for (size_t y = 0; y < TILE; y++)
                for (size_t x = 0; x < TILE; x++)
                    out[(left + y) * ny + top + x] = tile[x][y];
        }
}

FORM(histogram, plain)(const uint8_t *restrict data, uint32_t *restrict bins, uint32_t per_item,
                       uint32_t nx, uint32_t ny) {
    for (size_t i = 0; i < (size_t)nx * per_item; i++)
        bins[data[i]]++;
}

// What the processor can do: the same workloads in C++, written for speed alone.
//
// Independent particles in blocks of 1024 coordinates; a block makes all its steps while it is in the nearest cache.
// Noise: Philox4x32-10, a function of block, lane and step, and Box-Muller.  Three modes:
//   f64     float64 state and normals (log, sin, cos of libm's vector library)
//   mixed   float64 state, float32 normals (polynomials)
//   f32     float32 state and normals
// Workloads: 1 Euler-Maruyama in a harmonic trap, 2 BAOAB in it, 3 Euler-Maruyama in the double well (x^2 - 1)^2,
// 4 Euler-Maruyama in a ring of 8 Gaussians (2-d).  All with dt 0.01 and friction, mass, kT and stiffness 1.
//
// Built and called by reference.py.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

using u32 = uint32_t;
using u64 = uint64_t;
#define INLINE static inline __attribute__((always_inline))

static constexpr int LANES = 256, BLOCK = 4 * LANES;
static constexpr double TWO_PI = 6.28318530717958647692;
static constexpr u32 KEY0 = 1234u, KEY1 = 5678u;

INLINE void philox(u32 &a, u32 &b, u32 &c, u32 &d) {
  u32 k0 = KEY0, k1 = KEY1;
#pragma GCC unroll 10
  for (int r = 0; r < 10; r++) {
    u64 p0 = (u64)a * 0xD2511F53u, p1 = (u64)c * 0xCD9E8D57u;
    u32 na = (u32)(p1 >> 32) ^ b ^ k0, nc = (u32)(p0 >> 32) ^ d ^ k1;
    b = (u32)p1, d = (u32)p0, a = na, c = nc;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
}

// log of x in (0, 1]
INLINE float log32(float x) {
  u32 i;
  memcpy(&i, &x, 4);
  int e = (int)(i >> 23) - 126;
  i = (i & 0x007fffffu) | 0x3f000000u;
  float m;
  memcpy(&m, &i, 4);
  int low = m < 0.70710678f;
  e -= low;
  m = (low ? m + m : m) - 1.0f;
  float z = m * m, p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  return m * z * p - 0.5f * z + m + (float)e * 0.69314718056f;
}

// sin and cos of the angle r / 2^32 of a turn: nearest quadrant, then a polynomial on [-pi/4, pi/4]
INLINE void sincos32(u32 r, float &s, float &c) {
  u32 q = (r + 0x20000000u) >> 30;
  float t = (float)(int)(r - (q << 30)) * (1.57079632679489662f / 1073741824.0f), z = t * t;
  float sp = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * t + t;
  float cp = (2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f;
  cp = cp * z * z - 0.5f * z + 1.0f;
  float ss = (q & 1) ? cp : sp, cc = (q & 1) ? sp : cp;
  u32 a, b;
  memcpy(&a, &ss, 4), memcpy(&b, &cc, 4);
  a ^= (q & 2) << 30, b ^= ((q + 1) & 2) << 30;
  memcpy(&s, &a, 4), memcpy(&c, &b, 4);
}

INLINE void box_muller32(u32 a, u32 b, float &n0, float &n1) {
  float u = ((float)(a >> 8) + 0.5f) * 5.9604644775390625e-8f, r = sqrtf(-2.0f * log32(u)), s, c;
  sincos32(b, s, c);
  n0 = r * c, n1 = r * s;
}

INLINE void normals(float *__restrict out, u32 block, u32 step) {
#pragma omp simd
  for (int i = 0; i < LANES; i++) {
    u32 a = block * LANES + i, b = step, c = 0, d = 0;
    philox(a, b, c, d);
    float w, x, y, z;
    box_muller32(a, b, w, x), box_muller32(c, d, y, z);
    out[i] = w, out[LANES + i] = x, out[2 * LANES + i] = y, out[3 * LANES + i] = z;
  }
}

INLINE void normals(double *__restrict out, u32 block, u32 step) {
  for (int half = 0; half < 2; half++) {
    alignas(64) u32 w[4][LANES];
    alignas(64) double r[LANES], angle[LANES];
#pragma omp simd
    for (int i = 0; i < LANES; i++) {
      u32 a = block * LANES + i, b = step, c = (u32)half, d = 0;
      philox(a, b, c, d);
      w[0][i] = a, w[1][i] = b, w[2][i] = c, w[3][i] = d;
    }
#pragma omp simd
    for (int i = 0; i < LANES; i++) {
      u64 fa = ((u64)w[0][i] << 32 | w[1][i]) >> 12 | 0x3ff0000000000000ull;
      u64 fc = ((u64)w[2][i] << 32 | w[3][i]) >> 12 | 0x3ff0000000000000ull;
      double da, dc;
      memcpy(&da, &fa, 8), memcpy(&dc, &fc, 8);
      r[i] = 2.0 - da, angle[i] = (dc - 1.0) * TWO_PI;
    }
#pragma omp simd
    for (int i = 0; i < LANES; i++) r[i] = sqrt(-2.0 * log(r[i]));
    double *p = out + 2 * half * LANES;
#pragma omp simd
    for (int i = 0; i < LANES; i++) p[i] = r[i] * cos(angle[i]);
#pragma omp simd
    for (int i = 0; i < LANES; i++) p[LANES + i] = r[i] * sin(angle[i]);
  }
}

// exp of x <= 0
INLINE float exponential(float x) {
  x = x < -87.f ? -87.f : x;
  float k = __builtin_rintf(x * 1.44269504089f), r = x - k * 0.693359375f + k * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int e = ((int)k + 127) << 23;
  float f;
  memcpy(&f, &e, 4);
  return p * f;
}
INLINE double exponential(double x) { return exp(x); }

static constexpr double DT = 0.01, STIFFNESS = 1, KT = 1, FRICTION = 1, BARRIER = 1, RADIUS = 3.0, SIGMA = 0.7;

template <class S, class Z> INLINE void trap(S *__restrict x, const Z *__restrict z) {
  const S a = (S)(1 - STIFFNESS * DT / FRICTION), s = (S)sqrt(2 * KT * DT / FRICTION);
#pragma omp simd
  for (int i = 0; i < BLOCK; i++) x[i] = a * x[i] + s * (S)z[i];
}

template <class S, class Z> INLINE void baoab(S *__restrict x, S *__restrict v, const Z *__restrict z) {
  const S h = (S)(DT / 2), k = (S)STIFFNESS;
  const S c = (S)exp(-FRICTION * DT), d = (S)sqrt(KT * (1 - exp(-2 * FRICTION * DT)));
#pragma omp simd
  for (int i = 0; i < BLOCK; i++) {
    S X = x[i], V = v[i];
    V -= h * k * X, X += h * V, V = c * V + d * (S)z[i], X += h * V, V -= h * k * X;
    x[i] = X, v[i] = V;
  }
}

template <class S, class Z> INLINE void double_well(S *__restrict x, const Z *__restrict z) {
  const S s = (S)sqrt(2 * KT * DT / FRICTION), c = (S)(4 * BARRIER * DT / FRICTION);
#pragma omp simd
  for (int i = 0; i < BLOCK; i++) {
    S X = x[i];
    x[i] = X - c * X * (X * X - 1) + s * (S)z[i];
  }
}

// quarters 0 and 2 of a block are x, 1 and 3 the y that belong to them
template <class S, class Z> INLINE void ring(S *__restrict x, const Z *__restrict z) {
  const S s = (S)sqrt(2 * KT * DT / FRICTION), dt = (S)DT;
  const S narrow = (S)(1 / (SIGMA * SIGMA)), half = (S)(-0.5 / (SIGMA * SIGMA));
  S mx[8], my[8];
  for (int m = 0; m < 8; m++) mx[m] = (S)(RADIUS * cos(TWO_PI * m / 8)), my[m] = (S)(RADIUS * sin(TWO_PI * m / 8));
  for (int q = 0; q < 4; q += 2) {
    S *__restrict X = x + q * LANES, *__restrict Y = X + LANES;
    const Z *zx = z + q * LANES, *zy = zx + LANES;
#pragma omp simd
    for (int i = 0; i < LANES; i++) {
      S px = X[i], py = Y[i], d[8], nearest = (S)1e30;
#pragma GCC unroll 8
      for (int m = 0; m < 8; m++) {
        S ax = px - mx[m], ay = py - my[m];
        d[m] = ax * ax + ay * ay, nearest = d[m] < nearest ? d[m] : nearest;
      }
      S w = 0, sx = 0, sy = 0;
#pragma GCC unroll 8
      for (int m = 0; m < 8; m++) {
        S e = exponential((d[m] - nearest) * half);
        w += e, sx += e * mx[m], sy += e * my[m];
      }
      S iw = 1 / w;
      X[i] = px + dt * narrow * (sx * iw - px) + s * (S)zx[i], Y[i] = py + dt * narrow * (sy * iw - py) + s * (S)zy[i];
    }
  }
}

template <class S, class Z>
static void advance(int workload, S *x, S *v, size_t blocks, int first, int steps, int threads) {
#pragma omp parallel for schedule(static) num_threads(threads)
  for (size_t block = 0; block < blocks; block++) {
    alignas(64) Z z[BLOCK];
    S *X = x + block * BLOCK, *V = v ? v + block * BLOCK : nullptr;
    for (int t = first; t < first + steps; t++) {
      normals(z, (u32)block, (u32)t);
      switch (workload) {
        case 1: trap(X, z); break;
        case 2: baoab(X, V, z); break;
        case 3: double_well(X, z); break;
        case 4: ring(X, z); break;
      }
    }
  }
}

struct State {
  int workload, mode, threads, step;
  size_t particles, dimension, blocks;
  void *x, *v;
};

enum { F64, MIXED, F32 };

template <class S> static void start(State &s) {
  S *x = (S *)s.x, *v = (S *)s.v;
  for (size_t i = 0; i < s.blocks * BLOCK; i++) {
    x[i] = 0;
    if (v) v[i] = 0;
    if (s.workload == 3) x[i] = i & 1 ? 1 : -1;
    if (s.workload == 4) x[i] = (S)(RADIUS * (i / LANES & 1 ? sin(TWO_PI * (i % 8) / 8) : cos(TWO_PI * (i % 8) / 8)));
  }
}

template <class S> static double mean_square(const State &s) {
  const S *x = (const S *)s.x;
  double sum = 0;
  for (size_t i = 0; i < s.blocks * BLOCK; i++) sum += (double)x[i] * x[i];
  return sum / (double)(s.blocks * BLOCK);
}

template <class S, class Z> static void advance(State &s, int steps) {
  advance<S, Z>(s.workload, (S *)s.x, (S *)s.v, s.blocks, s.step, steps, s.threads);
}

static void take(State &s, int steps) {
  if (s.mode == F64) advance<double, double>(s, steps);
  if (s.mode == MIXED) advance<double, float>(s, steps);
  if (s.mode == F32) advance<float, float>(s, steps);
  s.step += steps;
}

extern "C" {
State *reference_new(int workload, int mode, size_t particles, size_t dimension, int threads) {
  State *s = new State{workload, mode, threads, 0, particles, dimension, 0, nullptr, nullptr};
  s->blocks = (particles * dimension + BLOCK - 1) / BLOCK;
  size_t bytes = s->blocks * BLOCK * (mode == F32 ? sizeof(float) : sizeof(double));
  s->x = aligned_alloc(64, bytes);
  if (workload == 2) s->v = aligned_alloc(64, bytes);
  mode == F32 ? start<float>(*s) : start<double>(*s);
  return s;
}

void reference_advance(State *s, int steps) { take(*s, steps); }

// Every ``stride``-th step to a file of raw float32; returns the bytes written, or -1.
long long reference_save(State *s, int steps, int stride, const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file) return -1;
  std::vector<float> frame(s->particles * s->dimension);
  long long bytes = 0;
  for (int t = 0; t < steps; t += stride) {
    take(*s, std::min(stride, steps - t));
    for (size_t i = 0; i < frame.size(); i++)
      frame[i] = s->mode == F32 ? ((float *)s->x)[i] : (float)((double *)s->x)[i];
    bytes += 4 * (long long)fwrite(frame.data(), 4, frame.size(), file);
  }
  return fclose(file) ? -1 : bytes;
}

// Coordinates that really move: particles * dimension, rounded up to whole blocks.
size_t reference_coordinates(const State *s) { return s->blocks * BLOCK; }

double reference_mean_square(const State *s) {
  return s->mode == F32 ? mean_square<float>(*s) : mean_square<double>(*s);
}

void reference_free(State *s) {
  free(s->x), free(s->v);
  delete s;
}
}

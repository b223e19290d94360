/* The one interface of a compiled kernel, whoever calls it: C, C++, the cache, Python.
 *
 * A kernel is a C function of a pointer to an actc_call. It calls nothing, allocates nothing, reads
 * only the arrays and parameters given and writes only the outputs. It may run from many threads at
 * once. An output may be the same array as an input (same pointer and strides); otherwise outputs
 * overlap nothing.
 *
 * A kernel is made for one element format an array: binary64; or any of binary32, binary16 and
 * bfloat16, which are computed in binary32 and rounded once, to nearest even, as they are stored.
 *
 * It computes in the default floating-point environment, whatever the caller's is, which is back
 * when it returns (but for exception flags, which mean nothing). */
#ifndef ACTC_KERNEL_ABI_H
#define ACTC_KERNEL_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct actc_array {
  void* data;
  int64_t row_stride;    /* bytes from a row to the next */
  int64_t column_stride; /* bytes from an element to the next in its row; 0: bits */
} actc_array;

typedef struct actc_call {
  uint64_t rows;
  uint64_t columns;
  const actc_array* inputs;  /* in the definition's order; for a backward kernel then dy */
  const actc_array* outputs; /* forward: y; backward: dx an input; both: y, then dx an input. Then,
                                where asked for, for each learned parameter two doubles side by
                                side: a sum over all elements, and what rounding it lost. The
                                gradient of an input that has one value a row is such a pair for
                                each row; of one that has a value a column, a double a column that
                                is added to, and for binary64 another of what rounding lost,
                                row_stride bytes behind */
  const void* parameters;    /* values in the computing format, in the definition's order */
  /* For formulas that draw random numbers; else ignored. What element c of row r draws is a
     function of the seed and of its index, offset + r * index_row_step + c * index_column_step,
     alone. */
  uint64_t seed;
  uint64_t offset;
  uint64_t index_row_step;
  uint64_t index_column_step;
  uint64_t elements; /* of the arrays that these rows are a part of, or all of: where an output is
                        too large for the caches, it is stored around them */
} actc_call;

/* 0: done. ACTC_BAD_STRIDE: this kernel needs elements of a row side by side, or it is one of those
 * that need rows side by side, which take any distance between the elements of a row; nothing
 * written. */
typedef int32_t (*actc_kernel)(const actc_call* call);

enum { ACTC_OK = 0, ACTC_BAD_STRIDE = 1 };

#ifdef __cplusplus
}
#endif

#endif

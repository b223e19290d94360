// The least that a call of a kernel can be: for BoundKernel, which inlines it where it is called.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "jit/kernel_abi.h"  // in a folder of this one where it is installed

namespace actc::detail {

template <class T>
actc_array array_of(std::span<T> a) {
  return {const_cast<void*>(static_cast<const void*>(a.data())),
          static_cast<std::int64_t>(a.size_bytes()), sizeof(T)};
}

// May `out` be written while `in` is read: is it the same array, or apart?
template <class In, class Out>
bool may_write(std::span<In> in, std::span<Out> out) {
  const auto a = reinterpret_cast<std::uintptr_t>(in.data());
  const auto b = reinterpret_cast<std::uintptr_t>(out.data());
  return (a == b && sizeof(In) == sizeof(Out)) ||
         (b - a >= in.size_bytes() && a - b >= out.size_bytes());
}

// Of code that takes contiguous arrays of one length, element by element, and draws nothing.
template <std::size_t inputs>
void call_directly(actc_kernel code, std::size_t elements, const std::array<actc_array, inputs>& in,
                   const actc_array& out, const void* parameters) {
  actc_call call;  // of which such code reads no more than this
  call.rows = 1;
  call.columns = elements;
  call.inputs = in.data();
  call.outputs = &out;
  call.parameters = parameters;
  call.elements = elements;
  code(&call);
}

}  // namespace actc::detail

// Arrays of any rank, as the caller has them.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "half.h"  // beside this file, here as where it is installed

namespace actc {

/// The largest number of axes of a View.
inline constexpr std::size_t max_rank = 8;

namespace detail {

// A View without its element's type.
struct Layout {
  const void* data = nullptr;
  std::size_t element_bytes = 0;
  std::size_t rank = 0;
  std::array<std::size_t, max_rank> sizes = {};
  std::array<std::ptrdiff_t, max_rank> strides = {};  // in elements
};

// Throws Error where the shape has more than max_rank axes, more elements than an address reaches,
// or another number of strides.
ACTC_API Layout layout_of(const void* data, std::size_t element_bytes,
                          std::span<const std::size_t> sizes,
                          std::span<const std::ptrdiff_t> strides, bool row_major);
// The two parts of an axis. Throws Error where its size is odd or there is no such axis.
ACTC_API std::pair<Layout, Layout> halves_of(const Layout& layout, std::ptrdiff_t axis);
ACTC_API std::pair<Layout, Layout> pairs_of(const Layout& layout, std::ptrdiff_t axis);
ACTC_API Layout channels_of(const void* data, std::size_t element_bytes, std::size_t count,
                            std::size_t rank, std::ptrdiff_t axis);

}  // namespace detail

/// An array that the caller owns, as NumPy describes one: where it begins, and for each axis its
/// size and the distance from an element to the next, in elements. Copies refer to the same
/// elements.
template <class T>
class View {
 public:
  /// One axis.
  explicit View(std::span<T> elements) : View(elements.data(), std::array{elements.size()}) {}
  /// In C's order: the last axis is contiguous.
  View(T* data, std::span<const std::size_t> sizes)
      : layout_(detail::layout_of(data, sizeof(T), sizes, {}, true)) {}
  View(T* data, std::span<const std::size_t> sizes, std::span<const std::ptrdiff_t> strides)
      : layout_(detail::layout_of(data, sizeof(T), sizes, strides, false)) {}
  /// One that may be written to is one that may be read.
  operator View<const T>() const
    requires(!std::is_const_v<T>)
  {
    return View<const T>(layout_);
  }

  std::size_t rank() const noexcept { return layout_.rank; }
  std::span<const std::size_t> sizes() const noexcept { return {layout_.sizes.data(), rank()}; }
  std::span<const std::ptrdiff_t> strides() const noexcept {
    return {layout_.strides.data(), rank()};
  }
  T* data() const noexcept { return static_cast<T*>(const_cast<void*>(layout_.data)); }
  const detail::Layout& layout() const noexcept { return layout_; }

 private:
  template <class>
  friend class View;
  template <class U>
  friend std::pair<View<U>, View<U>> halves(View<U> array, std::ptrdiff_t axis);
  template <class U>
  friend std::pair<View<U>, View<U>> pairs(View<U> array, std::ptrdiff_t axis);
  template <class U>
  friend View<U> channels(std::span<U> values, std::size_t rank, std::ptrdiff_t axis);
  explicit View(const detail::Layout& layout) : layout_(layout) {}
  detail::Layout layout_;
};

/// The two halves of an axis (from the end where it is negative), as the inputs of a gated unit:
/// its first elements and its last, or those of even and of odd places. Throws Error where there is
/// no such axis or its size is odd.
template <class T>
std::pair<View<T>, View<T>> halves(View<T> array, std::ptrdiff_t axis = -1) {
  const auto [first, second] = detail::halves_of(array.layout(), axis);
  return {View<T>(first), View<T>(second)};
}
template <class T>
std::pair<View<T>, View<T>> pairs(View<T> array, std::ptrdiff_t axis = -1) {
  const auto [first, second] = detail::pairs_of(array.layout(), axis);
  return {View<T>(first), View<T>(second)};
}

/// One value a channel, for use beside an array of `rank` axes of which `axis` (from the end where
/// it is negative) counts the channels: an array of size 1 along all others. Throws Error where
/// there is no such axis.
template <class T>
View<T> channels(std::span<T> values, std::size_t rank, std::ptrdiff_t axis) {
  return View<T>(detail::channels_of(values.data(), sizeof(T), values.size(), rank, axis));
}

}  // namespace actc

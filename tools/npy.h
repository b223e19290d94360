// NumPy's array files (.npy), as far as the tool needs them: versions 1.0, 2.0 and 3.0 are read,
// binary16, binary32 and binary64 in C order, of any rank. NumPy has no bfloat16: its bits travel
// as uint16. Format: NumPy's documentation, numpy.lib.format.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/half.h"
#include "tools/files.h"

namespace actc::tools {

enum class ElementType : std::uint8_t { f32, f64, f16, bf16 };

constexpr std::size_t size_of(ElementType type) {
  return type == ElementType::f64 ? 8 : type == ElementType::f32 ? 4 : 2;
}

// Calls `work` with a std::type_identity of the type of such elements.
template <class Work>
decltype(auto) with_element_type(ElementType type, Work&& work) {
  switch (type) {
    case ElementType::f64:
      return std::forward<Work>(work)(std::type_identity<double>());
    case ElementType::f16:
      return std::forward<Work>(work)(std::type_identity<float16>());
    case ElementType::bf16:
      return std::forward<Work>(work)(std::type_identity<bfloat16>());
    case ElementType::f32:
      break;
  }
  return std::forward<Work>(work)(std::type_identity<float>());
}

// A header may have this many bytes. NumPy's own reader refuses more than 10,000 by default.
inline constexpr std::size_t max_npy_header_bytes = 64 * 1024;

struct NpyHeader {
  ElementType type = ElementType::f32;
  std::vector<std::uint64_t> shape;  // empty: one value
  std::uint64_t count = 1;           // the product of the shape; count * size_of(type) fits 63 bits
  std::uint64_t data_offset = 0;     // where the elements begin in the file
};

// Reads the head of a file: `head` is its first bytes (at least max_npy_header_bytes + 12 of them,
// or all), `file_size` the size of the whole. Anything that is not as it must be is a ToolError of
// exit_bad_content that says what is wrong with `name` and what to do. So a header that is returned
// fits the file: the elements it promises are there, and nothing follows them.
NpyHeader parse_npy_header(std::string_view head, std::uint64_t file_size, const std::string& name);

// The magic, the version and the dictionary, padded so that the elements begin at a multiple of 64
// bytes. Version 1.0, or 2.0 where the dictionary passes 65,535 bytes.
std::string format_npy_header(ElementType type, const std::vector<std::uint64_t>& shape);

struct NpyArray {
  std::vector<std::uint64_t> shape;
  // In the order of ElementType.
  std::variant<std::vector<float>, std::vector<double>, std::vector<float16>, std::vector<bfloat16>>
      elements;

  ElementType type() const { return static_cast<ElementType>(elements.index()); }
};

// Called with the bytes done so far and the bytes in all.
using ByteProgress = std::function<void(std::uint64_t, std::uint64_t)>;

NpyArray read_npy(const std::string& path, const ByteProgress& progress = {});

// Writes header and elements; the caller commits the file.
template <class T>
void write_npy(OutputFile& file, const std::vector<std::uint64_t>& shape,
               const std::vector<T>& elements, const ByteProgress& progress = {});

// (2, 3) as Python writes it.
std::string shape_text(const std::vector<std::uint64_t>& shape);

}  // namespace actc::tools

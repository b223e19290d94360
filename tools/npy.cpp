// The elements of .npy files: read and written in steps, so that progress can be shown.
#include "tools/npy.h"

#include <algorithm>
#include <bit>

#include "tools/errors.h"

namespace actc::tools {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are copied as they are");

constexpr std::size_t step_bytes = std::size_t{1} << 24;

template <class T>
std::vector<T> read_elements(InputFile& file, const NpyHeader& header, const std::string& path,
                             const ByteProgress& progress) {
  std::vector<T> elements(header.count);
  const std::size_t total = elements.size() * sizeof(T);
  auto* to = reinterpret_cast<char*>(elements.data());
  for (std::size_t done = 0; done < total;) {
    const std::size_t step = std::min(step_bytes, total - done);
    if (file.read(to + done, step) != step) {
      throw bad_content(path + ": the file became shorter while it was read");
    }
    done += step;
    if (progress) progress(done, total);
  }
  return elements;
}

}  // namespace

NpyArray read_npy(const std::string& path, const ByteProgress& progress) {
  InputFile file(path);
  const std::uint64_t size = file.size();
  std::string head(std::min<std::uint64_t>(size, max_npy_header_bytes + 12), '\0');
  head.resize(file.read(head.data(), head.size()));
  const NpyHeader header = parse_npy_header(head, size, path);
  file.seek(header.data_offset);
  NpyArray array;
  array.shape = header.shape;
  with_element_type(header.type, [&]<class T>(std::type_identity<T>) {
    array.elements = read_elements<T>(file, header, path, progress);
  });
  return array;
}

template <class T>
void write_npy(OutputFile& file, const std::vector<std::uint64_t>& shape,
               const std::vector<T>& elements, const ByteProgress& progress) {
  const auto type =
      static_cast<ElementType>(decltype(NpyArray::elements)(std::vector<T>()).index());
  file.write(format_npy_header(type, shape));
  const std::size_t total = elements.size() * sizeof(T);
  const auto* from = reinterpret_cast<const char*>(elements.data());
  for (std::size_t done = 0; done < total;) {
    const std::size_t step = std::min(step_bytes, total - done);
    file.write(from + done, step);
    done += step;
    if (progress) progress(done, total);
  }
}

template void write_npy(OutputFile&, const std::vector<std::uint64_t>&, const std::vector<float>&,
                        const ByteProgress&);
template void write_npy(OutputFile&, const std::vector<std::uint64_t>&, const std::vector<double>&,
                        const ByteProgress&);
template void write_npy(OutputFile&, const std::vector<std::uint64_t>&, const std::vector<float16>&,
                        const ByteProgress&);
template void write_npy(OutputFile&, const std::vector<std::uint64_t>&,
                        const std::vector<bfloat16>&, const ByteProgress&);

}  // namespace actc::tools

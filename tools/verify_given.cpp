// A sorted list of inputs beside the list of results; looking up is a search from where the last
// one was found.
#include "tools/verify_given.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "tools/errors.h"
#include "tools/npy.h"

namespace actc::tools {
namespace {

template <class T>
constexpr std::string_view numpy_name() {
  if constexpr (std::is_same_v<T, float>) return "float32";
  if constexpr (std::is_same_v<T, double>) return "float64";
  if constexpr (std::is_same_v<T, float16>) return "float16";
  if constexpr (std::is_same_v<T, bfloat16>) return "uint16 (the bits of bfloat16)";
}

}  // namespace

template <class T>
GivenResults<T>::GivenResults(std::vector<Representation<T>> inputs, const std::string& path,
                              std::uint64_t stride)
    : inputs_(std::move(inputs)) {
  NpyArray array = read_npy(path);
  auto* results = std::get_if<std::vector<T>>(&array.elements);
  if (results == nullptr) {
    throw bad_content(fmt::format("{}: the elements must be {}", path, numpy_name<T>()),
                      "--dtype says which number format is verified");
  }
  if (array.shape != std::vector<std::uint64_t>{inputs_.size()}) {
    throw bad_content(fmt::format("{} has the shape {}, and there are {} inputs", path,
                                  shape_text(array.shape), inputs_.size()),
                      fmt::format("--inputs FILE writes them; use the same formula, --dtype, "
                                  "--points and --stride {} for both",
                                  stride));
  }
  results_ = std::move(*results);
}

template <class T>
void GivenResults<T>::at(const std::vector<T>& x, std::vector<T>& y) const {
  constexpr std::ptrdiff_t near = 8;
  y.resize(x.size());
  auto place = inputs_.begin();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Representation<T> bits = bits_of(x[i]);
    if (place == inputs_.end() || *place > bits) place = inputs_.begin();
    const auto end = place + std::min(near, inputs_.end() - place);
    place = std::find(place, end, bits);
    if (place == end) place = std::lower_bound(place, inputs_.end(), bits);
    assert(place != inputs_.end() && *place == bits);
    y[i] = results_[static_cast<std::size_t>(place - inputs_.begin())];
  }
}

template class GivenResults<float>;
template class GivenResults<double>;
template class GivenResults<float16>;
template class GivenResults<bfloat16>;

}  // namespace actc::tools

// Reading the digits. The shuffle is spelled out, so that the split is the same with every
// standard library.
#include "digits.h"

#include <charconv>
#include <fstream>
#include <random>
#include <stdexcept>
#include <utility>

namespace {

constexpr int pixel_count = 64;
constexpr int train_count = 1437;
constexpr int sample_count = 1797;
constexpr int max_ink = 16;

struct Row {
  std::vector<int> values;
};

Row parse_row(const std::string& line, std::size_t number) {
  const auto fail = [&] {
    return std::runtime_error("line " + std::to_string(number) + ": not 65 numbers of 0 to 16");
  };
  Row row;
  const char* at = line.data();
  const char* end = at + line.size();
  while (true) {
    int value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || value < 0 || value > max_ink) throw fail();
    row.values.push_back(value);
    if (next == end || *next != ',') break;
    at = next + 1;
  }
  if (row.values.size() != pixel_count + 1 || row.values.back() > 9) throw fail();
  return row;
}

Samples to_samples(const std::vector<Row>& rows, int begin, int count) {
  Samples samples;
  samples.pixels.resize(pixel_count, count);
  for (int column = 0; column < count; ++column) {
    const Row& row = rows[static_cast<std::size_t>(begin) + static_cast<std::size_t>(column)];
    for (int k = 0; k < pixel_count; ++k) {
      samples.pixels(k, column) =
          static_cast<float>(row.values[static_cast<std::size_t>(k)]) / max_ink;
    }
    samples.labels.push_back(row.values.back());
  }
  return samples;
}

}  // namespace

Digits load_digits(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot be read");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);)
    rows.push_back(parse_row(line, rows.size() + 1));
  if (rows.size() != sample_count) {
    throw std::runtime_error(std::to_string(rows.size()) + " lines instead of " +
                             std::to_string(sample_count));
  }
  std::mt19937 engine(2026);
  for (std::size_t k = rows.size() - 1; k > 0; --k) std::swap(rows[k], rows[engine() % (k + 1)]);
  return {to_samples(rows, 0, train_count),
          to_samples(rows, train_count, sample_count - train_count)};
}

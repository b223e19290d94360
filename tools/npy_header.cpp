// The head of a .npy file is a Python literal: a dictionary of three entries. This reads exactly
// that, without recursion, and says in NumPy's own words what to do about what it does not read.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "tools/errors.h"
#include "tools/npy.h"

namespace actc::tools {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::uint64_t max_extent = std::numeric_limits<std::int64_t>::max();

class DictionaryReader {
 public:
  DictionaryReader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  struct Entries {
    std::optional<std::string> descr;
    std::optional<bool> fortran_order;
    std::optional<std::vector<std::uint64_t>> shape;
  };

  Entries read() {
    Entries entries;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr" && !entries.descr) {
        entries.descr = descr();
      } else if (key == "fortran_order" && !entries.fortran_order) {
        entries.fortran_order = boolean();
      } else if (key == "shape" && !entries.shape) {
        entries.shape = shape();
      } else {
        fail(fmt::format("an entry '{}' too many", printable(key)));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size()) fail("something after the dictionary");
    return entries;
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw bad_content(fmt::format("{}: damaged header: {}", name_, what),
                      "write the file again with np.save");
  }

  // A piece of the header for a message: short, and without bytes that disturb a terminal.
  static std::string printable(std::string_view bytes) {
    std::string text;
    for (const char c : bytes.substr(0, 40)) text += c >= ' ' && c <= '~' ? c : '?';
    return bytes.size() > 40 ? text + "…" : text;
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("'{}' is missing at byte {} of the dictionary", c, at_));
  }
  bool accept_word(std::string_view word) {
    skip_space();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail(fmt::format("a string is missing at byte {}", at_));
    const std::size_t begin = ++at_;
    const std::size_t end = text_.find(quote, begin);
    if (end == std::string_view::npos) fail("a string without its end");
    at_ = end + 1;
    return std::string(text_.substr(begin, end - begin));
  }

  std::string descr() {
    if (peek() == '[' || peek() == '(') {
      throw bad_content(fmt::format("{}: a structured dtype (records) is not supported", name_),
                        "save one of its fields: np.save(file, x['field'].astype(np.float32))");
    }
    return string();
  }

  bool boolean() {
    if (accept_word("True")) return true;
    if (!accept_word("False")) fail("fortran_order is neither True nor False");
    return false;
  }

  std::uint64_t extent() {
    if (peek() == '-') {
      throw bad_content(fmt::format("{}: a negative number in the shape", name_),
                        "write the file again with np.save");
    }
    if (!is_digit(peek())) fail("the shape is not a tuple of integers");
    std::uint64_t value = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
      const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
      if (value > (max_extent - digit) / 10) {
        throw bad_content(fmt::format("{}: a number in the shape is beyond 2^63", name_),
                          "write the file again with np.save");
      }
      value = 10 * value + digit;
    }
    accept('L');  // Python 2 wrote its long integers so
    return value;
  }

  std::vector<std::uint64_t> shape() {
    std::vector<std::uint64_t> extents;
    if (!accept('(')) fail("the shape is not a tuple of integers");
    while (!accept(')')) {
      extents.push_back(extent());
      if (accept(',')) continue;
      if (extents.size() == 1) fail("the shape is not a tuple: (n,) has a comma");
      expect(')');
      break;
    }
    return extents;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
};

struct KnownType {
  std::string_view descr;
  ElementType type;
};
constexpr std::array<KnownType, 4> known_types = {{{"f4", ElementType::f32},
                                                   {"f8", ElementType::f64},
                                                   {"f2", ElementType::f16},
                                                   {"u2", ElementType::bf16}}};

ElementType element_type(const std::string& descr, const std::string& name) {
  const std::string shown = DictionaryReader::printable(descr);
  const char order = descr.empty() ? '\0' : descr.front();
  const bool has_order = order == '<' || order == '>' || order == '|' || order == '=';
  const std::string kind = has_order ? descr.substr(1) : descr;
  const auto known = std::ranges::find(known_types, kind, &KnownType::descr);
  if (known == known_types.end()) {
    throw bad_content(fmt::format("{}: elements of dtype '{}' are not supported", name, shown),
                      "convert them: np.save(file, x.astype(np.float32)), or np.float64");
  }
  if (order == '>') {
    throw bad_content(fmt::format("{}: big-endian elements ('{}') are not supported", name, shown),
                      fmt::format("convert them: np.save(file, x.astype('<{}'))", kind));
  }
  return known->type;
}

// The number of elements, refused where their bytes pass 63 bits.
std::uint64_t count_elements(const NpyHeader& header, const std::string& name) {
  for (const std::uint64_t extent : header.shape) {
    if (extent == 0) return 0;
  }
  std::uint64_t count = 1;
  const std::uint64_t limit = max_extent / size_of(header.type);
  for (const std::uint64_t extent : header.shape) {
    if (count > limit / extent) {
      throw bad_content(fmt::format("{}: the shape has more than 2^63 bytes of elements", name),
                        "write the file again with np.save");
    }
    count *= extent;
  }
  return count;
}

}  // namespace

NpyHeader parse_npy_header(std::string_view head, std::uint64_t file_size,
                           const std::string& name) {
  const auto damaged = [&](std::string_view what) {
    return bad_content(fmt::format("{}: {}", name, what), "write the file again with np.save");
  };
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(head[at]); };

  if (!head.starts_with(magic.substr(0, std::min(head.size(), magic.size()))) || head.empty()) {
    throw bad_content(fmt::format("{}: not a .npy file", name), "write one with np.save");
  }
  if (head.size() < magic.size() + 2) throw damaged("the file ends within its first bytes");
  const int major = byte(6), minor = byte(7);
  if (major < 1 || major > 3 || minor != 0) {
    throw damaged(fmt::format("version {}.{} of the format is unknown", major, minor));
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  const std::size_t begin = magic.size() + 2 + length_bytes;
  if (head.size() < begin) throw damaged("the file ends within its first bytes");
  std::uint64_t length = 0;
  for (std::size_t k = 0; k < length_bytes; ++k) {
    length |= std::uint64_t{byte(magic.size() + 2 + k)} << (8 * k);
  }
  if (length > max_npy_header_bytes) {
    throw damaged(
        fmt::format("a header of {} bytes: the limit is {}", length, max_npy_header_bytes));
  }
  if (head.size() - begin < length) throw damaged("the file ends within its header");

  DictionaryReader reader(head.substr(begin, length), name);
  const auto entries = reader.read();
  if (!entries.descr) reader.fail("the entry 'descr' is missing");
  if (!entries.fortran_order) reader.fail("the entry 'fortran_order' is missing");
  if (!entries.shape) reader.fail("the entry 'shape' is missing");

  NpyHeader header;
  header.type = element_type(*entries.descr, name);
  header.shape = *entries.shape;
  header.count = count_elements(header, name);
  header.data_offset = begin + length;
  // With one dimension or none both orders are the same bytes.
  if (*entries.fortran_order && header.shape.size() > 1) {
    throw bad_content(fmt::format("{}: the array is in Fortran order", name),
                      "convert it: np.save(file, np.ascontiguousarray(x))");
  }
  const std::uint64_t promised = header.count * size_of(header.type);
  const std::uint64_t present = file_size - header.data_offset;
  if (present < promised) {
    throw damaged(
        fmt::format("the file is cut short: shape {} needs {} bytes of elements, {} are "
                    "there",
                    shape_text(header.shape), promised, present));
  }
  if (present > promised) {
    throw damaged(fmt::format("{} byte{} too many after the elements of shape {}",
                              present - promised, present - promised == 1 ? "" : "s",
                              shape_text(header.shape)));
  }
  return header;
}

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  // A header may hold thousands of extents; a message needs the first ones.
  constexpr std::size_t shown = 16;
  const bool cut = shape.size() > shown;
  const auto end = shape.begin() + static_cast<std::ptrdiff_t>(cut ? shown : shape.size());
  return fmt::format("({}{})", fmt::join(shape.begin(), end, ", "),
                     cut                 ? ", …"
                     : shape.size() == 1 ? ","
                                         : "");
}

std::string format_npy_header(ElementType type, const std::vector<std::uint64_t>& shape) {
  const auto known = std::ranges::find(known_types, type, &KnownType::type);
  std::string dictionary =
      fmt::format("{{'descr': '<{}', 'fortran_order': False, 'shape': ({}{}), }}", known->descr,
                  fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  const auto pad = [&](std::size_t prefix) {
    const std::size_t used = prefix + dictionary.size() + 1;
    return (64 - used % 64) % 64;
  };
  const bool fits_version_1 = dictionary.size() + 1 + pad(10) <= 0xffff;
  const std::size_t length_bytes = fits_version_1 ? 2 : 4;
  const std::size_t prefix = magic.size() + 2 + length_bytes;
  dictionary.append(pad(prefix), ' ');
  dictionary += '\n';

  std::string header(magic);
  header += fits_version_1 ? '\x01' : '\x02';
  header += '\0';
  for (std::size_t k = 0; k < length_bytes; ++k) {
    header += static_cast<char>(dictionary.size() >> (8 * k) & 0xff);
  }
  return header + dictionary;
}

}  // namespace actc::tools

// .npy files: what is read, what is written, and what is said about each way to be damaged.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "tests/run_program.h"
#include "tools/errors.h"
#include "tools/files.h"
#include "tools/npy.h"

namespace actc::tools {
namespace {

using actc::testing::contains;
using actc::testing::file_content;
using actc::testing::TemporaryFolder;
using actc::testing::write_file;
using Shape = std::vector<std::uint64_t>;

// The head of a file as NumPy writes it, with any dictionary.
std::string head(const std::string& dictionary, int major = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(major);
  bytes += '\0';
  for (int k = 0; k < (major == 1 ? 2 : 4); ++k) {
    bytes += static_cast<char>(dictionary.size() >> (8 * k) & 0xff);
  }
  return bytes + dictionary;
}

std::string dictionary(const std::string& descr, const std::string& shape,
                       const std::string& fortran_order = "False") {
  return fmt::format("{{'descr': {}, 'fortran_order': {}, 'shape': {}, }}   \n", descr,
                     fortran_order, shape);
}

NpyHeader parse(const std::string& bytes) { return parse_npy_header(bytes, bytes.size(), "a.npy"); }

// What is said about a file: the message and the suggestion.
std::string complaint(const std::string& bytes) {
  try {
    parse(bytes);
  } catch (const ToolError& error) {
    EXPECT_EQ(error.code(), exit_bad_content);
    const std::string message = error.what();
    EXPECT_EQ(message.rfind("a.npy: ", 0), 0u) << message;
    EXPECT_FALSE(error.suggestion().empty()) << message;
    return message + " | " + error.suggestion();
  }
  return "(no complaint)";
}

TEST(NpyHeader, ReadsEveryVersion) {
  for (const int major : {1, 2, 3}) {
    const std::string bytes = head(dictionary("'<f4'", "(2, 3)"), major);
    const NpyHeader header = parse(bytes + std::string(24, '\0'));
    EXPECT_EQ(header.type, ElementType::f32);
    EXPECT_EQ(header.shape, (Shape{2, 3}));
    EXPECT_EQ(header.count, 6u);
    EXPECT_EQ(header.data_offset, bytes.size());
  }
}

TEST(NpyHeader, ReadsEveryRankAndSpelling) {
  const auto shape_of = [](const std::string& text, std::size_t bytes) {
    return parse(head(dictionary("'<f8'", text)) + std::string(bytes, '\0')).shape;
  };
  EXPECT_EQ(shape_of("()", 8), Shape{});
  EXPECT_EQ(shape_of("(3,)", 24), Shape{3});
  EXPECT_EQ(shape_of("(3L,)", 24), Shape{3});
  EXPECT_EQ(shape_of("( 1,2 ,1 )", 16), (Shape{1, 2, 1}));
  EXPECT_EQ(shape_of("(0, 9223372036854775807)", 0), (Shape{0, 9223372036854775807u}));
  std::string ones = "(";
  for (int k = 0; k < 1000; ++k) ones += "1, ";
  EXPECT_EQ(shape_of(ones + ")", 8), Shape(1000, 1));
  EXPECT_EQ(
      parse(head("{\"shape\":(1,),\"fortran_order\":False,\"descr\":\"<f4\"}") + "1234").shape,
      Shape{1});
}

TEST(NpyHeader, ReadsEveryByteOrderThatIsLittleEndian) {
  for (const char* descr : {"'<f4'", "'|f4'", "'=f4'", "'f4'"}) {
    EXPECT_EQ(parse(head(dictionary(descr, "(1,)")) + "1234").type, ElementType::f32) << descr;
  }
  EXPECT_EQ(parse(head(dictionary("'<f8'", "(1,)")) + "12345678").type, ElementType::f64);
  EXPECT_EQ(parse(head(dictionary("'<f2'", "(1,)")) + "12").type, ElementType::f16);
  EXPECT_EQ(parse(head(dictionary("'<u2'", "(1,)")) + "12").type, ElementType::bf16);
}

TEST(NpyHeader, TakesFortranOrderWhereItIsTheSame) {
  EXPECT_EQ(parse(head(dictionary("'<f4'", "(2,)", "True")) + "12345678").count, 2u);
}

TEST(NpyHeader, SaysWhatToDoAboutAnotherLayout) {
  const auto expect = [](const std::string& descr, const std::string& order,
                         const std::string& what, const std::string& remedy) {
    const std::string said =
        complaint(head(dictionary(descr, "(2, 2)", order)) + std::string(16, '\0'));
    EXPECT_TRUE(contains(said, what)) << said;
    EXPECT_TRUE(contains(said, remedy)) << said;
  };
  expect("'<f4'", "True", "Fortran order", "np.ascontiguousarray(x)");
  expect("'>f4'", "False", "big-endian", "x.astype('<f4')");
  expect("'>f8'", "False", "big-endian", "x.astype('<f8')");
  expect("'<i8'", "False", "dtype '<i8'", "x.astype(np.float32)");
  expect("'<i2'", "False", "dtype '<i2'", "x.astype(np.float32)");
  expect("'>f2'", "False", "big-endian", "x.astype('<f2')");
  expect("'|O'", "False", "dtype '|O'", "x.astype(np.float32)");
  expect("''", "False", "dtype ''", "x.astype(np.float32)");
  expect("[('a', '<f4')]", "False", "structured", "x['field']");
}

TEST(NpyHeader, RefusesWhatIsNoNpyFile) {
  EXPECT_TRUE(contains(complaint(""), "not a .npy file"));
  EXPECT_TRUE(contains(complaint("PK\x03\x04"), "not a .npy file"));
  EXPECT_TRUE(contains(complaint(std::string(100, '\0')), "not a .npy file"));
  EXPECT_TRUE(contains(complaint("\x93NUMPY\x04" + std::string(100, '\0')), "version 4.0"));
}

TEST(NpyHeader, RefusesEveryTruncation) {
  const std::string whole = head(dictionary("'<f4'", "(2, 3)")) + std::string(24, '\0');
  ASSERT_NO_THROW(parse(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(complaint(whole.substr(0, size)), "(no complaint)") << size;
  }
  EXPECT_TRUE(contains(complaint(whole.substr(0, whole.size() - 1)), "needs 24 bytes"));
  EXPECT_TRUE(contains(complaint(whole + "x"), "1 byte too many"));
}

TEST(NpyHeader, RefusesDamagedDictionaries) {
  const std::vector<std::string> damaged = {
      "",
      " ",
      "{",
      "{}",
      "[1, 2]",
      "{'descr': '<f4', 'fortran_order': False}",
      "{'descr': '<f4', 'shape': (1,)}",
      "{'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
      "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
      "{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}",
      "{'descr' '<f4', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
      std::string("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}") + '\0',
  };
  for (const std::string& text : damaged) {
    EXPECT_TRUE(contains(complaint(head(text) + "1234"), "damaged header")) << text;
  }
}

TEST(NpyHeader, IsReadOrRefusedWhateverByteIsChanged) {
  const std::string whole = head(dictionary("'<f4'", "(2, 3)")) + std::string(24, '\0');
  const std::string replacements = std::string("\0\xff{}()[]'\",:-L9 \n<>|=TF", 23);
  for (std::size_t at = 0; at < whole.size() - 24; ++at) {
    for (const char replacement : replacements) {
      std::string changed = whole;
      changed[at] = replacement;
      try {
        const NpyHeader header = parse(changed);
        EXPECT_EQ(header.data_offset + header.count * size_of(header.type), whole.size());
      } catch (const ToolError& error) {
        EXPECT_EQ(error.code(), exit_bad_content);
      }
    }
  }
}

TEST(NpyHeader, RefusesShapesThatOverflow) {
  const auto said = [](const std::string& shape) {
    return complaint(head(dictionary("'<f8'", shape)) + "12345678");
  };
  EXPECT_TRUE(contains(said("(-1,)"), "negative"));
  EXPECT_TRUE(contains(said("(9223372036854775808,)"), "beyond 2^63"));
  EXPECT_TRUE(contains(said("(99999999999999999999999999,)"), "beyond 2^63"));
  EXPECT_TRUE(contains(said("(9223372036854775807,)"), "more than 2^63 bytes"));
  EXPECT_TRUE(contains(said("(4294967296, 4294967296)"), "more than 2^63 bytes"));
  // The most that fits 63 bits is only more than the file has.
  EXPECT_TRUE(contains(said("(1152921504606846975,)"), "cut short"));
  EXPECT_TRUE(contains(said("(1152921504606846976,)"), "more than 2^63 bytes"));
}

TEST(NpyHeader, HasAStatedLimit) {
  const std::string text = dictionary("'<f4'", "(1,)");
  const std::string at_limit = text + std::string(max_npy_header_bytes - text.size(), ' ');
  EXPECT_EQ(parse(head(at_limit, 2) + "1234").count, 1u);
  EXPECT_TRUE(contains(complaint(head(at_limit + " ", 2) + "1234"), "the limit is 65536"));
  std::string huge = head(text, 2);
  huge.replace(8, 4, "\xff\xff\xff\xff");
  EXPECT_TRUE(contains(complaint(huge), "the limit is 65536"));
}

TEST(NpyHeader, IsWrittenAsItIsRead) {
  for (const ElementType type :
       {ElementType::f32, ElementType::f64, ElementType::f16, ElementType::bf16}) {
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{7}, Shape{2, 3, 4}}) {
      const std::string bytes = format_npy_header(type, shape);
      EXPECT_EQ(bytes.size() % 64, 0u);
      EXPECT_EQ(bytes[6], 1);
      std::uint64_t count = 1;
      for (const std::uint64_t extent : shape) count *= extent;
      const NpyHeader header = parse(bytes + std::string(count * size_of(type), '\0'));
      EXPECT_EQ(header.shape, shape);
      EXPECT_EQ(header.type, type);
    }
  }
}

TEST(NpyHeader, IsVersion2WhereTheDictionaryIsLong) {
  const Shape shape(21'830, 1);
  const std::string bytes = format_npy_header(ElementType::f32, shape);
  EXPECT_EQ(bytes[6], 2);
  EXPECT_EQ(bytes.size() % 64, 0u);
}

TEST(NpyFile, KeepsEveryBit) {
  const TemporaryFolder folder;
  const std::vector<double> values = {0.0, -0.0, 1.5, -INFINITY, NAN, 5e-324};
  OutputFile file(folder / "x.npy");
  write_npy(file, {2, 3}, values);
  file.commit();
  const NpyArray array = read_npy(folder / "x.npy");
  EXPECT_EQ(array.shape, (Shape{2, 3}));
  const auto& read = std::get<std::vector<double>>(array.elements);
  ASSERT_EQ(read.size(), values.size());
  EXPECT_EQ(std::memcmp(read.data(), values.data(), 8 * values.size()), 0);
}

TEST(NpyFile, KeepsEveryHalf) {
  const TemporaryFolder folder;
  std::vector<float16> f16;
  std::vector<bfloat16> bf16;
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    f16.push_back(float16::from_bits(static_cast<std::uint16_t>(bits)));
    bf16.push_back(bfloat16::from_bits(static_cast<std::uint16_t>(bits)));
  }
  const auto expect_same = [&](const auto& values, ElementType type) {
    OutputFile file(folder / "x.npy");
    write_npy(file, {values.size()}, values);
    file.commit();
    const NpyArray array = read_npy(folder / "x.npy");
    EXPECT_EQ(array.type(), type);
    const auto& read = std::get<std::decay_t<decltype(values)>>(array.elements);
    EXPECT_EQ(std::memcmp(read.data(), values.data(), 2 * values.size()), 0);
  };
  expect_same(f16, ElementType::f16);
  expect_same(bf16, ElementType::bf16);
}

TEST(NpyFile, AllocatesNothingForElementsThatAreNotThere) {
  const TemporaryFolder folder;
  // 8 exabytes promised by a file of some 100 bytes.
  write_file(folder / "x.npy", head(dictionary("'<f8'", "(1152921504606846975,)")));
  try {
    read_npy(folder / "x.npy");
    FAIL();
  } catch (const ToolError& error) {
    EXPECT_EQ(error.code(), exit_bad_content);
  }
}

TEST(InputFile, SaysWhyItCannotBeRead) {
  const TemporaryFolder folder;
  const auto code_of = [](const std::string& path) {
    try {
      read_npy(path);
    } catch (const ToolError& error) {
      EXPECT_TRUE(contains(error.what(), path)) << error.what();
      return error.code();
    }
    return exit_good;
  };
  EXPECT_EQ(code_of(folder / "missing.npy"), exit_bad_file);
  EXPECT_EQ(code_of(folder.path()), exit_bad_file);
  EXPECT_EQ(code_of("/dev/zero"), exit_bad_file);
}

std::size_t entries(const TemporaryFolder& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder.path()), {}));
}

TEST(OutputFile, AppearsOnlyWhenItIsWhole) {
  const TemporaryFolder folder;
  write_file(folder / "y", "old");
  {
    OutputFile file(folder / "y");
    file.write("new");
    EXPECT_EQ(file_content(folder / "y"), "old");
  }
  EXPECT_EQ(file_content(folder / "y"), "old") << "not committed";
  EXPECT_EQ(entries(folder), 1u) << "nothing is left beside it";
  OutputFile file(folder / "y");
  file.write("new");
  file.commit();
  EXPECT_EQ(file_content(folder / "y"), "new");
  EXPECT_EQ(entries(folder), 1u);
}

TEST(OutputFile, KeepsLinksAndRights) {
  const TemporaryFolder folder;
  write_file(folder / "y", "old");
  ::chmod((folder / "y").c_str(), 0640);
  std::filesystem::create_symlink("y", folder / "link");
  OutputFile file(folder / "link");
  file.write("new");
  file.commit();
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(file_content(folder / "y"), "new");
  EXPECT_EQ(std::filesystem::status(folder / "y").permissions(), std::filesystem::perms{0640});
}

TEST(OutputFile, SaysWhyItCannotBeWritten) {
  const TemporaryFolder folder;
  EXPECT_THROW(OutputFile(folder / "missing/y"), ToolError);
  EXPECT_THROW(OutputFile file(folder.path()), ToolError);
  OutputFile full("/dev/full");
  EXPECT_THROW(full.write("x"), ToolError);
}

}  // namespace
}  // namespace actc::tools

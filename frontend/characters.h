// The characters of a text: what is refused before scanning, and what people type for what.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "frontend/scan.h"

namespace actc::frontend {

// The length in bytes of the UTF-8 sequence (RFC 3629) at the start of `text`; 0 where it is none.
std::size_t utf8_length(std::string_view text);

// False, and reported, where a source is longer than max_source_bytes, holds a NUL byte or is not
// UTF-8.
bool check_bytes(std::string_view source, Reporter& report);

// A character that is not of the language but whose sense is plain.
struct Stranger {
  std::string_view character;
  std::string_view suggestion;
  // What it is taken for; unused places have no text.
  std::array<std::pair<TokenKind, std::string_view>, 2> tokens;
};
const Stranger* find_stranger(std::string_view character);

// For messages: the character and its code point, `×` (U+00D7); an ASCII control by number alone.
std::string describe_character(std::string_view character);

}  // namespace actc::frontend

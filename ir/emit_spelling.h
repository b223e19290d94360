// How operations and functions are spelled in the languages that definitions are emitted in.
//
// A spelling is a text with places for the arguments: `$`, how tightly an argument must hold
// together to stand there without parentheses, and its number: "$+0 - $*1" is a difference whose
// right side is at least a product.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ir/operation.h"

namespace actc::ir {

// In the order of tightness; the letter stands in spellings.
enum class Binding : std::uint8_t {
  loose,        // .
  conditional,  // ?
  disjunction,  // |
  conjunction,  // &
  comparison,   // <
  sum,          // +
  product,      // *
  sign,         // -
  power,        // ^
  atom,         // @
};

// Columns of the table. C spells operations on integers otherwise than on floats.
enum class Tongue : std::uint8_t { c, c_integer, python, javascript, latex, mathml };

struct Spelling {
  std::string_view text;  // empty: the language cannot say it, or not in one text
  Binding binding = Binding::atom;
};

Spelling spelling(Operation op, Tongue tongue);
// Of a function of the standard library by its name; without text where the language has none.
Spelling spelling(std::string_view function, Tongue tongue);

// An expression written so far.
struct Piece {
  std::string text;
  Binding binding = Binding::atom;
};

// The text with its arguments in place, each as `parenthesize` writes it where it must.
std::string parenthesized(const std::string& text);
std::string fill(std::string_view text, std::span<const Piece> args,
                 std::string (*parenthesize)(const std::string&) = &parenthesized);

// The name, or with a `_` where the language has taken it.
std::string free_name(std::string name, Tongue tongue);

// "alpha" as its letter in UTF-8, and its command in LaTeX; empty for other words.
struct Greek {
  std::string_view name, latex, letter;
};
Greek greek(std::string_view word);

}  // namespace actc::ir

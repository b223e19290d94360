// Texts into pages. All that comes from a definition or a file passes through `escape`.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace actc::tools::gallery {

// For elements and for attributes in double quotes. Bytes that no page may hold become U+FFFD.
std::string escape(std::string_view text);

// Documentation on a page: escaped, `code` between backquotes.
std::string prose(std::string_view text);

// For data attributes: what a program reads; "inf", empty for NaN.
std::string raw(double value);

// JSON inside a script element: no `<` that could end it.
std::string in_script(std::string_view json);

// The template's text with a value for each {{name}}; a name without a value, or the other way
// round, is a fault of the program (std::logic_error). Values stand as they are.
std::string fill(std::string_view page,
                 std::initializer_list<std::pair<std::string_view, std::string>> values);

// An embedded file of tools/gallery/assets or docs; empty where there is none of the name.
std::string_view asset(std::string_view name);
// The names of the pictures among them.
std::span<const std::string_view> embedded_pictures();

}  // namespace actc::tools::gallery

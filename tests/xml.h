// What expat, a parser of XML that refuses what is not well-formed, sees of a text.
#pragma once

#include <expat.h>

#include <algorithm>
#include <string>
#include <vector>

namespace actc::testing {

// The elements' names, and all text.
struct Xml {
  bool good = false;
  std::string error;
  std::vector<std::string> elements;
  std::string text;
};

inline Xml parse_xml(const std::string& text) {
  Xml xml;
  const XML_Parser parser = XML_ParserCreate("UTF-8");
  XML_SetUserData(parser, &xml);
  XML_SetElementHandler(
      parser,
      [](void* data, const XML_Char* name, const XML_Char**) {
        static_cast<Xml*>(data)->elements.emplace_back(name);
      },
      [](void*, const XML_Char*) {});
  XML_SetCharacterDataHandler(parser, [](void* data, const XML_Char* part, int length) {
    static_cast<Xml*>(data)->text.append(part, static_cast<std::size_t>(length));
  });
  xml.good = XML_Parse(parser, text.data(), static_cast<int>(text.size()), 1) == XML_STATUS_OK;
  if (!xml.good) xml.error = XML_ErrorString(XML_GetErrorCode(parser));
  XML_ParserFree(parser);
  return xml;
}

inline std::size_t count(const std::vector<std::string>& all, const std::string& one) {
  return static_cast<std::size_t>(std::ranges::count(all, one));
}

}  // namespace actc::testing

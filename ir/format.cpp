// Names of formats, as texts and messages use them.
#include "ir/format.h"

namespace actc::ir {

std::string_view name(Format format) {
  switch (format) {
    case Format::real:
      return "real";
    case Format::boolean:
      return "boolean";
    case Format::binary32:
      return "binary32";
    case Format::binary64:
      return "binary64";
    case Format::int32:
      return "int32";
    case Format::int64:
      return "int64";
  }
  return "";
}

}  // namespace actc::ir

# cmake -DROOT=folder -DFILES=a;b -DTEXT=compiler -DOUTPUT=x.cpp -P build_identity.cmake: the text
# and a digest of the files' names and contents, as a function.
cmake_minimum_required(VERSION 3.25)
set(all "")
foreach(file IN LISTS FILES)
  file(SHA256 ${ROOT}/${file} digest)
  string(APPEND all "${file} ${digest}\n")
endforeach()
string(SHA256 digest "${all}")
file(WRITE ${OUTPUT} "// Made by cmake/build_identity.cmake.
#include \"runtime/code.h\"

namespace actc::detail {

std::string_view build_identity() { return R\"~actc~(${TEXT}, sources ${digest})~actc~\"; }

}  // namespace actc::detail
")

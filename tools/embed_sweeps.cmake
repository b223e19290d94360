# cmake -DINPUT=docs/accuracy-sweeps.json -DOUTPUT=x.cpp -P embed_sweeps.cmake: the file as a string
# literal.
cmake_minimum_required(VERSION 3.25)
file(READ ${INPUT} text)
set(content "// Made from ${INPUT} by embed_sweeps.cmake.\n#include <string_view>\n\nnamespace actc::tools {\n\nstd::string_view shipped_sweeps();\nstd::string_view shipped_sweeps() {\n  static constexpr char content[] =\n")
# A literal may hold 65,536 bytes for certain; adjacent ones are one.
string(LENGTH "${text}" length)
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 8000 part)
  string(APPEND content "R\"~act~(${part})~act~\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
string(APPEND content ";\n  return {content, sizeof content - 1};\n}\n\n}  // namespace actc::tools\n")
file(WRITE ${OUTPUT} "${content}")

# cmake -DFILES=a.act;b.act -DOUTPUT=x.cpp -P embed.cmake: the texts of the standard library as one
# string literal a file.
set(content "// Made from the .act files beside embed.cmake.\n#include \"stdlib/stdlib.h\"\n\nnamespace actc::stdlib {\n\nstd::string_view text() {\n  static constexpr char content[] =\n")
foreach(file IN LISTS FILES)
  file(READ ${file} text)
  # A literal may hold 65,536 bytes for certain; adjacent ones are one.
  string(LENGTH "${text}" length)
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} 8000 part)
    string(APPEND content "R\"~act~(${part})~act~\"\n")
    math(EXPR at "${at} + 8000")
  endwhile()
endforeach()
string(APPEND content ";\n  return {content, sizeof content - 1};\n}\n\n}  // namespace actc::stdlib\n")
file(WRITE ${OUTPUT} "${content}")

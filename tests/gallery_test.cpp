// The gallery's pages and folder, as far as no browser is needed: tests/gallery has the browser.
#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

#include "tests/run_program.h"
#include "tools/errors.h"
#include "tools/gallery/card_table.h"
#include "tools/gallery/html.h"
#include "tools/gallery/markdown.h"
#include "tools/gallery/page.h"
#include "tools/gallery/site.h"
#include "tools/gallery/snippets.h"

namespace actc::tools::gallery {
namespace {

namespace fs = std::filesystem;
using testing::file_content;
using testing::run_program;
using testing::TemporaryFolder;
using testing::write_file;

std::ptrdiff_t files_in(const std::string& folder) {
  return std::distance(fs::directory_iterator(folder), {});
}

Entry an_entry(const std::string& name) {
  Entry entry;
  entry.name = entry.slug = entry.signature = name;
  entry.kind = "activation";
  entry.inputs = {{.name = "x"}};
  return entry;
}

std::string message_of(const std::string& folder) {
  try {
    check_place(folder);
  } catch (const ToolError& error) {
    EXPECT_EQ(error.code(), exit_bad_file);
    return error.what();
  }
  return {};
}

TEST(GalleryFolder, IsMadeAndReplacedWhole) {
  const TemporaryFolder folder;
  const std::vector<Entry> first = {an_entry("one"), an_entry("two")};
  EXPECT_EQ(write_site(folder / "site", first), folder / "site/index.html");
  EXPECT_TRUE(fs::exists(folder / "site/f/two.html"));
  const std::vector<Entry> second = {an_entry("three")};
  write_site(folder / "site/", second);
  EXPECT_FALSE(fs::exists(folder / "site/f/two.html"));
  EXPECT_TRUE(fs::exists(folder / "site/f/three.html"));
  EXPECT_EQ(files_in(folder.path()), 1) << "what was written beside it is gone";
}

TEST(GalleryFolder, MayBeEmptyButHoldNothingElse) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "empty");
  EXPECT_EQ(message_of(folder / "empty"), "");
  fs::create_directory(folder / "other");
  write_file(folder / "other/index.html", "<!DOCTYPE html><title>mine</title>");
  EXPECT_NE(message_of(folder / "other").find("something else"), std::string::npos);
  const std::vector<Entry> entries = {an_entry("one")};
  write_site(folder / "site", entries);
  EXPECT_EQ(message_of(folder / "site"), "");
  write_file(folder / "site/notes.txt", "mine");
  EXPECT_NE(message_of(folder / "site").find("'notes.txt'"), std::string::npos);
  EXPECT_THROW(write_site(folder / "site", entries), ToolError);
  EXPECT_EQ(file_content(folder / "site/notes.txt"), "mine");
  write_file(folder / "file", "mine");
  EXPECT_NE(message_of(folder / "file").find("no folder"), std::string::npos);
  EXPECT_NE(message_of(folder / "no/such").find("there is no folder"), std::string::npos);
}

TEST(GalleryPages, EscapeWhatTheyWereGiven) {
  Entry entry = an_entry("x");
  entry.documentation = "<script>alert(1)</script> & `a < b`";
  entry.source = "</code><img src=x>";
  const std::string page = definition_page(entry, nullptr, nullptr);
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_NE(page.find("&amp; <code>a &lt; b</code>"), std::string::npos);
  const std::vector<Entry> entries = {entry};
  EXPECT_EQ(index_page(entries).find("<script>alert"), std::string::npos);
}

TEST(GalleryPages, LinkToTheirNeighbours) {
  const Entry a = an_entry("a"), b = an_entry("b"), c = an_entry("c");
  const std::string page = definition_page(b, &a, &c);
  EXPECT_NE(page.find("rel=\"prev\" href=\"a.html\""), std::string::npos);
  EXPECT_NE(page.find("rel=\"next\" href=\"c.html\""), std::string::npos);
}

TEST(GalleryPages, ForbidAllThatIsNotTheirOwn) {
  const std::vector<Entry> entries = {an_entry("a")};
  const std::string page = index_page(entries);
  EXPECT_NE(page.find("Content-Security-Policy\" content=\"default-src 'none';"),
            std::string::npos);
  EXPECT_EQ(page.find("unsafe"), std::string::npos);
}

TEST(GalleryScripts, NameTheFunctionsAsTheyWereEmitted) {
  Entry entry = an_entry("glu");
  entry.inputs = {{.name = "a"}, {.name = "b"}};
  entry.javascript =
      "// glu\nfunction helper(x) {\n  return x;\n}\nfunction glu(a, b) {\n  return a;\n}\n"
      "function glu_grad_a(a, b) {\n  return 1;\n}\nfunction glu_grad_b(a, b) {\n  return 0;\n}\n";
  EXPECT_EQ(definition_script(entry), "") << "without a curve";
  entry.curve = Curve{};
  EXPECT_NE(
      definition_script(entry).find("return { value: glu, gradients: [glu_grad_a, glu_grad_b] };"),
      std::string::npos);
}

TEST(GalleryText, IsTypeset) {
  EXPECT_EQ(typeset("(-inf, 0.25]"), "(−∞, 0.25]");
  EXPECT_EQ(typeset("f = -1.5e-07, f' = 1e+20"),
            "f = −1.5·10<sup>−7</sup>, f′ = 1·10<sup>20</sup>");
  EXPECT_EQ(typeset("y = -x - 3; zero-centred <b>"), "y = −x − 3; zero-centred &lt;b&gt;");
  EXPECT_EQ(typeset("information on 2026-11-20"), "information on 2026-11-20");
}

TEST(GalleryText, FillsTemplatesWholly) {
  EXPECT_EQ(fill("<{{a}}-{{b}}-{{a}}>", {{"a", "1"}, {"b", "{{a}}"}}), "<1-{{a}}-1>");
  EXPECT_THROW(fill("{{a}}", {}), std::logic_error);
  EXPECT_THROW(fill("", {{"a", "1"}}), std::logic_error);
}

TEST(GalleryDocuments, HaveAnchorsAndLinksWithinTheSite) {
  const std::string html = html_of_markdown(
      "# The `let` form\n\n## Twice\n\n## Twice\n\n[l](language.md#names) [r](../README.md) "
      "[h](#twice)\n");
  EXPECT_NE(html.find("<h1 id=\"the-let-form\">"), std::string::npos);
  EXPECT_NE(html.find("<h2 id=\"twice-1\">"), std::string::npos);
  EXPECT_NE(html.find("<a href=\"language.html#names\">l</a> r <a href=\"#twice\">h</a>"),
            std::string::npos);
}

TEST(GalleryDocuments, HaveTablesAndNoHtmlOfTheirOwn) {
  const std::string html =
      html_of_markdown("| a | b |\n|---|---|\n| 1 | 2 |\n\n<script>x</script>\n");
  EXPECT_NE(html.find("<td>1</td>"), std::string::npos);
  EXPECT_EQ(html.find("<script>"), std::string::npos);
  EXPECT_FALSE(documents().empty());
}

TEST(GalleryPrograms, AreTheTenLinesOfTheApi) {
  Entry entry = an_entry("swish");
  entry.parameters = {{.name = "beta", .value = 1.5}};
  const std::string program = cpp_program(entry);
  EXPECT_NE(program.find("actc::builtin(\"swish\").kernel<float>()"), std::string::npos);
  EXPECT_NE(program.find("kernel.backward(x, dy, dx, {{\"beta\", 1.5}});"), std::string::npos);
  entry.text = "f(x) = x  # )act\"";
  EXPECT_NE(cpp_program(entry).find(")act_\""), std::string::npos) << "the text does not end early";
}

TEST(GalleryCommand, RefusesBeforeItWorks) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "other");
  write_file(folder / "other/mine", "mine");
  const testing::ProgramResult refused =
      run_program(ACTC_PROGRAM, {"gallery", "-o", folder / "other"});
  EXPECT_EQ(refused.exit_code, exit_bad_file);
  EXPECT_NE(refused.errors.find("'mine'"), std::string::npos);
  EXPECT_EQ(run_program(ACTC_PROGRAM, {"gallery"}).exit_code, exit_bad_usage);
  write_file(folder / "bad.act", "f(x) = x +");
  EXPECT_EQ(run_program(ACTC_PROGRAM, {"gallery", "-o", folder / "new", "-f", folder / "bad.act"})
                .exit_code,
            exit_bad_content);
  EXPECT_FALSE(fs::exists(folder / "new"));
}

}  // namespace
}  // namespace actc::tools::gallery

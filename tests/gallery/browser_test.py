#!/usr/bin/env python3
"""The gallery in a real browser: `actc gallery` once, then Chromium opens every page from file://.

usage: browser_test.py ACTC VALUES [--screenshots FOLDER]

ACTC is the program, VALUES tests/gallery/values.cpp. Every page is loaded once, at the width of a
phone: no error or warning in the console, no request out of the folder, nothing wider than the
screen; and of every elementwise definition, the values that its page computes are those of the
compiled kernel.
"""

import html.parser
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from devtools import Browser, Missing

PROGRAM, VALUES = sys.argv[1], sys.argv[2]
SCREENSHOTS = sys.argv[4] if len(sys.argv) > 4 and sys.argv[3] == "--screenshots" else None

# Documentation that would break a page in which it were not escaped.
OWN = """
## Steep <img src="http://example.invalid/x.png" onerror="alert(1)"> & `a < b` </script><script>alert(2)</script>
steep(x; k = 2) = tanh(k * x)
## Takes the name of a built-in.
mish(x) = x * tanh(log(1 + exp(x)))
blend(a, b, c; t = 0.25) = t * a * b + (1 - t) * c
"""


def same(ours, theirs):
    """Of the page and of the kernel: to 1e-6, relative."""
    def read(v):
        return float(v.replace("Infinity", "inf")) if isinstance(v, str) else v
    u, v = read(ours), read(theirs)
    if math.isnan(u) or math.isnan(v):
        return math.isnan(u) and math.isnan(v)
    return u == v or abs(u - v) <= 1e-6 * abs(v)


class Links(html.parser.HTMLParser):
    """Ids, what is linked or labelled, and whether elements are closed."""
    EMPTY = {"meta", "link", "input", "br", "hr", "img", "rect", "path", "circle", "mspace", "line"}

    def __init__(self):
        super().__init__()
        self.ids, self.targets, self.labels, self.open, self.faults = [], [], [], [], []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if "id" in values:
            self.ids.append(values["id"])
        for name in ("href", "src"):
            if name in values:
                self.targets.append(values[name])
        for name in ("for", "aria-labelledby", "aria-describedby"):
            if name in values:
                self.labels += values[name].split()
        if "style" in values or any(name.startswith("on") for name in values):
            self.faults.append("an attribute that the page's policy forbids in <%s>" % tag)
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append("</%s> closes nothing" % tag)


class Gallery(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="actc-gallery-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        (cls.folder / "own.act").write_text(OWN)
        cls.root = cls.folder / "site"
        begin = time.monotonic()
        made = subprocess.run([PROGRAM, "gallery", "-o", str(cls.root), "-f",
                               str(cls.folder / "own.act")],
                              capture_output=True, text=True, check=False)
        cls.seconds = time.monotonic() - begin
        if made.returncode != 0:
            raise RuntimeError("actc gallery: " + made.stderr)
        cls.printed = made.stdout
        cls.pages = sorted(p.relative_to(cls.root).as_posix() for p in cls.root.rglob("*.html"))
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def url(self, page):
        return (self.root / page).as_uri()

    def check_events(self, page):
        """What the console and the network had to say."""
        for event in self.browser.take_events():
            parameters = event.get("params", {})
            with self.subTest(page=page):
                if event["method"] == "Runtime.exceptionThrown":
                    self.fail(json.dumps(parameters)[:600])
                if event["method"] == "Runtime.consoleAPICalled":
                    self.assertNotIn(parameters["type"], ("error", "warning", "assert"))
                if event["method"] == "Log.entryAdded":
                    self.fail(parameters["entry"].get("text"))
                if event["method"] == "Network.requestWillBeSent":
                    url = parameters["request"]["url"]
                    self.assertTrue(url.startswith(self.root.as_uri() + "/") or url == "about:blank", url)
                if event["method"] == "Network.loadingFailed":
                    self.fail("loading failed: " + json.dumps(parameters))

    def shown(self):
        return self.browser.value(
            "[...document.querySelectorAll('#entries li:not([hidden])')].map(e => e.dataset.name)")

    def test_01_is_made_in_a_minute_and_says_where(self):
        self.assertEqual(self.printed, str(self.root / "index.html") + "\n")
        self.assertLess(self.seconds, 60)
        if not os.environ.get("GTEST_BRIEF"):
            print("made in %.1f s, %d pages" % (self.seconds, len(self.pages)))

    def test_02_every_link_leads_somewhere(self):
        ids, targets = {}, []
        for page in self.pages:
            parser = Links()
            parser.feed((self.root / page).read_text())
            with self.subTest(page=page):
                self.assertEqual(parser.faults, [])
                self.assertEqual(parser.open, [])
                self.assertEqual(len(parser.ids), len(set(parser.ids)), "an id twice")
                self.assertEqual([i for i in parser.labels if i not in parser.ids], [])
            ids[page] = set(parser.ids)
            targets += [(page, t) for t in parser.targets]
        for page, target in targets:
            with self.subTest(page=page, target=target):
                parts = urllib.parse.urlsplit(target)
                self.assertEqual((parts.scheme, parts.netloc), ("", ""))
                path = os.path.normpath(os.path.join(os.path.dirname(page), parts.path)) if parts.path else page
                self.assertTrue((self.root / path).is_file())
                if parts.fragment:
                    self.assertIn(parts.fragment, ids[path])

    def test_03_every_page_loads_and_computes_what_the_kernel_does(self):
        listed = json.loads(subprocess.check_output([VALUES]))
        known = {d["name"]: d for d in listed}
        self.browser.size(360, 740, phone=True)
        compared = 0
        for page in self.pages:
            self.browser.open(self.url(page))
            wide = self.browser.value("document.documentElement.scrollWidth - innerWidth")
            with self.subTest(page=page):
                self.assertLessEqual(wide, 0, "wider than the screen")
            self.check_events(page)
            name = pathlib.Path(page).stem
            if not page.startswith("f/") or name not in known:
                continue
            d = known[name]
            # JSON has no infinities: numbers travel as text.
            found = self.browser.value("""(() => {
              const d = window.actc_definition, c = %s;
              return c.inputs[0].map((_, i) => {
                const at = c.inputs.map(x => x[i]).concat(c.parameters);
                return [d.value(...at), ...d.gradients.map(g => g(...at))].map(v => String(Number(v)));
              });
            })()""" % json.dumps({"inputs": d["inputs"], "parameters": d["parameters"]}))
            expected = list(zip(d["values"], *d["gradients"]))
            wrong = [([x[i] for x in d["inputs"]], f, e) for i, (f, e) in enumerate(zip(found, expected))
                     if not all(map(same, f, e))]
            with self.subTest(page=page):
                self.assertEqual(wrong[:3], [])
            compared += 1
        self.assertEqual(compared, len(known), "a definition without a page")
        self.browser.size(1280, 900)

    def test_04_search_filter_and_sort(self):
        browser = self.browser
        browser.size(1280, 900)
        browser.open(self.url("index.html"))
        all_names = self.shown()
        self.assertGreater(len(all_names), 80)
        browser.value("document.getElementById('search').focus()")
        browser.write("mish")
        names = self.shown()
        self.assertIn("mish_fast", names)
        self.assertTrue(0 < len(names) < 12 and all("mish" in n for n in names), names)
        self.assertRegex(browser.value("document.getElementById('count').textContent"),
                         r"^%d of %d " % (len(names), len(all_names)))
        browser.write(" zzz")
        self.assertEqual(self.shown(), [])
        self.assertFalse(browser.value("document.getElementById('nothing').hidden"))
        browser.value("document.querySelector('#tools button[type=reset]').click()")
        browser.value("new Promise(r => setTimeout(r, 50))")
        self.assertEqual(self.shown(), all_names)

        def choose(identity, value):
            browser.value("(() => { const e = document.getElementById('%s'); e.value = '%s';"
                          "e.dispatchEvent(new Event('change')); })()" % (identity, value))

        choose("kind", "gated")
        self.assertIn("swiglu", self.shown())
        self.assertNotIn("relu", self.shown())
        choose("kind", "own")
        self.assertEqual(self.shown(), ["steep", "mish", "blend"])
        choose("kind", "")
        browser.value("document.querySelector('[data-filter=bounded]').click()")
        browser.value("document.querySelector('[data-filter=monotone]').click()")
        names = self.shown()
        self.assertIn("sigmoid", names)
        self.assertIn("hard_tanh", names)
        for wrong in ("relu", "sin", "swiglu"):
            self.assertNotIn(wrong, names)
        browser.value("document.querySelector('[data-filter=smooth]').click()")
        self.assertNotIn("hard_tanh", self.shown())
        browser.value("document.querySelector('#tools button[type=reset]').click()")
        browser.value("new Promise(r => setTimeout(r, 50))")

        choose("sort", "name")
        self.assertEqual(self.shown(), sorted(self.shown(), key=lambda n: n.replace("_", " ")))
        keys = browser.value("[...document.querySelectorAll('#sort option')].map(o => o.value)")
        for key in ("low", "high", "smooth", "lipschitz", "saturated", "cost"):
            self.assertIn(key, keys)
        for key in keys[2:]:
            for _ in range(2):
                choose("sort", key)
                texts = browser.value("[...document.querySelectorAll('#entries li')]"
                                      ".map(e => e.getAttribute('data-%s'))" % key)
                have = [float(t) for t in texts if t is not None]
                backwards = browser.value("document.getElementById('reverse').getAttribute('aria-pressed')") == "true"
                self.assertEqual(have, sorted(have, reverse=backwards), key)
                self.assertGreater(len(have), 40, key)
                browser.value("document.getElementById('reverse').click()")
        self.check_events("index.html")

    def test_05_a_slider_moves_the_curve_by_keyboard(self):
        browser = self.browser
        browser.size(1280, 900)
        browser.open(self.url("f/swish.html"))
        curve = "document.querySelector('#plot [data-curve=solid]').getAttribute('d')"
        before = browser.value(curve)
        browser.value("document.getElementById('at').focus()")
        browser.value("document.getElementById('at').value = ''")
        browser.write("1.5")
        for _ in range(40):
            browser.key("Tab")
            if browser.value("document.activeElement.id") == "parameter-0":
                break
        self.assertEqual(browser.value("document.activeElement.id"), "parameter-0")
        self.assertNotEqual(browser.value("getComputedStyle(document.activeElement).outlineStyle"), "none")
        seen = []
        for _ in range(3):
            browser.key("ArrowRight")
            browser.value("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
            beta = browser.value("document.querySelector('.control input[type=number]').value")
            value = browser.value("document.getElementById('value').dataset.value")
            slope = browser.value("document.getElementById('slope').dataset.value")
            expected = json.loads(subprocess.check_output([VALUES, "swish", "1.5", "beta=" + beta]))
            self.assertTrue(same(value, expected["values"][0]), (beta, value, expected))
            self.assertTrue(same(slope, expected["gradients"][0][0]), (beta, slope, expected))
            seen.append(value)
        self.assertEqual(len(set(seen)), 3)
        self.assertNotEqual(browser.value(curve), before)
        browser.value("document.getElementById('reset').click()")
        browser.value("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
        self.assertEqual(browser.value(curve), before)
        self.check_events("swish")

    def test_06_the_curve_is_read_by_pointer_and_arrow_keys(self):
        browser = self.browser
        browser.open(self.url("f/gelu.html"))
        box = browser.value("(() => { const b = document.getElementById('plot').getBoundingClientRect();"
                            "return [b.left, b.top, b.width, b.height]; })()")
        for part in (0.3, 0.6):
            browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0] + part * box[2],
                         y=box[1] + 0.5 * box[3])
            at = browser.value("document.getElementById('plot').getAttribute('aria-valuenow')")
            value = browser.value("document.getElementById('value').dataset.value")
            expected = json.loads(subprocess.check_output([VALUES, "gelu", at]))
            self.assertTrue(same(value, expected["values"][0]), (at, value, expected))
        browser.value("document.getElementById('plot').focus()")
        for _ in range(2):
            browser.key("ArrowRight")
        self.assertGreater(float(browser.value("document.getElementById('plot').getAttribute('aria-valuenow')")), float(at))
        self.check_events("gelu")

    def test_07_other_inputs_have_sliders_too(self):
        browser = self.browser
        browser.open(self.url("f/swiglu.html"))
        self.assertEqual(browser.value("document.querySelectorAll('.control[data-input]:not([hidden])').length"), 1)
        before = browser.value("document.getElementById('value').dataset.value")
        browser.value("""(() => { const f = document.querySelector('.control[data-input]:not([hidden]) input[type=number]');
                         f.value = '-2'; f.dispatchEvent(new Event('input')); })()""")
        browser.value("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
        after = browser.value("document.getElementById('value').dataset.value")
        self.assertTrue(same(after, str(-2 * float(before))), (before, after))
        self.check_events("swiglu")

    def test_08_jumps_have_dots_and_no_line(self):
        browser = self.browser
        browser.open(self.url("f/step.html"))
        self.assertEqual(browser.value("document.querySelectorAll('#plot .dot.d0:not(.pointer *)').length"), 2)
        self.assertEqual(browser.value("document.querySelectorAll('#plot .hollow.d0').length"), 1)
        path = browser.value("document.querySelector('#plot [data-curve=solid]').getAttribute('d')")
        self.assertEqual(path.count("M"), 2)
        browser.open(self.url("f/relu.html"))
        path = browser.value("document.querySelector('#plot [data-curve=solid]').getAttribute('d')")
        self.assertEqual(path.count("M"), 1)
        self.check_events("step")

    def test_09_theme_follows_the_system_and_the_switch(self):
        browser = self.browser
        ground = "getComputedStyle(document.body).backgroundColor"
        browser.scheme("dark")
        browser.open(self.url("f/mish.html"))
        dark = browser.value(ground)
        browser.value("document.getElementById('theme').click()")
        light = browser.value(ground)
        self.assertNotEqual(dark, light)
        browser.value("document.getElementById('theme').click()")
        self.assertEqual(browser.value(ground), dark)
        browser.value("localStorage.clear()")
        browser.scheme("light")
        browser.open(self.url("f/mish.html"))
        self.assertEqual(browser.value(ground), light)
        self.check_events("mish")

    def test_10_without_scripts_it_is_a_plain_list(self):
        browser = self.browser
        browser.call("Emulation.setScriptExecutionDisabled", value=True)
        try:
            browser.open(self.url("index.html"))
            self.assertGreater(len(self.shown()), 80)
            self.assertTrue(browser.value("document.getElementById('tools').hidden"))
            browser.open(self.url("f/mish.html"))
            self.assertEqual(browser.value("document.querySelectorAll('#plot svg[role=img]').length"), 1)
            self.assertTrue(browser.value("document.querySelector('.controls').hidden"))
        finally:
            browser.call("Emulation.setScriptExecutionDisabled", value=False)
        self.browser.take_events()

    def test_11_text_of_a_file_stays_text(self):
        browser = self.browser
        browser.open(self.url("f/steep.html"))
        self.assertIn("<img src=", browser.value("document.querySelector('.lead').textContent"))
        self.assertEqual(browser.value("document.querySelectorAll('.lead img, .lead script').length"), 0)
        self.check_events("steep")
        self.assertIn("mish-2.html", [p.split("/")[-1] for p in self.pages])

    def test_12_the_programs_on_the_pages_compile(self):
        """All kinds of use in one text, each in a namespace of its own."""
        import re
        text = ""
        for name in ("mish", "swish", "swiglu", "softmax", "logsumexp", "layer_norm", "dropout", "clamp", "steep", "blend"):
            self.browser.open(self.url("f/%s.html" % name))
            program = self.browser.value("[...document.querySelectorAll('details.code')].find("
                                         "d => d.querySelector('summary').textContent === 'C++').querySelector('code').textContent")
            self.assertLessEqual(len(program.splitlines()), 30)
            body = re.sub(r"#include .*\n", "", program).replace("int main()", "void use()")
            text += "namespace use_%s {\n%s}\n" % (name, body)
        root = pathlib.Path(__file__).resolve().parents[2]
        source = self.folder / "programs.cpp"
        source.write_text('#include "runtime/actc.h"\n#include <vector>\n%sint main() {}\n' % text)
        compiler = os.environ.get("CXX", "c++")
        done = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-I", str(root), str(source)],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[:3000])

    @unittest.skipUnless(SCREENSHOTS, "only on request")
    def test_20_screenshots(self):
        browser = self.browser
        self.root = self.folder / "library"  # without the definitions made to break pages
        subprocess.run([PROGRAM, "gallery", "-o", str(self.root)], stdout=subprocess.DEVNULL, check=True)
        for name, page, scheme, width, height, phone in (
                ("index", "index.html", "light", 1280, 860, False),
                ("index-dark", "index.html", "dark", 1280, 860, False),
                ("swish", "f/swish.html", "light", 1280, 1000, False),
                ("swish-dark", "f/swish.html", "dark", 1280, 1000, False),
                ("phone", "f/mish.html", "light", 390, 844, True),
                ("phone-index", "index.html", "light", 390, 844, True)):
            browser.scheme(scheme)
            browser.size(width, height, phone=phone)
            browser.open(self.url(page))
            browser.value("document.fonts.ready.then(() => 1)")
            browser.value("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
            browser.picture(os.path.join(SCREENSHOTS, name + ".png"))


if __name__ == "__main__":
    if shutil.which("chromium") is None and shutil.which("google-chrome") is None:
        sys.exit("Chromium is missing: install Debian's package chromium")
    unittest.main(argv=sys.argv[:1], verbosity=2, failfast=False)

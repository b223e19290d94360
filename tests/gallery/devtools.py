"""Chromium without a window, driven over a pipe in its DevTools protocol.

Requests and replies are JSON texts that end with a zero byte, on descriptors 3 and 4: nothing is
needed but Chromium itself.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


class Missing(Exception):
    pass


class Browser:
    def __init__(self):
        program = next((p for p in map(shutil.which, PROGRAMS) if p), None)
        if program is None:
            raise Missing("Chromium is missing: install Debian's package chromium")
        self.profile = tempfile.mkdtemp(prefix="actc-chromium-")
        command = [program, "--headless=new", "--remote-debugging-pipe", "--no-first-run",
                   "--disable-gpu", "--disable-background-networking", "--disable-extensions",
                   "--disable-component-update", "--disable-dev-shm-usage", "--mute-audio",
                   "--force-color-profile=srgb", "--hide-scrollbars",
                   "--user-data-dir=" + self.profile]
        if os.geteuid() == 0:
            command.append("--no-sandbox")  # root has none of Chromium's
        to_read, self.out = os.pipe()
        self.into, to_write = os.pipe()
        # The child's ends as 3 and 4, whatever they were.
        launch = ["/bin/sh", "-c", 'exec "$@" 3<&%d 4>&%d' % (to_read, to_write), "sh"]
        self.process = subprocess.Popen(launch + command, pass_fds=(to_read, to_write),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.buffer = b""
        self.events = []
        self.number = 0
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def close(self):
        try:
            self.session = None
            self.call("Browser.close", patience=5)
            self.process.wait(10)
        except Exception:
            self.process.kill()
            self.process.wait()
        os.close(self.out)
        os.close(self.into)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _receive(self, until):
        while b"\0" not in self.buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.into], [], [], left)[0]:
                raise TimeoutError("Chromium does not answer")
            part = os.read(self.into, 1 << 20)
            if not part:
                raise RuntimeError("Chromium ended")
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, patience=60, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        until = time.monotonic() + patience
        while True:
            reply = self._receive(until)
            if reply.get("id") == self.number:
                if "error" in reply:
                    raise RuntimeError("%s: %s" % (method, reply["error"]["message"]))
                return reply["result"]
            self.events.append(reply)

    def take_events(self):
        events, self.events = self.events, []
        return events

    def open(self, url, patience=60):
        """Loads a page; returns what happened meanwhile."""
        before = self.take_events()
        # A page that differs in its #place alone would not be loaded anew.
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        until = time.monotonic() + patience
        while self.value("document.readyState + location.href") != "complete" + url:
            if time.monotonic() > until:
                raise TimeoutError(url + " does not load")
        return before

    def value(self, expression):
        """Of JavaScript in the page; promises are waited for."""
        reply = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                          awaitPromise=True)
        if "exceptionDetails" in reply:
            raise RuntimeError(expression + ": " + json.dumps(reply["exceptionDetails"])[:500])
        return reply["result"].get("value")

    def key(self, key, code=None, shift=False):
        numbers = {"Tab": 9, "ArrowRight": 39, "ArrowLeft": 37, "End": 35, "Home": 36}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key,
                      windowsVirtualKeyCode=numbers.get(key, 0), modifiers=8 if shift else 0)

    def write(self, text):
        for letter in text:
            self.call("Input.insertText", text=letter)

    def size(self, width, height, phone=False, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=scale, mobile=phone)

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": name}])

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

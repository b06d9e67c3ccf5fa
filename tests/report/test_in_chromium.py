"""The page in a browser that has no network: nothing is asked for, nothing complains, search, click and slider work."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from avgraph.report import page, write_report
from avgraph.runs.finished import Run
from tests.report.conftest import HOSTILE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Goes into the page as a part of its own script, whose hash the page then allows: what a reader's hands would do.
DRIVER = """
(async () => {
  const found = { refused: [], asked: performance.getEntriesByType("resource").map((entry) => entry.name) };
  document.addEventListener("securitypolicyviolation", (event) => found.refused.push(event.violatedDirective));
  window.addEventListener("error", (event) => found.refused.push(event.message));
  const tick = (time) => new Promise((done) => setTimeout(done, time));
  const explorer = document.querySelector(".explorer");
  const inside = (query) => explorer.querySelector(query);
  const send = (element, type) => element.dispatchEvent(new Event(type, { bubbles: true }));
  explorer.scrollIntoView();
  const frame = () => new Promise((done) => requestAnimationFrame(done));  // time may run ahead of frames
  for (let k = 0; k < 500 && !explorer.dataset.ready; k += 1) { await frame(); await tick(20); }
  const edges = () => Number(explorer.dataset.edges);
  inside("input[type=search]").value = "onerror=alert(1)><!-- 4";
  send(inside("input[type=search]"), "input");
  found.searched = explorer.dataset.picked;
  found.heading = inside(".about h4").textContent;
  found.elements = inside(".about h4").childElementCount;
  inside(".reset").click();
  found.cleared = explorer.dataset.picked === undefined && inside(".about").hidden;
  found.all = edges();
  inside(".least").value = 900;
  send(inside(".least"), "input");
  found.strong = edges();
  inside(".least").value = 0;
  send(inside(".least"), "input");
  const other = [...inside("fieldset").querySelectorAll("input")].find((box) => !box.checked);
  other.click();
  found.more = edges();
  await tick(100);
  const cy = inside(".live")._cyreg.cy;
  const node = cy.nodes().last();
  const [place, box] = [node.renderedPosition(), inside(".live").getBoundingClientRect()];
  const at = { bubbles: true, clientX: box.left + place.x, clientY: box.top + place.y, button: 0 };
  for (const type of ["mousemove", "mousedown", "mouseup", "click"]) {
    inside(".live canvas").dispatchEvent(new MouseEvent(type, at));
  }
  await tick(400);
  found.clicked = explorer.dataset.picked;
  found.expected = node.data("name");
  found.neighbours = inside(".about table").rows.length;
  const ways = [...inside(".colour").options].map((option) => option.value);
  inside(".colour").value = "type";
  send(inside(".colour"), "change");
  found.legend = [...inside(".legend").children].map((item) => item.textContent);
  document.getElementById("theme").click();
  found.theme = document.documentElement.dataset.theme;
  found.curves = document.querySelectorAll(".chart.on canvas").length;
  found.ways = ways;
  const told = document.createElement("pre");
  told.id = "found";
  told.textContent = JSON.stringify(found);
  document.body.append(told);
})();
"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium or Chrome on the PATH")
def test_search_click_and_slider(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = page._asset
    monkeypatch.setattr(page, "_asset", lambda name: asset(name) + (DRIVER if name == "assets/report.js" else ""))
    file = write_report([run.directory], tmp_path / "report.html")
    options = [
        "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        "--window-size=1200,900",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--virtual-time-budget=30000", "--dump-dom",
    ]  # fmt: skip
    ended = subprocess.run([str(CHROMIUM), *options, file.as_uri()], capture_output=True, text=True, check=True)
    assert "CONSOLE" not in ended.stderr
    written = re.search(r'<pre id="found">(.*?)</pre>', ended.stdout, re.S)
    assert written, ended.stdout[-500:]
    found = json.loads(written[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert (found["refused"], found["asked"]) == ([], [])
    assert found["searched"] == found["heading"] == f"{HOSTILE} 4"
    assert found["elements"] == 0
    assert found["cleared"]
    assert 0 < found["strong"] < found["all"] < found["more"]
    assert found["clicked"] == found["expected"]
    assert found["neighbours"] > 0
    assert found["legend"] == ["audio", "label"]
    assert {"class", "type", "split", "answer"} >= set(found["ways"]) > {"type"}
    assert found["theme"] in ("light", "dark")
    assert found["curves"] == 2

"""The page of a review: what is in it as a file, and what it does in a real browser."""

import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest
from support.reviewed import page_data, translated

from mtreason.cli import app

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
QUOTED = "' onmouseover=alert(3) x=\""
UNSEEN = "\u202e\u2066\u200b"
SAID = {
    "今天<1>天气</1>很好，共有 12 人。": [
        "The <1>weather</1> is nice, 20 people.",
        "Nice <1>weather</1>, 12 people.",
        f"{QUOTED} <1>x</1>, 12 {UNSEEN} people.",
    ],
    "这双鞋的踩屎感太强了！": ["These shoes smell!", "Such comfy soles!"],
    "今天天气很好。": ["The weather is nice today.", "Nice weather today."],
    **{f"第{n}句话很长。": [f"Sentence {n} is long.", f"Long is sentence {n}."] for n in "ABCDEFGH"},
}
SOURCE = f"""今天**天气**很好，共有 12 人。

这双鞋的踩屎感太强了！

今天天气很好。

{chr(10).join(f"第{n}句话很长。{chr(10)}" for n in "ABCDEFGH")}
看 `{HOSTILE}`{UNSEEN}。

OK
"""


def command(*args):
    app([*map(str, args)], standalone_mode=False)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("review")
    source = directory / "guide.md"
    source.write_text(SOURCE, "utf-8")
    files = translated(source, directory / "guide.en.md", SAID, terms=[("踩屎感", ("comfy sole",))])
    command("review", files.out, "--trace", files.trace, "-o", directory / "review.html")
    return files


@pytest.fixture
def page(files, visit):
    return visit(files.out.with_name("review.html"), accept_downloads=True)


def test_nothing_quoted_is_markup_and_nothing_else_may_run(files) -> None:
    text = files.out.with_name("review.html").read_text("utf-8")
    assert text.isascii() or not any(char in text for char in UNSEEN), "what cannot be seen is escaped"
    assert HOSTILE in json.dumps(page_data(files.out.with_name("review.html")), ensure_ascii=False)
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    assert "alert(" not in re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.DOTALL)
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    rules = dict(rule.split(" ", 1) for rule in policy.replace("&#39;", "'").split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for rule, part in (("style-src", r"<style>(.*?)</style>"), ("script-src", r"<script>(.*?)</script>")):
        [content] = re.findall(part, text, re.DOTALL)
        assert rules[rule] == f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def current(page):
    return page.locator("[aria-current]")


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_order_and_movement_by_keys(page) -> None:
    numbers = page.locator("#passages > li h2 b")
    assert numbers.all_inner_texts()[:2] == ["Segment 1", "Segment 2"], "a wrong number, then a missed term"
    assert "12 is not in the translation" in current(page).inner_text()
    press(page, "j", "ArrowDown", "j", "k")
    assert current(page).locator("h2 b").inner_text() == "Segment 3"
    assert page.evaluate("document.activeElement.tagName") == "ARTICLE"
    press(page, "o")
    assert numbers.all_inner_texts() == [f"Segment {n}" for n in range(1, 14)]
    assert page.get_by_role("button", name="Least sure first").get_attribute("aria-pressed") == "false"
    press(page, *["k"] * 20)
    assert current(page).locator("h2 b").inner_text() == "Segment 1"


def test_drafts_are_one_key_away(page) -> None:
    target = current(page).locator(".target")
    assert target.inner_text() == "The <1>weather</1> is nice, 20 people."
    assert page.locator(".draft").count() == 3
    press(page, "2")
    assert target.inner_text() == "Nice <1>weather</1>, 12 people."
    assert "is not in the translation" not in current(page).locator(".notes").inner_text()
    assert page.locator(".draft[aria-pressed=true] kbd").all_inner_texts() == ["2"]
    assert page.locator("#count").inner_text() == "1 of 11 reviewed"
    press(page, "3")
    assert QUOTED in target.inner_text(), "text is only text"
    assert "U+202E" in target.inner_text(), "what cannot be seen is shown"
    press(page, "u")
    assert page.locator("#count").inner_text() == "0 of 11 reviewed"
    press(page, "Enter", "Enter")
    assert page.locator("#count").inner_text() == "2 of 11 reviewed"
    assert page.locator(".state").all_inner_texts()[:2] == ["✓ kept", "✓ kept"]
    assert current(page).locator("h2 b").inner_text() == "Segment 3"
    current(page).get_by_role("button", name="Nice weather today.").click()
    assert current(page).locator(".state").inner_text() == "✓ draft 2"


def test_editing(page) -> None:
    press(page, "e")
    field = page.get_by_label("Translation of segment 1")
    field.fill("Nice weather, j 2")
    assert page.locator(".missing").inner_text() == "lacks <1> </1>"
    field.fill("Nice <1>weather</1><2/>")
    assert page.locator(".missing").inner_text() == "has too many of <2/>"
    press(page, "Escape")
    assert "edited, but has too many of <2/>" in current(page).locator(".state").inner_text()
    press(page, "e")
    page.get_by_label("Translation of segment 1").fill("Nice <1>weather</1>, 12")
    press(page, "Control+Enter")
    assert page.locator(".state").first.inner_text() == "✎ edited"
    assert current(page).locator("h2 b").inner_text() == "Segment 2"
    press(page, "e")
    page.get_by_label("Translation of segment 2").fill("  ")
    press(page, "Escape")
    assert current(page).locator(".state").inner_text() == "", "a blank text is no translation"


def test_filter_and_search(page) -> None:
    shown = page.locator("#passages > li:visible h2 b")
    page.get_by_label("Show").select_option("doubtful")
    assert shown.all_inner_texts() == ["Segment 1", "Segment 2"]
    page.get_by_label("Show").select_option("all")
    press(page, "Escape", "/")
    page.keyboard.type("SENTENCE c")
    assert shown.all_inner_texts() == ["Segment 6"]
    assert current(page).locator("h2 b").inner_text() == "Segment 6"
    page.get_by_label("Search").fill("nothing has this")
    assert page.locator("#nothing").is_visible()
    page.get_by_label("Search").fill("")
    press(page, "Escape", "2")
    page.get_by_label("Show").select_option("changed")
    assert shown.all_inner_texts() == ["Segment 6"]
    page.get_by_label("Show").select_option("open")
    assert "Segment 6" not in shown.all_inner_texts()


def test_picks_outlive_a_reload(page) -> None:
    press(page, "2", "j", "e")
    page.get_by_label("Translation of segment 2").fill("So soft!")
    page.reload()
    assert page.locator(".state").all_inner_texts()[:2] == ["✓ draft 2", "✎ edited"]
    assert page.locator("#count").inner_text() == "2 of 11 reviewed"
    press(page, "u")
    page.reload()
    assert page.locator("#count").inner_text() == "1 of 11 reviewed"


def test_two_windows_do_not_undo_one_another(page) -> None:
    with page.expect_popup() as opened:
        page.evaluate("window.open(location.href)")
    other = opened.value
    other.wait_for_selector("[aria-current]")
    press(page, "2")
    press(other, "j", "2")
    page.wait_for_function("document.getElementById('count').textContent.startsWith('2 of')")
    other.reload()
    assert other.locator("#count").inner_text() == "2 of 11 reviewed"


def test_keys_can_be_turned_off(page) -> None:
    press(page, "?")
    page.get_by_label("Keys of one letter work").uncheck()
    press(page, "Escape", "2", "j")
    assert page.locator("#count").inner_text() == "0 of 11 reviewed"
    assert current(page).locator("h2 b").inner_text() == "Segment 1"
    press(page, "ArrowDown", "Enter")
    assert page.locator("#count").inner_text() == "1 of 11 reviewed"


def test_ten_picks_leave_the_page_and_are_applied(files, page, tmp_path) -> None:
    """All by keys: what is saved is a corrected document, a memory, ratings and pairs."""
    press(page, "2", "j", "e")
    page.get_by_label("Translation of segment 2").fill('So "soft" \u202e & under foot!')
    press(page, "Control+Enter", *"2j2j2j2j", "Enter", "Enter", "Enter", "Enter")
    with page.expect_download() as begun:
        press(page, "s")
    assert begun.value.suggested_filename == "guide.en.md.picks.json"
    picks = tmp_path / "guide.en.md.picks.json"
    begun.value.save_as(picks)
    assert len(json.loads(picks.read_text("utf-8"))["picks"]) == 10
    assert page.locator("output").inner_text() == "Saved: 10 picks."
    names = {"document": "new.md", "tmx": "people.tmx", "ratings": "ratings.jsonl", "pairs": "pairs.jsonl"}
    places = [part for option, name in names.items() for part in (f"--{option}", tmp_path / name)]
    command("review", "apply", picks, files.out, "--trace", files.trace, *places)
    text = (tmp_path / "new.md").read_text("utf-8")
    assert text.startswith('Nice **weather**, 12 people.\n\nSo "soft" \u202e & under foot!\n\nNice weather today.\n')
    assert text.count("Long is sentence") == 3
    assert text.endswith(files.out.read_text("utf-8")[-100:])
    assert (tmp_path / "people.tmx").read_text("utf-8").count("<tu>") == 10
    assert len((tmp_path / "ratings.jsonl").read_text("utf-8").splitlines()) == 10
    assert len((tmp_path / "pairs.jsonl").read_text("utf-8").splitlines()) == 6


LIGHTNESS = """text => {
  const ratio = element => {
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
    let ground = element;
    while (ground && (parts(getComputedStyle(ground).backgroundColor)[3] ?? 1) === 0) ground = ground.parentElement;
    const colours = [getComputedStyle(element).color, getComputedStyle(ground ?? document.body).backgroundColor];
    const [a, b] = colours.map(parts).map(light);
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  };
  return [...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && e.innerText && !e.disabled)
    .map(e => [ratio(e), `${e.tagName} ${e.className} ${e.innerText.slice(0, 30)}`]).filter(([value]) => value < 4.5);
}"""
"""What is hard to read: a contrast below 4.5 (WCAG 2.2, 1.4.3; relative luminance as defined there)."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_contrast_labels_and_width(files, visit, scheme, width) -> None:
    page = visit(files.out.with_name("review.html"), color_scheme=scheme, viewport={"width": width, "height": 800})
    press(page, "2", "j", "Enter", "k", "k")
    assert page.evaluate(LIGHTNESS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off at the side"
    for control in page.locator("input, select, textarea, button, progress").all():
        assert control.evaluate("e => (e.labels?.[0] ?? e).innerText || e.ariaLabel"), control
    first, second = (page.locator("#passages .pair").first.locator("p").nth(i).bounding_box() for i in (0, 1))
    assert (first["x"] == second["x"]) == (width == 400), "side by side where there is room"
    assert {page.locator("#passages .source").first.get_attribute(name) for name in ("lang", "dir")} == {"zh", "ltr"}


def test_right_to_left(tmp_path, visit) -> None:
    source = tmp_path / "a.txt"
    source.write_text("Open file.txt now.\n", "utf-8")
    files = translated(source, tmp_path / "b.txt", {"Open file.txt now.": ["افتح file.txt الآن."]}, ("en", "ar"))
    command("review", files.out, "--trace", files.trace, "-o", tmp_path / "review.html")
    page = visit(tmp_path / "review.html")
    box = page.locator(".target").bounding_box()
    text = page.evaluate(
        "() => { const r = document.createRange(); r.selectNodeContents(document.querySelector('.target'));"
        " return r.getBoundingClientRect().right; }"
    )
    assert text == pytest.approx(box["x"] + box["width"], abs=2), "the line begins at the right"
    assert page.locator(".draft bdi.text").first.get_attribute("dir") == "rtl"
    page.keyboard.press("e")
    assert page.locator("textarea").get_attribute("dir") == "rtl"

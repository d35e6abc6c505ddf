import io
import re

import pytest
from made_clock import Clock

from pipeline import progress as module
from pipeline.progress import progress


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def work(clock, count, **given):
    for _ in progress(range(count), "train", **given):
        clock.now += 1


def test_a_log_file_gets_a_line_now_and_then_and_never_one_per_step(clock, capsys):
    work(clock, 3600)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) < 90
    assert lines[0] == "train: 10/3600, 00:10 gone, 59:50 left, 1 it/s"
    assert lines[-1] == "train: 3600/3600, done in 1:00:00, 1 it/s"


def test_short_work_is_one_line(clock, capsys):
    work(clock, 5, unit="item")
    assert capsys.readouterr().err == "train: 5/5, done in 00:05, 1 item/s\n"


def test_a_day_of_steps_is_some_two_hundred_lines(clock, capsys):
    work(clock, 86400)
    assert len(capsys.readouterr().err.splitlines()) < 200


def test_what_was_done_before_counts_for_the_place_and_not_for_the_speed(clock, capsys):
    for _ in progress(range(90, 110), "train", 110, "step", 90):
        clock.now += 2
    first = capsys.readouterr().err.splitlines()[0]
    assert first == "train: 95/110, 00:10 gone, 00:30 left, 2 s/step"


def test_words_take_the_place_of_the_speed_and_are_asked_for_when_they_are_shown(clock, capsys):
    asked = []

    def said():
        asked.append(clock.now)
        return "loss 0.1"

    work(clock, 25, said=said)
    assert capsys.readouterr().err.splitlines() == [
        "train: 10/25, 00:10 gone, 00:15 left, loss 0.1",
        "train: 20/25, 00:20 gone, 00:05 left, loss 0.1",
        "train: 25/25, done in 00:25, loss 0.1",
    ]
    assert asked == [10, 20, 25]


def test_work_that_breaks_off_does_not_say_that_it_is_done(clock, capsys):
    def broken():
        yield 1
        raise KeyError

    with pytest.raises(KeyError):
        list(progress(broken(), "train"))
    assert capsys.readouterr().err == ""


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_one_line_with_the_time_left_and_the_words(monkeypatch):
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "100")
    with module.shown_on(terminal):
        for _ in progress(range(3), "train", said=lambda: "85 crops/s"):
            pass
    shown = terminal.getvalue()
    assert "\n" not in shown
    assert re.search(r"train: +0%\|.*\| 0/3, \? left, 85 crops/s", shown)

"""What the benchmarks under load measure with: answers are read whole, and what is watched is the program's own."""

from __future__ import annotations

import math
import os
import random
import time
from itertools import islice
from pathlib import Path
from statistics import mean, stdev

import pytest

from benchmarks import __main__ as report
from benchmarks import soak
from benchmarks.load.asking import Answers, ask, get, is_whole, post
from benchmarks.load.living import living_bytes, read
from benchmarks.load.serving import served
from benchmarks.load.shops import anywhere, in_shop, make
from benchmarks.load.watching import (
    cpu_seconds,
    least_of_each,
    open_files,
    resident_mib,
    slope_error_per_hour,
    slope_per_hour,
)
from benchmarks.measure import Figure
from etalage.edge.app import HEALTH
from tests.edge.world import Shop, event, running, signed

HEAD = b"HTTP/1.1 200 OK\r\n"
SEED = 20261122


@pytest.mark.parametrize(
    ("got", "whole"),
    [
        (b"HTTP/1.1 2", False),
        (HEAD + b"\r\n", True),
        (HEAD + b"content-length: 2\r\n\r\no", False),
        (HEAD + b"Content-Length: 2\r\n\r\nok", True),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n", False),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", True),
    ],
)
def test_an_answer_is_whole_when_its_head_says_so(got, whole):
    assert is_whole(got) is whole


def test_asking_counts_what_a_real_server_answered(tmp_path):
    shop = Shop(tmp_path)
    with running(shop.config()) as edge:
        raws = [event(number) for number in range(40)]
        requests = (post("/hooks/practice/good", raw, **_headers(raw)) for raw in raws)
        answers = ask(edge.port, requests, connections=8)
        assert answers.statuses == {200: 40} and answers.count == len(shop.journal.pending(100)) == 40
        assert ask(edge.port, islice(iter(lambda: get(HEALTH), None), 5), connections=2).only(200).count == 5
        forged = post("/hooks/practice/good", b"{}", **_headers(b"[]"))
        with pytest.raises(RuntimeError, match="403"):
            ask(edge.port, iter([forged]), connections=1).only(200)
        many = ask(
            edge.port, iter(lambda: get(HEALTH), None), connections=2, seconds=0.1, addresses=anywhere()
        )
        assert many.count >= 2


def _headers(raw):
    return {name.replace("-", "_"): value for name, value in signed(raw).items()}


def test_waits_are_told_by_their_share():
    answers = Answers(seconds=2.0, waits=[0.001 * number for number in range(1, 101)])
    assert answers.wait_at(0.5) == pytest.approx(0.051)
    assert answers.wait_at(0.99) == pytest.approx(0.1)
    assert answers.per_second == 50


def test_what_is_kept_is_told_apart_from_what_is_held_for_a_moment():
    chance = random.Random(SEED)
    held = [(second, 120 + 8 * chance.random() ** 3) for second in range(0, 3600, 5)]
    assert abs(slope_per_hour(least_of_each(300, held))) < 0.5
    leaking = [(second, value + 3 * second / 3600) for second, value in held]
    assert slope_per_hour(least_of_each(300, leaking)) == pytest.approx(3, abs=0.5)
    assert least_of_each(300, held[:20]) == [min(held[:20], key=lambda sample: sample[1])]


def test_a_slope_is_told_for_an_hour():
    assert slope_per_hour([(0, 100), (60, 101), (120, 102)]) == pytest.approx(60)
    assert slope_per_hour([(0, 100), (60, 100)]) == 0


def test_a_slope_says_how_far_it_may_be_off():
    chance = random.Random(SEED)
    runs = [[(second, 100 + chance.gauss(0, 1)) for second in range(0, 2400, 300)] for _ in range(400)]
    assert stdev(map(slope_per_hour, runs)) == pytest.approx(mean(map(slope_error_per_hour, runs)), rel=0.1)
    assert slope_error_per_hour([(0, 100), (60, 101), (120, 102)]) == pytest.approx(0, abs=1e-6)
    assert slope_error_per_hour([(0, 100), (60, 101)]) == math.inf


@pytest.mark.parametrize(("living", "held", "met"), [(0, 0, True), (2, 0, False), (0, 20, False)])
def test_a_soak_tells_what_is_kept_from_what_is_held(living, held, met):
    chance = random.Random(SEED)
    lives = [(second, 85 + chance.random() + living * second / 3600) for second in range(0, 3600, 5)]
    holds = [(second, 120 + 4 * chance.random() + held * second / 3600) for second in range(0, 3600, 5)]
    level = [(second, 30.0) for second in range(0, 3600, 5)]
    figures = soak._figures(soak.Seen(lives, holds, level, level), soak.MINUTES)
    assert all(figure.met for figure in figures) is met


def test_what_lives_in_a_process_is_told_to_the_byte():
    try:
        before = living_bytes()
    except OSError as unknown:
        pytest.skip(str(unknown))
    small = [bytes(200) for _ in range(10_000)]
    with_small = living_bytes()
    large = bytearray(50_000_000)
    assert with_small - before == pytest.approx(2_330_000 + 85_000, rel=0.2)
    assert living_bytes() - with_small == pytest.approx(50_000_000, rel=0.01)
    del small, large
    assert living_bytes() - before == pytest.approx(0, abs=500_000)


def test_a_witness_inside_the_shop_writes_what_lives_in_it(tmp_path):
    in_shop(tmp_path, make, 10, 2)
    began = time.monotonic()
    with served(tmp_path, "edge", witness=tmp_path / "living"):
        pass
    seen = read(tmp_path / "living", began)
    assert seen and 0 < seen[0][0] < 90 and 1 < seen[0][1] < 500


def test_what_a_process_uses_is_seen_from_outside():
    before = cpu_seconds([os.getpid()])
    while cpu_seconds([os.getpid()]) < before + 0.05:
        sum(range(100_000))
    assert resident_mib(os.getpid()) > 10
    files = open_files(os.getpid())
    with Path(os.devnull).open():
        assert open_files(os.getpid()) == files + 1


def test_a_time_on_the_clock_is_void_on_a_busy_machine_and_processor_time_is_not():
    clock = Figure("x", "", 0.01, 0.1, at_least=True, by="wall")
    processor = Figure("x", "", 0.01, 0.1, at_least=True)
    assert "VOID" in report.shown(clock, 0.16) and "NOT MET" in report.shown(processor, 0.16)
    assert "NOT MET" in report.shown(clock, 0.14) and "NOT MET" in report.shown(clock, None)


def test_what_a_soak_says_of_growth_is_void_on_a_busy_machine_and_a_wrong_answer_is_not():
    samples = [(second, 100.0) for second in range(0, 3600, 5)]
    figures = soak._figures(soak.Seen(samples, samples, samples, samples), soak.MINUTES)
    assert [report.is_void(figure, 0.16) for figure in figures] == [True, True, True, True, False]
    assert not any(report.is_void(figure, 0.14) for figure in figures)


def test_what_takes_an_hour_is_run_only_by_its_name(monkeypatch):
    ran = []

    class Module:
        @staticmethod
        def run(**options):
            ran.append(options)
            return []

    monkeypatch.setattr(report, "import_module", lambda name: Module)
    assert report.main(["soak", "--minutes", "5"]) == 0
    assert ran == [{"minutes": 5.0}]
    assert report.main([]) == 0
    assert len(ran) == len(report.names())

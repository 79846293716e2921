"""``quanheng fleet``: ingest, simulate, evaluate, score and the coverage report."""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # areas run beside each other, so each takes one thread; and the last
os.environ["OMP_NUM_THREADS"] = "1"  # digits of a sum depend on how many threads made it
os.environ["MKL_NUM_THREADS"] = "1"

import argparse
import importlib
import json
from collections.abc import Callable
from pathlib import Path

from quanheng.cli import fleet_letters, fleet_listen
from quanheng.errors import InputError


def configure(parser: argparse.ArgumentParser) -> None:
    """Verbs ingest, simulate, evaluate, score, coverage."""
    verbs = parser.add_subparsers(
        dest="action", required=True, metavar="ingest|listen|letters|simulate|evaluate|score|coverage"
    )
    ingest = verbs.add_parser("ingest", help="readings from files into the store")
    _ingest_module(ingest)
    fleet_listen.configure(verbs.add_parser("listen", help="readings by MQTT, or OCPP by WebSocket, into the store"))
    fleet_letters.configure(verbs.add_parser("letters", help="rows that were set aside, and judging them again"))
    _configure_simulate(verbs.add_parser("simulate", help="a fleet with known truth"))
    _configure_evaluate(verbs.add_parser("evaluate", help="judge every meter of a file of readings"))
    _configure_coverage(verbs.add_parser("coverage", help="what the readings can tell, before any fit"))
    score = verbs.add_parser("score", help="verdicts against truth: precision, recall, calibration, false accusations")
    score.add_argument("verdicts", type=Path, metavar="VERDICTS")
    score.add_argument("truth", type=Path, metavar="TRUTH")
    score.add_argument("--limit", type=float, default=0.02, help="|e| beyond it counts as wrong (default 0.02)")
    score.add_argument("--json", action="store_true", help="print JSON")


def _ingest_module(parser: argparse.ArgumentParser) -> None:
    try:
        module = importlib.import_module("quanheng.cli.fleet_ingest")
    except ModuleNotFoundError as error:
        if error.name != "quanheng.cli.fleet_ingest":
            raise
        return
    module.configure(parser)


def _configure_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--areas", type=int, required=True, metavar="N")
    parser.add_argument("--days", type=int, required=True, metavar="N")
    parser.add_argument("--seed", type=int, required=True, metavar="N")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--meters", type=int, nargs=2, default=(50, 300), metavar=("LOW", "HIGH"))
    parser.add_argument("--interval", type=int, default=60, metavar="MINUTES")
    parser.add_argument("--loss", choices=("area", "location"), default="area")
    parser.add_argument("--faults", default="none", help="conditions dealt to the areas in turn, by commas; or all")
    parser.add_argument("--prevalence", type=float, default=0.03, help="share of meters beyond 2 %% (default 0.03)")
    parser.add_argument("--noise", type=float, default=0.001, help="relative noise of a reading (default 0.001)")
    parser.add_argument("--phases", type=int, choices=(1, 3), default=3)
    parser.add_argument("--shapes", type=Path, metavar="HOMES.parquet", help="measured homes, columns NAME_load_kwh")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _configure_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("readings", metavar="READINGS", help="a file, a folder, a store, or the address of one")
    parser.add_argument("--areas", type=Path, required=True, metavar="AREAS.csv")
    parser.add_argument("--out", type=Path, required=True, metavar="VERDICTS", help=".parquet or .csv")
    parser.add_argument("--engine", choices=("local", "spark"), default="local", help="here, or on a Spark cluster")
    parser.add_argument("--master", default="", metavar="spark://HOST:PORT", help="the cluster (spark)")
    parser.add_argument("--spark-conf", action="append", default=[], metavar="KEY=VALUE", help="Spark's own settings")
    parser.add_argument("--areas-per-part", type=int, default=16, metavar="N", help="kept and resumed together (spark)")
    parser.add_argument("--limit", type=float, default=None, help="fraction; default: the rules' limit by class")
    parser.add_argument("--profile", default="electricity-area")
    parser.add_argument("--rules", default="", metavar="ID", help="regional rules of the profile")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="of the reasons")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="kept sums: READINGS continue them, old rows are not needed"
    )
    parser.add_argument("--workers", type=int, default=None, help="processes of the local engine (default: all cores)")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")


def _configure_coverage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("readings", metavar="READINGS", help="a file, a folder, a store, or the address of one")
    parser.add_argument("--areas", type=Path, required=True, metavar="AREAS.csv")
    parser.add_argument("--limit", type=float, default=None, help="fraction; default: the profile's")
    parser.add_argument("--profile", default="electricity-area")
    parser.add_argument("--out", type=Path, metavar="REPORT", help=".csv or .parquet")
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Exit 0 whatever the verdicts are."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "ingest": _ingest, "listen": fleet_listen.run, "letters": fleet_letters.run,
        "simulate": _simulate, "evaluate": _evaluate, "score": _score,
        "coverage": _coverage,
    }  # fmt: skip
    return actions[args.action](args)


def _ingest(args: argparse.Namespace) -> int:
    try:
        module = importlib.import_module("quanheng.cli.fleet_ingest")
    except ModuleNotFoundError as error:
        raise InputError("not_installed", "this build has no readings store", "fleet ingest") from error
    return int(module.run(args))


def _simulate(args: argparse.Namespace) -> int:
    from quanheng.telemetry.fleets.simulate import CONDITIONS, FleetPlan
    from quanheng.telemetry.fleets.simulate.fleet import write
    from quanheng.telemetry.fleets.simulate.shapes import read_homes

    faults = (
        CONDITIONS if args.faults == "all" else tuple(name.strip() for name in args.faults.split(",") if name.strip())
    )
    plan = FleetPlan(
        areas=args.areas, days=args.days, seed=args.seed, meters=tuple(args.meters), interval=args.interval,
        loss=args.loss, faults=faults or ("none",), prevalence=args.prevalence, noise=args.noise, phases=args.phases,
        homes=read_homes(args.shapes) if args.shapes else None,
    )  # fmt: skip
    paths = write(plan, args.out, say=None if args.json else print)
    if args.json:
        print(json.dumps(paths, ensure_ascii=False))
    return 0


def _evaluate(args: argparse.Namespace) -> int:
    from quanheng.telemetry.engines.choose import choose
    from quanheng.telemetry.fleets.files import evaluate_files
    from quanheng.telemetry.remote import brought

    engine = choose(
        args.engine, master=args.master, settings=args.spark_conf, areas_per_part=args.areas_per_part,
        workers=args.workers,
    )  # fmt: skip
    say = _quiet if args.json else _say
    with brought(args.readings, say) as readings:
        result = evaluate_files(
            readings, args.areas, args.out, engine=engine, profile=args.profile, rule=args.rules,
            limit=args.limit, language=args.language, state=args.state, say=say,
        )  # fmt: skip
    figures = result.evidence["figures"]
    if args.json:
        print(json.dumps({"out": str(args.out), "figures": figures}, ensure_ascii=False))
        return 0
    print(", ".join(f"{name} {count}" for name, count in figures.items()))
    for area in result.areas:
        if area.fit == "unfit":
            print(f"{area.area_id}: {area.cause} {area.cause_zh if args.language == 'zh' else area.cause_en}")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _quiet(line: str) -> None:
    """With --json standard output holds JSON only."""


def _score(args: argparse.Namespace) -> int:
    from quanheng.telemetry.fleets.score import read_table, score

    answer = score(read_table(args.verdicts), read_table(args.truth), limit=args.limit)
    print(json.dumps(answer, ensure_ascii=False) if args.json else answer["text"])
    return 0


def _coverage(args: argparse.Namespace) -> int:
    from quanheng.telemetry.fleets.coverage import coverage
    from quanheng.telemetry.fleets.readings import collect, read_areas
    from quanheng.telemetry.remote import brought

    with brought(args.readings, _quiet if args.json else _say) as readings:
        rows = collect(readings)
    report = coverage(rows, read_areas(args.areas), profile=args.profile, limit=args.limit, language=args.language)
    if args.out:
        write = report.write_parquet if args.out.suffix == ".parquet" else report.write_csv
        write(args.out)
    if args.json:
        print(json.dumps(report.to_dicts(), ensure_ascii=False))
        return 0
    for row in report.iter_rows(named=True):
        print(f"{row['area_id']}: {row['answer']}; {row['reason']}")
    return 0

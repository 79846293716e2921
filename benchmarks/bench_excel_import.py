"""10 000 rows of Excel into the ledger, beside openpyxl reading the same file alone (budget 60 s).

``python -m benchmarks.bench_excel_import [ROWS]``; QUANHENG_BENCH_POSTGRES=postgresql://…/postgres adds PostgreSQL.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time

from benchmarks import product


def make_sheet(rows: int) -> bytes:
    """A ledger in the national field order; every hundredth row is wrong in one cell."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True})
    sheet = book.add_worksheet("台账")
    head = [
        "器具名称",
        "项别/种别",
        "型号规格",
        "测量范围",
        "准确度等级",
        "出厂编号",
        "生产厂家",
        "安装/使用地点",
        "行政区划",
        "数量",
        "用途",
        "送检方式",
    ]
    for column, title in enumerate(head):
        sheet.write_string(0, column, title)
    for row in range(1, rows + 1):
        use = "贸易结算" if row % 100 else "不知道"
        values = [
            "电子计价秤",
            "nonautomatic-weighing",
            "ACS-30",
            "(0.2~30) kg",
            "III",
            f"S{row:06d}",
            "衡川衡器厂",
            f"{row % 90} 号摊位",
            "990101",
            "1",
            use,
            "送检",
        ]
        for column, value in enumerate(values):
            sheet.write_string(row, column, value)
    book.close()
    return out.getvalue()


def measure(database: str, rows: int) -> None:
    product.start(database)
    from quanheng.platform.kernel import imports
    from tests.platform import makers

    owner = makers.make_organisation()
    data = make_sheet(rows)
    begun = time.perf_counter()
    batch, _preview = imports.preview(
        actor=makers.SYSTEM, kind="instruments", organisation=owner, data=data, name="台账.xlsx"
    )
    looked = time.perf_counter()
    batch = imports.apply(actor=makers.SYSTEM, batch=batch)
    done = time.perf_counter()
    imports.rejected_file(batch)
    print(
        f"{database:10} {rows} rows: preview {looked - begun:5.2f} s, apply {done - looked:5.2f} s, together {done - begun:5.2f} s;"
        f" {batch.accepted} in, {batch.rejected} back"
    )
    import openpyxl

    reading = time.perf_counter()
    for _ in openpyxl.load_workbook(io.BytesIO(data), read_only=True).active.iter_rows(values_only=True):
        pass
    alone = time.perf_counter() - reading
    print(
        f"{'':10} openpyxl reading the file alone {alone:5.2f} s; our whole import is {(done - begun) / alone:4.1f} times that"
    )
    product.drop()


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    if len(sys.argv) > 2:
        measure(sys.argv[2], count)
    else:
        for kind in product.databases():
            subprocess.run(
                [sys.executable, "-m", "benchmarks.bench_excel_import", str(count), kind], check=True, cwd=product.ROOT
            )

import { ArrowDown, ArrowUp, Copy, Download, Funnel } from "lucide-react";
import { useMemo, useState } from "react";
import { cx } from "../../ui/cx.ts";
import { copyText, saveText } from "./copy-text.ts";
import { formatCount } from "./format.ts";
import { arrange, type Column, cellText, columnWidths, type Sorting, type TableData, toCsv } from "./table-data.ts";

/** Pixels. */
const ROW = 25;
const ROWS_SHOWN = 14;
const OVERSCAN = 10;

export function TableOutput({ table }: { table: TableData }) {
  const [filter, setFilter] = useState("");
  const [filtering, setFiltering] = useState(false);
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const [top, setTop] = useState(0);
  const order = useMemo(() => arrange(table, { filter, sorting }), [table, filter, sorting]);
  // Fixed by the data as a whole: rows that scroll in and out must not move the columns.
  const widths = useMemo(() => columnWidths(table), [table]);
  const scrolls = order.length > ROWS_SHOWN;
  const first = scrolls ? Math.max(0, Math.floor(top / ROW) - OVERSCAN) : 0;
  const last = scrolls ? Math.min(order.length, first + ROWS_SHOWN + 2 * OVERSCAN) : order.length;

  const onSort = (column: number) =>
    setSorting((now) => {
      if (now?.column !== column) return { column, descending: false };
      return now.descending ? null : { column, descending: true };
    });

  return (
    <div className="nb-table" data-testid="table-output">
      <div className="nb-meta">
        <span>
          <b>{formatCount(order.length)} rows</b> × {table.columns.length} columns
          {order.length === table.rows.length ? "" : `, of ${formatCount(table.rows.length)}`}
        </span>
        {table.part ? <PartNote part={table.part} shown={table.rows.length} /> : null}
        <span className="nb-grow" />
        {filtering ? (
          <input
            // biome-ignore lint/a11y/noAutofocus: it appears because somebody asked for it
            autoFocus
            className="nb-filter"
            aria-label="Filter rows"
            placeholder="Filter rows"
            value={filter}
            onChange={(event) => {
              setFilter(event.target.value);
              setTop(0);
            }}
            onKeyDown={(event) => {
              if (event.key !== "Escape") return;
              setFilter("");
              setFiltering(false);
            }}
          />
        ) : (
          <button type="button" className="nb-tool" onClick={() => setFiltering(true)}>
            <Funnel size={12} aria-hidden />
            Filter
          </button>
        )}
        <button
          type="button"
          className="nb-tool"
          onClick={() => void copyText(toCsv(table, order).replaceAll("\r\n", "\n"))}
        >
          <Copy size={12} aria-hidden />
          Copy
        </button>
        <button
          type="button"
          className="nb-tool"
          onClick={() => saveText("table.csv", { text: toCsv(table, order), type: "text/csv" })}
        >
          <Download size={12} aria-hidden />
          CSV
        </button>
      </div>
      <section
        className="nb-table-box"
        style={{ maxHeight: (ROWS_SHOWN + 1) * ROW + 6 }}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        tabIndex={scrolls ? 0 : -1}
        aria-label="Table"
      >
        <table aria-rowcount={order.length + 1}>
          <colgroup>
            {table.columns.map((column, index) => (
              <col key={column.key} style={{ width: `calc(${widths[index]}ch + 20px)` }} />
            ))}
          </colgroup>
          <thead>
            <tr>
              {table.columns.map((column, index) => (
                <HeaderCell
                  key={column.key}
                  column={column}
                  sorting={sorting?.column === index ? sorting : null}
                  onSort={() => onSort(index)}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {first > 0 ? <tr aria-hidden style={{ height: first * ROW }} /> : null}
            {order.slice(first, last).map((index, offset) => (
              <tr key={index} aria-rowindex={first + offset + 2}>
                {table.columns.map((column, at) => (
                  <ValueCell key={column.key} value={table.rows[index]?.[at]} numeric={column.numeric} />
                ))}
              </tr>
            ))}
            {last < order.length ? <tr aria-hidden style={{ height: (order.length - last) * ROW }} /> : null}
          </tbody>
        </table>
        {order.length === 0 ? (
          <p className="nb-none">{filter === "" ? "No rows." : "No row has these words."}</p>
        ) : null}
      </section>
    </div>
  );
}

/** A table of millions stays with the kernel; a part of it is here. */
function PartNote({ part: { total, offset }, shown }: { part: { total: number; offset: number }; shown: number }) {
  const which =
    offset === 0
      ? `the first of ${formatCount(total)}`
      : `${formatCount(offset + 1)}–${formatCount(offset + shown)} of ${formatCount(total)}`;
  return (
    <span className="nb-dim" title="Filter the rows in the cell, or show others: show.table(rows, { offset: 10_000 })">
      {which}, the rest stays in the kernel
    </span>
  );
}

interface HeaderCellProps {
  column: Column;
  sorting: Sorting | null;
  onSort: () => void;
}

function HeaderCell({ column, sorting, onSort }: HeaderCellProps) {
  const direction = sorting ? (sorting.descending ? "descending" : "ascending") : "none";
  return (
    <th aria-sort={direction} className={cx(column.numeric && "nb-num")} scope="col">
      <button type="button" onClick={onSort}>
        {column.title}
        {sorting ? sorting.descending ? <ArrowDown size={11} aria-hidden /> : <ArrowUp size={11} aria-hidden /> : null}
      </button>
    </th>
  );
}

function ValueCell({ value, numeric }: { value: unknown; numeric: boolean }) {
  if (value === null || value === undefined) return <td className={cx("nb-dim", numeric && "nb-num")}>–</td>;
  const text = cellText(value);
  return (
    <td className={cx(numeric && "nb-num")} title={text.length > 40 ? text : undefined}>
      {text}
    </td>
  );
}

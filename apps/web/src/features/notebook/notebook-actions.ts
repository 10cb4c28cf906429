import type { SessionCell, UserOperation } from "@opsbook/notebook/session";
import type { StoreApi } from "zustand/vanilla";
import { randomId } from "../../core/session/client-id.ts";
import type { NotebookSession } from "../../core/session/notebook-session.ts";
import type { NotebookUi } from "../../core/session/sessions.ts";
import type { TextHandle } from "../../core/session/text-docs.ts";

type CellType = SessionCell["cell_type"];

/** Cells that were cut or copied, in any notebook of this page. */
let clipboard: Pick<SessionCell, "cell_type" | "source" | "metadata">[] = [];

/** What a person does in a notebook with keys, menus and buttons, on the cells selected in this page. */
export class NotebookActions {
  /** The text of the cell whose editor is open. */
  text: TextHandle | null = null;
  #session: NotebookSession;
  #ui: StoreApi<NotebookUi>;

  constructor(session: NotebookSession, ui: StoreApi<NotebookUi>) {
    this.#session = session;
    this.#ui = ui;
  }

  get order(): readonly string[] {
    return this.#session.store.getState().order;
  }

  get selected(): string | null {
    const { selectedCellId } = this.#ui.getState();
    return selectedCellId !== null && this.order.includes(selectedCellId) ? selectedCellId : null;
  }

  /** The selected cells from top to bottom. */
  get selection(): string[] {
    return selectionOf(this.order, this.#ui.getState());
  }

  allowed(type: UserOperation["type"]): boolean {
    return this.#session.allowed(type);
  }

  /** `offset`: where the caret goes when the cell is edited. */
  select(cellId: string, mode: "command" | "edit" = "command", offset?: number): void {
    const reveal = offset === undefined ? { cellId } : { cellId, offset };
    this.#ui.setState({ selectedCellId: cellId, extentCellId: null, mode, reveal });
  }

  step(by: 1 | -1, mode: "command" | "edit" = "command"): void {
    const next = this.#neighbour(this.selected, by);
    if (next) this.select(next, mode);
  }

  extend(by: 1 | -1): void {
    const { extentCellId } = this.#ui.getState();
    const next = this.#neighbour(extentCellId ?? this.selected, by);
    if (next) this.#ui.setState({ extentCellId: next, reveal: { cellId: next } });
  }

  selectAll(): void {
    this.#ui.setState({ selectedCellId: this.order[0] ?? null, extentCellId: this.order.at(-1) ?? null });
  }

  edit(): void {
    if (this.selected !== null) this.#ui.setState({ mode: "edit", extentCellId: null });
  }

  command(): void {
    this.#ui.setState({ mode: "command" });
  }

  insert(where: "above" | "below", cellType: CellType = "code", mode: "command" | "edit" = "command"): void {
    if (!this.allowed("insert-cell")) return;
    const at = this.selected;
    const index = at === null ? this.order.length - 1 : this.order.indexOf(at);
    const after = where === "below" ? (this.order[index] ?? null) : (this.order[index - 1] ?? null);
    this.select(this.#session.insertCell(after, cellType), mode);
  }

  delete(cellIds = this.selection): void {
    if (!this.allowed("delete-cell") || cellIds.length === 0) return;
    const first = this.order.indexOf(cellIds[0]!);
    const rest = this.order.filter((id) => !cellIds.includes(id));
    this.#session.change(cellIds.map((cellId) => ({ type: "delete-cell", cellId })));
    const next = rest[Math.min(first, rest.length - 1)];
    if (next !== undefined) this.select(next);
    else this.#ui.setState({ selectedCellId: null, extentCellId: null });
  }

  move(by: 1 | -1, cellIds = this.selection): void {
    if (!this.allowed("move-cell") || cellIds.length === 0) return;
    const first = this.order.indexOf(cellIds[0]!);
    const last = this.order.indexOf(cellIds.at(-1)!);
    const other = by < 0 ? first - 1 : last + 1;
    const otherId = this.order[other];
    if (otherId === undefined) return;
    // The one cell that stands in the way moves to the other side; the selection stays as it is.
    const after = by < 0 ? cellIds.at(-1)! : (this.order[first - 1] ?? null);
    const index = by < 0 ? last : first;
    if (cellIds.length === 1) {
      const target = by < 0 ? (this.order[other - 1] ?? null) : otherId;
      this.#session.change([{ type: "move-cell", cellId: cellIds[0]!, after: target, index: other }]);
    } else this.#session.change([{ type: "move-cell", cellId: otherId, after, index }]);
    if (this.selected) this.#ui.setState({ reveal: { cellId: this.selected } });
  }

  setType(cellType: CellType, cellIds = this.selection): void {
    if (!this.allowed("set-cell-type")) return;
    const changed = cellIds.filter((id) => this.#cell(id)?.cell_type !== cellType);
    this.#session.change(changed.map((cellId) => ({ type: "set-cell-type", cellId, cellType })));
  }

  copy(): void {
    clipboard = this.selection.flatMap((id) => {
      const view = this.#session.cells.get(id)?.getState();
      return view ? [{ cell_type: view.cell.cell_type, source: view.source, metadata: view.cell.metadata }] : [];
    });
  }

  cut(): void {
    this.copy();
    this.delete();
  }

  paste(where: "above" | "below" = "below"): void {
    if (!this.allowed("insert-cell") || clipboard.length === 0) return;
    const at = this.selection.at(where === "below" ? -1 : 0) ?? this.order.at(-1);
    const index = at === undefined ? -1 : this.order.indexOf(at);
    let after = where === "below" ? (at ?? null) : (this.order[index - 1] ?? null);
    const ops = clipboard.map((cell, offset): Extract<UserOperation, { type: "insert-cell" }> => {
      const cellId = randomId().slice(0, 8);
      const { cell_type: cellType, source } = cell;
      const { opsbook: _runs, ...metadata } = cell.metadata;
      const op = { type: "insert-cell" as const, cellId, cellType, source, metadata, after, index: index + 1 + offset };
      after = cellId;
      return op;
    });
    this.#session.change(ops);
    const last = ops.at(-1);
    if (last) this.select(last.cellId);
  }

  /** Jupyter's three ways: stay, go on to the next cell, or open a new one below. */
  async run(then: "stay" | "advance" | "insert", cellIds = this.selection): Promise<void> {
    if (cellIds.length === 0) return;
    const last = cellIds.at(-1)!;
    const isLast = this.order.at(-1) === last;
    if (then === "stay") this.command();
    else if (then === "insert" || (isLast && this.#session.allowed("insert-cell"))) {
      if (this.allowed("insert-cell")) this.select(this.#session.insertCell(last, "code"), "edit");
    } else this.select(this.#neighbour(last, 1) ?? last);
    if (this.allowed("run-cells")) await this.#session.run(cellIds);
  }

  async runAll(): Promise<void> {
    if (this.allowed("run-cells")) await this.#session.run(this.order);
  }

  async runFrom(where: "above" | "below"): Promise<void> {
    const index = this.order.indexOf(this.selected ?? "");
    if (index < 0 || !this.allowed("run-cells")) return;
    await this.#session.run(where === "above" ? this.order.slice(0, index) : this.order.slice(index));
  }

  interrupt(): void {
    if (this.allowed("interrupt-kernel")) this.#session.submit({ type: "interrupt-kernel" });
  }

  goOn(): void {
    if (this.allowed("continue-run")) this.#session.goOn();
  }

  restart(): void {
    if (this.allowed("restart-kernel")) this.#session.submit({ type: "restart-kernel" });
  }

  clearOutputs(cellIds: string[] | null = this.selection): void {
    if (this.allowed("clear-outputs")) this.#session.submit({ type: "clear-outputs", cellIds });
  }

  #neighbour(cellId: string | null, by: 1 | -1): string | undefined {
    if (cellId === null) return by > 0 ? this.order[0] : this.order.at(-1);
    return this.order[this.order.indexOf(cellId) + by];
  }

  #cell(cellId: string): SessionCell | undefined {
    return this.#session.cells.get(cellId)?.getState().cell;
  }
}

export function selectionOf(order: readonly string[], { selectedCellId, extentCellId }: NotebookUi): string[] {
  if (selectedCellId === null) return [];
  const from = order.indexOf(selectedCellId);
  if (from < 0) return [];
  const extent = extentCellId === null ? from : order.indexOf(extentCellId);
  const to = extent < 0 ? from : extent;
  return order.slice(Math.min(from, to), Math.max(from, to) + 1);
}

import { Plus } from "lucide-react";
import { useEffect, useRef } from "react";
import { Button } from "../../ui/button.tsx";
import { CellItem } from "../cell/cell-item.tsx";
import { useNotebook, useScope, useUi } from "./notebook-context.ts";

/** The cells in their order. Skipped by the browser while they are far from the screen. */
export function NotebookList() {
  const { session, ui, actions } = useScope();
  const order = useNotebook((state) => state.order);
  const loaded = useNotebook((state) => state.loaded);
  const editable = useNotebook(({ role }) => role === "editor" || role === "admin");
  const list = useRef<HTMLUListElement>(null);
  const reveal = useUi((state) => state.reveal);

  useEffect(() => {
    if (!reveal) return;
    const cell = list.current?.querySelector(`[data-cell="${CSS.escape(reveal.cellId)}"]`);
    cell?.scrollIntoView({ block: "nearest" });
  }, [reveal]);

  useKeptSelection(order);

  return (
    <div className="nb-scroll">
      <ul ref={list} className="nb-cells" aria-label="Cells">
        {order.map((cellId, index) => {
          const store = session.cells.get(cellId);
          return store ? (
            <CellItem key={cellId} cellId={cellId} store={store} position={index + 1} total={order.length} />
          ) : null;
        })}
      </ul>
      {loaded && editable ? (
        <div className="nb-add">
          <Button
            onClick={() => {
              ui.setState({ selectedCellId: order.at(-1) ?? null });
              actions.insert("below", "code", "edit");
            }}
          >
            <Plus size={13} aria-hidden />
            Code
          </Button>
          <Button
            onClick={() => {
              ui.setState({ selectedCellId: order.at(-1) ?? null });
              actions.insert("below", "markdown", "edit");
            }}
          >
            <Plus size={13} aria-hidden />
            Text
          </Button>
        </div>
      ) : null}
    </div>
  );
}

/** A cell is selected from the start; when it goes, the one in its place is. */
function useKeptSelection(order: readonly string[]): void {
  const { ui } = useScope();
  const before = useRef(order);
  useEffect(() => {
    const { selectedCellId } = ui.getState();
    if (selectedCellId === null || !order.includes(selectedCellId)) {
      const place = selectedCellId === null ? 0 : Math.max(0, before.current.indexOf(selectedCellId));
      const next = order[Math.min(place, order.length - 1)] ?? null;
      ui.setState({ selectedCellId: next, extentCellId: null, mode: "command" });
    }
    before.current = order;
  }, [order, ui]);
}

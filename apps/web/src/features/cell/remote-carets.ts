import type { editor } from "monaco-editor/editor/editor.api";
import type { Monaco } from "../../core/monaco.ts";
import type { Peer } from "../../core/session/cell-views.ts";
import { personHue } from "../../ui/avatar.tsx";

/** Carets and selections of the others in an editor, each with a name and the person's colour. */
export class RemoteCarets {
  #monaco: Monaco;
  #editor: editor.IStandaloneCodeEditor;
  #widgets = new Map<string, editor.IContentWidget>();
  #selections: editor.IEditorDecorationsCollection;

  constructor(monaco: Monaco, view: editor.IStandaloneCodeEditor) {
    this.#monaco = monaco;
    this.#editor = view;
    this.#selections = view.createDecorationsCollection();
  }

  show(peers: readonly Peer[]): void {
    const model = this.#editor.getModel();
    if (!model) return;
    const present = peers.filter(({ presence }) => presence.selection !== null);
    for (const [id, widget] of this.#widgets) {
      this.#editor.removeContentWidget(widget);
      this.#widgets.delete(id);
    }
    for (const peer of present) {
      const widget = this.#widget(peer, model.getPositionAt(peer.presence.selection!.head));
      this.#widgets.set(peer.clientId, widget);
      this.#editor.addContentWidget(widget);
    }
    this.#selections.set(
      present
        .filter(({ presence }) => presence.selection!.anchor !== presence.selection!.head)
        .map(({ presence }) => {
          const { anchor, head } = presence.selection!;
          const start = model.getPositionAt(Math.min(anchor, head));
          const end = model.getPositionAt(Math.max(anchor, head));
          return {
            range: new this.#monaco.Range(start.lineNumber, start.column, end.lineNumber, end.column),
            options: { className: "nb-peer-selection" },
          };
        }),
    );
  }

  #widget(peer: Peer, position: { lineNumber: number; column: number }): editor.IContentWidget {
    const node = caretNode(peer);
    return {
      getId: () => `peer-${peer.clientId}`,
      getDomNode: () => node,
      getPosition: () => ({ position, preference: [this.#monaco.editor.ContentWidgetPositionPreference.EXACT] }),
    };
  }
}

function caretNode(peer: Peer): HTMLElement {
  const node = document.createElement("div");
  node.className = "nb-caret";
  node.style.setProperty("--hue", String(personHue(peer.userId)));
  const name = document.createElement("span");
  name.textContent = peer.name;
  node.append(name);
  return node;
}

import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";
import { useEffect, useMemo, useRef } from "react";

/**
 * Markdown as nbformat means it: CommonMark with tables, HTML allowed in it and cleaned afterwards. Nothing that
 * comes out can run, style the page, carry our own attributes, or load from another host (the page's CSP).
 */
const renderer = new MarkdownIt({ html: true, linkify: true, typographer: false });

const purifier = DOMPurify(window);
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A" && node.hasAttribute("href")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
  const name = node.getAttribute("class");
  // A class of ours could cover the page; a fence's language is all that is needed.
  if (name !== null && !/^language-[\w+#-]+$/.test(name)) node.removeAttribute("class");
});

const CLEAN = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "dialog", "video", "audio"],
  FORBID_ATTR: ["style", "id", "name", "tabindex", "autofocus", "role"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

export interface MarkdownProps {
  source: string;
  /** Images that came with the cell: name → MIME bundle with base64 values. */
  attachments?: Record<string, unknown>;
}

export function Markdown({ source, attachments }: MarkdownProps) {
  const element = useRef<HTMLDivElement>(null);
  const html = useMemo(
    () => purifier.sanitize(withAttachments(renderer.render(source), attachments), CLEAN),
    [source, attachments],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: new HTML holds new fences
  useEffect(() => {
    const fences = element.current?.querySelectorAll<HTMLElement>("pre > code[class^=language-]") ?? [];
    if (fences.length > 0)
      void import("./highlight-fences.ts").then(({ highlightFences }) => highlightFences([...fences]));
  }, [html]);
  // biome-ignore lint/security/noDangerouslySetInnerHtml: cleaned by DOMPurify just above
  return <div ref={element} className="nb-md" dangerouslySetInnerHTML={{ __html: html }} />;
}

function withAttachments(html: string, attachments: Record<string, unknown> | undefined): string {
  if (!attachments) return html;
  return html.replace(/src="attachment:([^"]+)"/g, (whole, name: string) => {
    const bundle = attachments[decodeURIComponent(name)];
    if (typeof bundle !== "object" || bundle === null) return whole;
    const image = Object.entries(bundle).find(([type]) => /^image\/(png|jpeg|gif|webp)$/.test(type));
    return image && typeof image[1] === "string"
      ? `src="data:${image[0]};base64,${image[1].replace(/[^A-Za-z0-9+/=]/g, "")}"`
      : whole;
  });
}

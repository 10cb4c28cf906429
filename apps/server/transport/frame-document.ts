/** What the frame tells the page around it; the page checks that it came from that frame's window. */
const FRAME_HEIGHT_MESSAGE = "opsbook:frame-height";

/** Links open in a tab of their own: in the frame its own policy would refuse them. */
export function frameDocument(markup: string, theme: "light" | "dark"): string {
  return `<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="${theme}">
<base target="_blank"><style>body{margin:0;font:13px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}</style></head>
<body>${markup}
<script>(() => {
let last = -1;
const tell = () => {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  if (height !== last) parent.postMessage({ type: "${FRAME_HEIGHT_MESSAGE}", height: (last = height) }, "*");
};
new ResizeObserver(tell).observe(document.documentElement);
addEventListener("load", tell);
tell();
})();</script></body></html>`;
}

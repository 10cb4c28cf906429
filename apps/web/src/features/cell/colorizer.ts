import { loadMonaco, monacoNow, onMonacoTheme } from "../../core/monaco.ts";

/**
 * Colours code that is on screen or near it, in slices short enough not to hold up a frame. One observer watches all
 * cells of the page.
 */
type Colored = (html: string) => void;

interface Job {
  text: string;
  language: string;
  done: Colored;
}

/** Milliseconds of colouring at a stretch. */
const SLICE_MS = 6;
const NEAR = "800px 0px";

const jobs = new Map<Element, Job>();
const near = new Set<Element>();
const queue = new Set<Element>();
let observer: IntersectionObserver | null = null;
let running = false;

onMonacoTheme(() => {
  for (const element of near) queue.add(element);
  void drain();
});

/** Calls `done` with the coloured HTML, one `<br/>` a line, as soon as the element is near the screen. */
export function colorizeWhenNear(element: Element, job: Job): () => void {
  observer ??= new IntersectionObserver(onIntersect, { rootMargin: NEAR });
  jobs.set(element, job);
  observer.observe(element);
  if (near.has(element)) {
    queue.add(element);
    void drain();
  }
  return () => {
    jobs.delete(element);
    queue.delete(element);
    near.delete(element);
    observer?.unobserve(element);
  };
}

function onIntersect(entries: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) {
      near.delete(target);
      continue;
    }
    near.add(target);
    queue.add(target);
  }
  void drain();
}

async function drain(): Promise<void> {
  if (running || queue.size === 0) return;
  running = true;
  try {
    // What is on screen is plain text meanwhile; loading is begun by the view, after its first paint.
    const monaco = monacoNow() ?? (await loadMonaco());
    let began = performance.now();
    for (const element of queue) {
      queue.delete(element);
      const job = jobs.get(element);
      if (!job || !near.has(element)) continue;
      const html = await monaco.editor.colorize(job.text, job.language, { tabSize: 2 });
      if (jobs.get(element) === job) job.done(html);
      if (performance.now() - began < SLICE_MS) continue;
      await new Promise((resolve) => requestAnimationFrame(resolve));
      began = performance.now();
    }
  } catch {
    // Without the editor's bundle the code stays readable as plain text.
  } finally {
    running = false;
  }
}

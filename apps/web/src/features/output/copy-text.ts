import { showToast } from "../../core/toasts.ts";

/** Copies, also where the clipboard API is missing: pages by plain HTTP from another host. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (!copied) {
      showToast({ tone: "fail", text: "The browser did not let the page copy. Select the text and copy it by hand." });
      return;
    }
  }
  showToast({ tone: "ok", text: "Copied." });
}

/** Offers text as a file. */
export function saveText(name: string, { text, type }: { text: string; type: string }): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

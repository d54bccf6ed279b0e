// A line to copy.
import { useState } from "preact/hooks";

const SAID_MS = 2000;

/** Pages over plain http have no clipboard of their own: the line is marked, and copied as a person would. */
async function copy(text: string, line: HTMLElement | null): Promise<void> {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text);
  const selection = getSelection();
  if (line === null || selection === null) return;
  selection.selectAllChildren(line);
  document.execCommand("copy");
}

export function CopyLine({ text, label }: { readonly text: string; readonly label: string }) {
  const [isCopied, setCopied] = useState(false);
  const onCopy = async (event: Event) => {
    const line = (event.currentTarget as HTMLElement).previousElementSibling as HTMLElement | null;
    await copy(text, line);
    setCopied(true);
    setTimeout(() => setCopied(false), SAID_MS);
  };
  return (
    <div class="copy">
      <code>{text}</code>
      <button type="button" onClick={(event) => void onCopy(event)} aria-label={`Copy ${label}`}>
        {isCopied ? "Copied" : "Copy"}
      </button>
    </div>
  );
}

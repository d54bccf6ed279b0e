// A state in one word; the colour says whether it is well.
import type { Tone } from "./bar.tsx";

export function Badge({ tone, text }: { readonly tone: Tone; readonly text: string }) {
  return <span class={`badge ${tone}`}>{text}</span>;
}

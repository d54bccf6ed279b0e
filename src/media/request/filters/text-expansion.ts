// The text of drawtext as ffmpeg takes it apart (libavfilter/vf_drawtext.c, expand_text; since 7.0 textutils.c): which
// functions it calls, with which arguments. A backslash or a quote may stand in the middle of a name. Pure.

export interface TextCall {
  readonly name: string;
  readonly args: readonly string[];
}

/** av_get_token (libavutil/avstring.c) up to ":" or "}". An unclosed quote takes everything that is left. */
function argument(text: string, start: number): readonly [value: string, next: number] {
  let value = "";
  let kept = 0;
  let at = start;
  while (/[ \n\t\r]/.test(text.charAt(at))) at += 1;
  while (at < text.length && text.charAt(at) !== ":" && text.charAt(at) !== "}") {
    const char = text.charAt(at++);
    if (char === "\\" && at < text.length) {
      value += text.charAt(at++);
      kept = value.length;
    } else if (char === "'") {
      const end = text.indexOf("'", at);
      value += text.slice(at, end === -1 ? text.length : end);
      at = end === -1 ? text.length : end + 1;
      kept = value.length;
    } else value += char;
  }
  const end = value.slice(kept).trimEnd();
  return [value.slice(0, kept) + end, at];
}

/** Null: a call is not ended, which ffmpeg refuses. */
export function textCalls(text: string): readonly TextCall[] | null {
  const calls: TextCall[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text.charAt(at) === "\\") at += 1;
    else if (text.startsWith("%{", at)) {
      const words: string[] = [];
      at += 1;
      do {
        const [value, next] = argument(text, at + 1);
        words.push(value);
        at = next;
      } while (text.charAt(at) === ":");
      if (text.charAt(at) !== "}") return null;
      const [name = "", ...args] = words;
      calls.push({ name, args });
    }
  }
  return calls;
}

// A bar that fills.

export type Tone = "busy" | "ok" | "failed" | "paused" | "idle";

export function Bar({
  percent,
  tone,
  label,
}: {
  readonly percent: number;
  readonly tone: Tone;
  readonly label: string;
}) {
  const width = Math.min(100, Math.max(0, percent));
  return (
    <div
      class={`bar ${tone}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(width)}
    >
      <i style={{ width: `${width}%` }} />
    </div>
  );
}

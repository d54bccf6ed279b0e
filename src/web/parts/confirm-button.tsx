// A button for what can't be taken back: it asks once more, for a few seconds.
import { useEffect, useState } from "preact/hooks";

const ASKS_MS = 5000;

interface ConfirmProps {
  readonly text: string;
  /** What the second press does, in words. */
  readonly question: string;
  readonly onConfirm: () => void;
}

export function ConfirmButton({ text, question, onConfirm }: ConfirmProps) {
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    if (!isAsking) return undefined;
    const timer = setTimeout(() => setAsking(false), ASKS_MS);
    return () => clearTimeout(timer);
  }, [isAsking]);
  const press = () => {
    if (isAsking) onConfirm();
    setAsking(!isAsking);
  };
  return (
    <button type="button" class={isAsking ? "danger" : ""} onClick={press}>
      {isAsking ? question : text}
    </button>
  );
}

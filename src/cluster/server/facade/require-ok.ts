// Turns a refusal of the scheduler into the error that the caller gets.
import { AppError } from "../../../base/errors.ts";
import type { Verdict } from "../../scheduler/model/decision.ts";

export function requireOk(verdict: Verdict): void {
  if (verdict.ok) return;
  const { code, message, hint } = verdict.error;
  throw new AppError(code, message, hint);
}

// Begins the page.
import { render } from "preact";
import { App } from "./app.tsx";
import { followAddress } from "./live/route.ts";
import { look } from "./live/session.ts";

export function showPage(): void {
  followAddress();
  const place = document.getElementById("app");
  if (place === null) throw new Error("the page has no place for the dashboard");
  render(<App />, place);
  void look();
}

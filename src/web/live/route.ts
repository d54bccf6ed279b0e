// Which part of the page is shown: it stands behind the "#", so that links, reloads and the back button work.
import { signal } from "@preact/signals";

export type Route =
  | { readonly name: "jobs" | "clients" | "submit" }
  | { readonly name: "job" | "proof" | "compare"; readonly id: string };

export function routeOf(hash: string): Route {
  const [name = "", id = "", part = ""] = hash.replace(/^#?\/?/, "").split("/");
  if (name === "clients" || name === "submit") return { name };
  if (name !== "jobs" || id === "") return { name: "jobs" };
  return { name: part === "proof" || part === "compare" ? part : "job", id: decodeURIComponent(id) };
}

export const route = signal<Route>({ name: "jobs" });

export function followAddress(): void {
  const look = () => {
    route.value = routeOf(location.hash);
    scrollTo(0, 0);
  };
  addEventListener("hashchange", look);
  look();
}

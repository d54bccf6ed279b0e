// Documents that are read as text, and are part of the compiled executable: `import text from "x.md" with { type: "text" }`.
declare module "*.md" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: what Bun gives of such an import
  export default text;
}

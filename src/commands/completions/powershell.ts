// The completion script for PowerShell, 5.1 of Windows or newer. Where it offers nothing, PowerShell offers files.
import { byFirstWord, type Completable, type Flag, groupSummary } from "./words.ts";

/** PowerShell takes typographic apostrophes for plain ones. */
const quoted = (text: string) => `'${text.replace(/['\u2018-\u201b]/g, "$&$&")}'`;
const list = (words: readonly string[]) => `@(${words.map(quoted).join(", ")})`;

type Described = readonly (readonly [string, string])[];

/** Words with what they mean, in this order. */
function described(words: Described): string {
  return `[ordered]@{\n${words.map(([word, meaning]) => `      ${quoted(word)} = ${quoted(meaning)}\n`).join("")}    }`;
}

/** The key of a table is the line so far, such as `jobs list` or `jobs list --status`. */
function entry(line: string, value: string): string {
  return `    ${quoted(line)} = ${value}\n`;
}

function valueEntries(line: string, flags: readonly Flag[]): string[] {
  return flags.flatMap(({ text, value }) => {
    if (value === null) return [];
    return [entry(`${line} ${text}`, list(typeof value.kind === "string" ? [] : value.kind))];
  });
}

function operandEntries(line: string, [first]: Completable["positionals"]): string[] {
  return first === undefined || typeof first.kind === "string" ? [] : [entry(line, list(first.kind))];
}

export function powershellScript(commands: readonly Completable[]): string {
  const groups = [...byFirstWord(commands)];
  const firsts = groups.map(([word, each]) => [word, groupSummary(each)] as const);
  const seconds = groups.flatMap(([word, each]) => {
    const words: Described = each.flatMap(({ path, summary }) =>
      path[1] === undefined ? [] : [[path[1], summary] as const],
    );
    return words.length === 0 ? [] : [entry(word, described(words))];
  });
  const options = commands.map(({ path, flags }) =>
    entry(path.join(" "), described(flags.map(({ text, description }) => [text, description]))),
  );
  const values = commands.flatMap(({ path, flags }) => valueEntries(path.join(" "), flags));
  const operands = commands.flatMap(({ path, positionals }) => operandEntries(path.join(" "), positionals));
  return `# Completion of ffcluster for PowerShell.
Register-ArgumentCompleter -Native -CommandName ffcluster, ffcluster.exe -ScriptBlock {
  param($word, $line, $cursor)
  $commands = ${described(firsts)}
  $groups = @{
${seconds.join("")}  }
  $options = @{
${options.join("")}  }
  # An option with no words here takes any value.
  $values = @{
${values.join("")}  }
  $operands = @{
${operands.join("")}  }
  function Offer($words, $before) {
    $isDescribed = $words -is [System.Collections.IDictionary]
    $texts = if ($isDescribed) { $words.Keys } else { $words }
    foreach ($text in $texts) {
      if (-not "$before$text".StartsWith("$word", [StringComparison]::OrdinalIgnoreCase)) { continue }
      $meaning = if ($isDescribed) { $words[$text] } else { $text }
      [System.Management.Automation.CompletionResult]::new("$before$text", $text, 'ParameterValue', $meaning)
    }
  }
  # The words before the one that is written now.
  $given = @($line.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { "$_" })
  if ($given.Count -eq 0) { return Offer $commands '' }
  $command = $given[0]
  if ($groups.ContainsKey($command)) {
    if ($given.Count -eq 1) { return Offer $groups[$command] '' }
    $command = "$command $($given[1])"
  }
  if ("$word" -match '^(--[a-z0-9-]+)=') { return Offer $values["$command $($Matches[1])"] "$($Matches[1])=" }
  $option = "$command $($given[-1])"
  if ($values.ContainsKey($option)) { return Offer $values[$option] '' }
  if ("$word".StartsWith('-')) { return Offer $options[$command] '' }
  Offer $operands[$command] ''
}
`;
}

// A task of the Windows Task Scheduler that starts with the machine, or when its user logs on. A service in the narrower
// sense would have to answer the service manager, which this program does not.
import { win32 } from "node:path";
import { describe, type ServiceDefinition, type ServicePlan, serviceName } from "./definition.ts";

function escapeXml(text: string): string {
  const marks: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replaceAll(/[&<>"]/g, (mark) => marks[mark] ?? mark);
}

/** A word as CommandLineToArgvW reads it: backslashes count only before a quote. */
export function quoteWord(word: string): string {
  if (/^[^\s"]+$/.test(word)) return word;
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}

export interface TaskPlace {
  /** DOMAIN\user of who installs it. */
  readonly account: string;
  /** Where the definition is written before Windows takes it over. */
  readonly folder: string;
}

/** It has no end, starts again when it fails, and goes on when a laptop is on battery. */
export function taskXml({ component, executable, args, isUser }: ServiceDefinition, { account }: TaskPlace): string {
  const words = [component, ...args].map(quoteWord).join(" ");
  const trigger = isUser
    ? `<LogonTrigger><UserId>${escapeXml(account)}</UserId></LogonTrigger>`
    : "<BootTrigger></BootTrigger>";
  return [
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
    `  <RegistrationInfo><Description>${escapeXml(describe(component))}</Description></RegistrationInfo>`,
    `  <Triggers>${trigger}</Triggers>`,
    "  <Principals>",
    '    <Principal id="Author">',
    `      <UserId>${escapeXml(account)}</UserId>`,
    `      <LogonType>${isUser ? "InteractiveToken" : "S4U"}</LogonType>`,
    "    </Principal>",
    "  </Principals>",
    "  <Settings>",
    "    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>",
    "    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>",
    "    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>",
    "    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>",
    `    <Priority>${component === "join" ? 7 : 5}</Priority>`,
    "    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>",
    "  </Settings>",
    '  <Actions Context="Author">',
    "    <Exec>",
    `      <Command>${escapeXml(executable)}</Command>`,
    `      <Arguments>${escapeXml(words)}</Arguments>`,
    `      <WorkingDirectory>${escapeXml(win32.dirname(executable))}</WorkingDirectory>`,
    "    </Exec>",
    "  </Actions>",
    "</Task>",
    "",
  ].join("\r\n");
}

export function taskPlan(definition: ServiceDefinition, place: TaskPlace): ServicePlan {
  const name = serviceName(definition.component);
  const path = win32.join(place.folder, `${name}.xml`);
  return {
    files: [{ path, text: `\uFEFF${taskXml(definition, place)}`, mode: 0o600, encoding: "utf16le" }],
    install: [
      ["schtasks", "/Create", "/TN", name, "/XML", path, "/F"],
      ["schtasks", "/Run", "/TN", name],
    ],
    uninstall: [
      ["schtasks", "/End", "/TN", name],
      ["schtasks", "/Delete", "/TN", name, "/F"],
    ],
    afterRemoval: [],
    status: ["schtasks", "/Query", "/TN", name, "/V", "/FO", "LIST"],
    logs: "the Task Scheduler's history shows when it ran",
  };
}

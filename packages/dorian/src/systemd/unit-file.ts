import { AppError } from "@dorian/base/app-error";

export const unitName = "dorian.service";
export const unitPath = `/etc/systemd/system/${unitName}`;
export const environmentPath = "/etc/dorian/environment";

/** What a service is told, kept in its unit. */
export interface ServiceSettings {
  /** Absolute paths. */
  node: string;
  program: string;
  dataDirectory: string;
  /** Options for `dorian up`, beside the data directory. */
  options: string[];
  /** Seconds that running work has to end. */
  graceSecs: number;
}

/** For what ends in order after the grace: hooks of containers, their last commits, and the server. */
const inOrderSecs = 6 * 60;

/** In a section of its own, which systemd passes over. */
const ownSection = "[X-Dorian]";
const ownKey = "Settings=";

/** The unit of a service. docs/guide/operating.md says which of systemd's fences it goes without, and why. */
export function unitText(settings: ServiceSettings): string {
  const { node, program, dataDirectory, options, graceSecs } = settings;
  const command = [node, program, "up", `--data=${dataDirectory}`, ...options].map(quoted).join(" ");
  return `# Written by \`dorian service install\`, which writes it anew: settings of your own go into ${unitName}.d/.
[Unit]
Description=Dorian, serverless apps on this machine
Wants=network-online.target
After=network-online.target
RequiresMountsFor=${quoted(dataDirectory)}
# It is tried for as long as it takes: what was accepted waits in it.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${command}
Environment=HOME=/root
EnvironmentFile=-${environmentPath}
Restart=always
RestartSec=2
# Its processes tell each other in order; whatever is left when the time is over is killed.
KillMode=mixed
TimeoutStopSec=${graceSecs + inOrderSecs}
# All controllers, for the groups of containers.
Delegate=yes
LimitNOFILE=1048576
LimitMEMLOCK=infinity
TasksMax=infinity
OOMScoreAdjust=-900
# One container that is out of memory ends alone.
OOMPolicy=continue
ProtectSystem=full
CapabilityBoundingSet=~CAP_SYS_TIME CAP_SYS_BOOT CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_SYS_PACCT CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_AUDIT_CONTROL
StandardOutput=journal
StandardError=journal
SyslogIdentifier=dorian

[Install]
WantedBy=multi-user.target

${ownSection}
${ownKey}${JSON.stringify(settings)}
`;
}

/** What a unit was written with. @throws AppError SERVICE_UNIT_FOREIGN for one that \`dorian service install\` did not write */
export function settingsOf(text: string): ServiceSettings {
  const line = text.split("\n").find((each) => each.startsWith(ownKey));
  if (line === undefined || !text.includes(ownSection)) {
    throw new AppError("SERVICE_UNIT_FOREIGN", `${unitPath} was not written by \`dorian service install\`.`, {
      remedy: "Manage it as whoever wrote it does, or move it away and install the service.",
    });
  }
  return JSON.parse(line.slice(ownKey.length)) as ServiceSettings;
}

/** A word of a command line as systemd reads it: nothing in it is expanded. */
function quoted(word: string): string {
  if (/[\n\r\0]/.test(word)) {
    throw new AppError("SERVICE_OPTION_INVALID", `${JSON.stringify(word)} cannot stand in a unit.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Leave line breaks out of it.",
    });
  }
  const escaped = word
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("%", "%%")
    .replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(word) ? escaped : `"${escaped}"`;
}
